import type { Logger } from '../base/logger.ts';
import type { Broker } from '../broker/broker.ts';
import { AdminCommands } from './admin-commands.ts';
import { parseEventRule } from './event-pattern.ts';
import { EventTopics } from './event-topics.ts';
import { HttpAdministration } from './http-admin.ts';
import { LogMemory } from './log-memory.ts';
import { publishLogins } from './login-topics.ts';
import { Metrics } from './metrics.ts';
import { MonitorPages } from './monitor-pages.ts';
import { Properties } from './properties.ts';

export interface AdministrationOptions {
  readonly broker: Broker;
  readonly logger: Logger;
  readonly version: string;
  readonly isDurable: boolean;
  readonly port: () => number;
  readonly connections: () => ReadonlyMap<string, number>;
  /** What `sysprop/?NAME` tells of the configuration. */
  readonly properties: ReadonlyMap<string, string>;
  /** Event types that are published; protocol/admin.md, "Events". */
  readonly events: readonly string[];
  /** Whether who comes and goes is published. */
  readonly hasLoginTopics: boolean;
  /** Directory of pages, '' for none. */
  readonly monitorDir: string;
  /** Somebody with the right wants the broker to end. */
  readonly onExit: (code: number) => void;
}

/** Administration of a broker that runs. */
export interface RunningAdministration {
  readonly http: HttpAdministration;
  close(): void;
}

/** Gives a broker its commands, login topics, events and metrics. @throws BrokerError for an event type that is unknown. */
export function startAdministration(options: AdministrationOptions): RunningAdministration {
  const { broker, logger, version, port, connections, isDurable, onExit: exit } = options;
  const rules = options.events.map(parseEventRule);
  const log = new LogMemory(logger);
  const commands = new AdminCommands({ broker, version, port, log, properties: new Properties(options.properties), exit });
  broker.commands = commands;
  if (options.hasLoginTopics) publishLogins(broker);
  const events = new EventTopics(broker, rules, logger);
  const metrics = new Metrics({ broker, connections, isDurable, version });
  return {
    http: new HttpAdministration(broker, commands, new MonitorPages(options.monitorDir), metrics),
    close() {
      log.close();
      events.close();
      metrics.close();
    },
  };
}
