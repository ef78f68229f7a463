import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type AdministrationOptions, type RunningAdministration, startAdministration } from './admin/administration.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { createLogger, type Logger } from './base/logger.ts';
import { Broker } from './broker/broker.ts';
import type { BrokerOptions } from './broker/broker-options.ts';
import type { Authenticator, QosEncoder } from './broker/ports.ts';
import { decodeXmlText } from './codec/charset.ts';
import { decodeStoredKey } from './codec/key-xml.ts';
import { encodeMsgQos } from './codec/msg-qos-xml.ts';
import { readXml } from './codec/xml.ts';
import { checkExposure, createConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { type Config, NAMES } from './config/options.ts';
import { BrokerError } from './model/error.ts';
import type { FilterModule } from './query/filter/content-filter.ts';
import { createFilters, type Filters } from './query/filter/filters.ts';
import { loadFilterModule } from './query/filter/load-filter-module.ts';
import type { XmlReaders } from './query/filter/message-view.ts';
import { AllowAll } from './security/allow-all.ts';
import { PasswordAuthenticator } from './security/password-authenticator.ts';
import { PasswordFileError } from './security/password-file.ts';
import { openLmdbStore } from './store/lmdb/lmdb-store.ts';
import { MemoryStore } from './store/memory-store.ts';
import type { Store } from './store/store.ts';
import { Connections } from './transport/connections.ts';
import type { HttpOptions } from './transport/http/http-options.ts';
import { type HttpServer, startHttpServer } from './transport/http/http-server.ts';
import { type Addresses, Listeners, type ListenersOptions } from './transport/listeners.ts';
import { Reception } from './transport/reception.ts';
import { RequestDecoder } from './transport/request-decoder.ts';
import { Datagrams } from './transport/socket/datagrams.ts';
import type { SocketContext } from './transport/socket/socket-connection.ts';
import { runStartupScript } from './transport/startup-script.ts';
import { TelnetConnections } from './transport/telnet/telnet-connections.ts';
import { MethodCalls } from './transport/xmlrpc/method-calls.ts';

export type { Config } from './config/options.ts';
export type {
  AccessFilter,
  FilterModule,
  FilterParameters,
  MessagePredicate,
  PublishFilter,
  PublishVerdict,
} from './query/filter/content-filter.ts';
export { StoreError } from './store/store-error.ts';

/** What a program that embeds the broker may replace; the rest is configuration. */
export interface ServerParts {
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly store?: Store;
  /** Filters of its own, beside those of `filterModule`. */
  readonly filters?: FilterModule;
}

export interface Server {
  readonly addresses: Addresses;
  /** Resolves with an exit code when an administrator asks for the end; whoever started the broker then calls `close`. */
  readonly exitRequested: Promise<number>;
  /** Stops accepting, releases every poll, finishes answers, closes the store; at most 5 s. Later calls share the first one's promise. */
  close(): Promise<void>;
}

/** The version of this package. */
export const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

/** How long answers under way may take when the server ends; ms. */
const CLOSE_MS = 4_000;

/**
 * Starts a broker in this process.
 *
 * Rejects with a ConfigError for settings that cannot be, and with the error of the system when it cannot listen.
 */
export async function startServer(settings: Partial<Config> = {}, parts: ServerParts = {}): Promise<Server> {
  const config = createConfig(settings);
  const logger = parts.logger ?? createLogger(config.logLevel);
  const secureContext = readSecureContext(config);
  const clock = parts.clock ?? systemClock;
  const filters = await readFilters(config, parts.filters);
  const authenticator = await openAuthenticator(config, clock, logger);
  const store = parts.store ?? (config.memory ? new MemoryStore() : await openLmdbStore(config.dataDir, logger));
  const encodeQos: QosEncoder = (message) => encodeMsgQos(message, undefined, clock.now());
  const outside = { store, authenticator, encodeQos, decodeKey: decodeStoredKey, clock, logger, filters };
  const broker = new Broker({ options: brokerOptions(config), ...outside });
  const connections = new Connections(config.maxConnections);
  let onExit = (_code: number): void => {};
  const exitRequested = new Promise<number>((resolve) => {
    onExit = resolve;
  });
  const port = (): number => listeners.addresses.http.port;
  const surroundings = { broker, logger, isDurable: store.isDurable, connections: () => connections.byProtocol, port, onExit };
  const admin = openAdministration(config, surroundings);
  const socket = socketContext(config, broker, logger);
  const { responseTimeout: responseTimeoutMs, callbackAllow } = config;
  const methodCalls = new MethodCalls({ broker, decoder: socket.decoder, logger, callbackAllow, responseTimeoutMs });
  const methodCallPorts = new Set<number>();
  const isMethodCallPort = (port = 0): boolean => methodCallPorts.has(port);
  const http = await startHttpServer(broker, httpOptions(config, isMethodCallPort), admin.http, methodCalls, connections, logger);
  const datagrams = config.udp ? new Datagrams(socket) : undefined;
  const reception = new Reception({
    ...config,
    http: (stream) => http.accept(stream),
    socket,
    datagrams,
    connections,
    secureContext,
    firstByteTimeoutMs: config.firstByteTimeout,
    logger,
  });
  const telnet = new TelnetConnections({
    broker,
    connections,
    idleTimeoutMs: config.telnetTimeout,
    writeTimeoutMs: config.writeTimeout,
    logger,
  });
  await recover(broker, logger);
  const listeners = await listen({ ...config, reception, datagrams, telnet, logger }, config, broker).catch(
    async (error: unknown) => {
      admin.close();
      await broker.close();
      throw error;
    },
  );
  methodCalls.resume();
  if (listeners.addresses.xmlrpc) methodCallPorts.add(listeners.addresses.xmlrpc.port);
  if (store.isDurable) logger.info(`persistent messages are kept in ${resolve(config.dataDir)}`);
  else logger.warn('persistent messages are kept in memory only: nothing survives a restart');
  let closing: Promise<void> | undefined;
  return {
    addresses: listeners.addresses,
    exitRequested,
    close() {
      closing ??= close({ listeners, datagrams, http, methodCalls, telnet, admin, reception, connections, broker });
      return closing;
    },
  };
}

async function recover(broker: Broker, logger: Logger): Promise<void> {
  const { topics, sessions, subscriptions, messages } = await broker.recover();
  if (topics + sessions === 0) return;
  logger.info(
    `Brought back: ${topics} topics, ${sessions} sessions, ${subscriptions} subscriptions, ${messages} messages in queues`,
  );
}

/** @throws ConfigError for a module that cannot be used and for a setting that means nothing. */
async function readFilters(config: Config, own: FilterModule | undefined): Promise<Filters> {
  const modules = await Promise.all(config.filterModule.map(readFilterModule));
  const settings = { accessFilters: config.accessFilter, publishFilters: config.publishFilter };
  try {
    return createFilters(settings, own ? [...modules, own] : modules, XML_READERS, { maxBytes: config.maxXPathBytes });
  } catch (error) {
    throw new ConfigError(`--access-filter, --publish-filter: ${(error as Error).message}`, { cause: error });
  }
}

async function readFilterModule(path: string): Promise<FilterModule> {
  try {
    return await loadFilterModule(path);
  } catch (error) {
    throw new ConfigError(`--filter-module ${path} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

const XML_READERS: XmlReaders = {
  content: (content) => readXml(decodeXmlText(content, undefined)).root,
  qos: (message) => readXml(encodeMsgQos(message, undefined, message.expiresAt)).root,
};

interface Running {
  readonly listeners: Listeners;
  readonly datagrams: Datagrams | undefined;
  readonly http: HttpServer;
  readonly methodCalls: MethodCalls;
  readonly telnet: TelnetConnections;
  readonly admin: RunningAdministration;
  readonly reception: Reception;
  readonly connections: Connections;
  readonly broker: Broker;
}

/** Lets answers that are under way go out; cuts off what is still there after `CLOSE_MS`. */
async function close(running: Running): Promise<void> {
  const { listeners, datagrams, http, methodCalls, telnet, admin, reception, connections, broker } = running;
  const stopped = listeners.stop();
  datagrams?.close();
  http.stop();
  telnet.close();
  admin.close();
  const cut = setTimeout(() => connections.destroy(), CLOSE_MS);
  await broker.close();
  methodCalls.close();
  reception.close();
  await stopped;
  clearTimeout(cut);
  await http.close();
}

/** What the script of the start does is there when the first client comes. */
async function listen(options: ListenersOptions, config: Config, broker: Broker): Promise<Listeners> {
  if (config.startupScript !== '') {
    const limits = { ...config, maxDepth: config.maxKeyDepth };
    await runStartupScript(broker, readScript(config.startupScript), limits, options.logger);
  }
  return Listeners.start(options);
}

/** @throws ConfigError when the file cannot be read. */
function readScript(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(`--startup-script ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

type Surroundings = Omit<AdministrationOptions, 'version' | 'properties' | 'events' | 'hasLoginTopics' | 'monitorDir'>;

/** @throws ConfigError for an event type that is unknown. */
function openAdministration(config: Config, surroundings: Surroundings): RunningAdministration {
  try {
    return startAdministration({
      ...surroundings,
      version,
      properties: propertiesOf(config),
      events: config.event,
      hasLoginTopics: !config.noLoginTopics,
      monitorDir: config.monitorDir,
    });
  } catch (error) {
    throw error instanceof BrokerError ? new ConfigError(`--event: ${error.message}`, { cause: error }) : error;
  }
}

/** What everybody who may read commands may know of the configuration: where files lie is left out. */
function propertiesOf(config: Config): ReadonlyMap<string, string> {
  const shown = NAMES.filter((name) => !FILES.has(name)).map((name) => [name, String(config[name])] as const);
  return new Map([...shown, ['os.name', process.platform], ['os.arch', process.arch], ['node.version', process.version]]);
}

const FILES = new Set<keyof Config>(['tlsCert', 'tlsKey', 'passwordFile', 'dataDir', 'monitorDir', 'startupScript']);

/** Rejects with ConfigError when the password file cannot be read, is wrong, or lets in whom the address lets reach it. */
async function openAuthenticator(config: Config, clock: Clock, logger: Logger): Promise<Authenticator> {
  if (config.passwordFile === '') return new AllowAll();
  const options = { path: config.passwordFile, partialNames: config.partialUserNames };
  let authenticator: Authenticator | undefined;
  try {
    authenticator = await PasswordAuthenticator.open(options, clock, logger);
    if (authenticator.isOpen) checkExposure(config);
    return authenticator;
  } catch (error) {
    authenticator?.close();
    throw error instanceof PasswordFileError ? new ConfigError(error.message, { cause: error }) : error;
  }
}

/** @throws ConfigError when the files cannot be read or do not hold a certificate and its key. */
function readSecureContext({ tlsCert, tlsKey }: Config): SecureContext | undefined {
  if (tlsCert === '' && tlsKey === '') return undefined;
  if (tlsCert === '' || tlsKey === '') throw new ConfigError('--tls-cert and --tls-key go together');
  try {
    return createSecureContext({ cert: readFileSync(tlsCert), key: readFileSync(tlsKey), minVersion: 'TLSv1.2' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`--tls-cert ${tlsCert} and --tls-key ${tlsKey} are no certificate and its key: ${reason}`, {
      cause: error,
    });
  }
}

function brokerOptions(config: Config): BrokerOptions {
  const { nodeId, sessionTimeout, destroyDelay, lifeTime } = config;
  const limits = { ...config, sessionTimeoutMs: sessionTimeout, destroyDelayMs: destroyDelay, lifeTimeMs: lifeTime };
  return { nodeId, limits };
}

function socketContext(config: Config, broker: Broker, logger: Logger): SocketContext {
  const limits = { ...config, maxDepth: config.maxKeyDepth, responseTimeoutMs: config.responseTimeout };
  const decoder = new RequestDecoder(limits, () => broker.newOid());
  return { broker, options: { limits }, decoder, logger };
}

function httpOptions(config: Config, isMethodCallPort: HttpOptions['isMethodCallPort']): HttpOptions {
  return {
    isMethodCallPort,
    host: config.host,
    corsOrigins: config.corsOrigin,
    allowedHosts: config.allowedHost,
    version,
    limits: {
      ...config,
      maxDepth: config.maxKeyDepth,
      sessionTimeoutMs: config.sessionTimeout,
      headersTimeoutMs: config.headersTimeout,
      requestTimeoutMs: config.requestTimeout,
      writeTimeoutMs: config.writeTimeout,
    },
  };
}
