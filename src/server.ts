import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from './base/clock.ts';
import { createLogger, type Logger } from './base/logger.ts';
import { Broker } from './broker/broker.ts';
import type { BrokerOptions } from './broker/broker-options.ts';
import { type Config, createConfig } from './config.ts';
import { MemoryStore } from './store/memory-store.ts';
import type { Store } from './store/store.ts';
import type { HttpOptions } from './transport/http/http-options.ts';
import { startHttpServer } from './transport/http/http-server.ts';

export type { Config } from './config.ts';

/** What a program that embeds the broker may replace; the rest is configuration. */
export interface ServerParts {
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly store?: Store;
}

export interface Server {
  /** Where it listens. */
  readonly addresses: { readonly http: AddressInfo };
  /** Stops accepting, releases every poll, finishes answers, closes the store; at most 5 s. Later calls share the first one's promise. */
  close(): Promise<void>;
}

/** The version of this package. */
export const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

/**
 * Starts a broker in this process.
 *
 * Rejects with a ConfigError for settings that cannot be, and with the error of the system when it cannot listen.
 */
export async function startServer(settings: Partial<Config> = {}, parts: ServerParts = {}): Promise<Server> {
  const config = createConfig(settings);
  const logger = parts.logger ?? createLogger(config.logLevel);
  const store = parts.store ?? new MemoryStore();
  const broker = new Broker({ options: brokerOptions(config), store, clock: parts.clock ?? systemClock, logger });
  const http = await startHttpServer(broker, httpOptions(config), logger);
  if (!store.isDurable) logger.warn('persistent messages are kept in memory only: nothing survives a restart');
  let closing: Promise<void> | undefined;
  return {
    addresses: { http: http.address },
    close() {
      closing ??= close(http, broker);
      return closing;
    },
  };
}

async function close(http: { close(): Promise<void> }, broker: Broker): Promise<void> {
  const closed = http.close();
  await broker.close();
  await closed;
}

function brokerOptions(config: Config): BrokerOptions {
  return { nodeId: config.nodeId, limits: { ...config, sessionTimeoutMs: config.sessionTimeout } };
}

function httpOptions(config: Config): HttpOptions {
  return {
    host: config.host,
    port: config.port,
    corsOrigins: config.corsOrigin,
    allowedHosts: config.allowedHost,
    version,
    limits: {
      ...config,
      maxDepth: config.maxKeyDepth,
      headersTimeoutMs: config.headersTimeout,
      requestTimeoutMs: config.requestTimeout,
      writeTimeoutMs: config.writeTimeout,
    },
  };
}
