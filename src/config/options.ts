import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { LOG_LEVELS, type LogLevel } from '../base/log-level.ts';

/** Everything that can be configured. Sizes in bytes, times in ms unless the name says otherwise. */
export interface Config {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** A second port for the same; 0 = any free port. */
  readonly socketPort: number | 'off';
  /** A port where every POST is a call of XML-RPC; 0 = any free port. */
  readonly xmlrpcPort: number | 'off';
  /** A port for the telnet console; 0 = any free port. */
  readonly telnetPort: number | 'off';
  /** Hosts where callbacks of XML-RPC may be. */
  readonly callbackAllow: readonly string[];
  /** The same ports take oneway calls of the SOCKET protocol as UDP datagrams. */
  readonly udp: boolean;
  /** PEM files, both or none: TLS on the same ports. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** Users, their passwords and rights; '': nobody needs a password. */
  readonly passwordFile: string;
  readonly partialUserNames: boolean;
  /** Where the store is. */
  readonly dataDir: string;
  /** There is no store. */
  readonly memory: boolean;
  /** A script that runs when the broker starts; '': none. */
  readonly startupScript: string;
  /** Event types that are published, perhaps with `=OID`. */
  readonly event: readonly string[];
  /** Nobody is told on `__sys__Login` and the like who comes and goes. */
  readonly noLoginTopics: boolean;
  /** A directory with pages of `/monitor/`; '': none. */
  readonly monitorDir: string;
  readonly logLevel: LogLevel;
  readonly corsOrigin: readonly string[];
  readonly allowedHost: readonly string[];
  readonly allowAnonymous: boolean;
  readonly filterModule: readonly string[];
  /** `NAME=TYPE,PARAMETER=VALUE` */
  readonly accessFilter: readonly string[];
  /** `TYPE,PARAMETER=VALUE` */
  readonly publishFilter: readonly string[];
  readonly nodeId: string;
  readonly maxConnections: number;
  readonly maxSessions: number;
  readonly maxSessionsPerSubject: number;
  readonly maxTopics: number;
  readonly maxSubscriptions: number;
  readonly maxSubscriptionsPerSession: number;
  readonly maxBytes: number;
  readonly maxContentBytes: number;
  readonly maxBodyBytes: number;
  readonly maxFrameBytes: number;
  readonly maxRequestsInFlight: number;
  readonly maxBytesWaiting: number;
  readonly maxUpdatesInFlight: number;
  readonly maxCommands: number;
  readonly maxOidBytes: number;
  readonly maxKeyBytes: number;
  readonly maxKeyDepth: number;
  readonly maxXPathBytes: number;
  readonly maxQueueEntries: number;
  readonly maxQueueBytes: number;
  readonly maxHistoryEntries: number;
  /** -1 = for ever. */
  readonly destroyDelay: number;
  /** -1 = for ever. */
  readonly lifeTime: number;
  readonly sessionTimeout: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly writeTimeout: number;
  readonly responseTimeout: number;
  readonly firstByteTimeout: number;
  readonly telnetTimeout: number;
}

type Kind = 'text' | 'integer' | 'port' | 'port or off' | 'flag' | 'list';

export interface Option {
  readonly kind: Kind;
  readonly fallback: string | number | boolean | readonly string[];
  readonly help: string;
  readonly min?: number;
  /** Of a list: what stands between its items in the environment; default a comma. */
  readonly separator?: string;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** The rest of Node's heap is for what is under way, and for the garbage between two collections. */
const HEAP_SHARE = 0.5;

/** README, "Configuration" and "Limits", shows the same table. */
export const OPTIONS: Readonly<Record<keyof Config, Option>> = {
  host: { kind: 'text', fallback: '127.0.0.1', help: 'address to listen on' },
  port: { kind: 'port', fallback: 3412, help: 'port for every protocol, 0 = any free one' },
  socketPort: { kind: 'port or off', fallback: 7607, help: 'a second port, the default of SOCKET clients; 0 = any, off = none' },
  xmlrpcPort: {
    kind: 'port or off',
    fallback: 'off',
    help: 'a port for XML-RPC with any path; 0 = any, off = none',
  },
  telnetPort: { kind: 'port or off', fallback: 'off', help: 'a port for the telnet console; 0 = any, off = none' },
  callbackAllow: {
    kind: 'list',
    fallback: [],
    help: 'host where callbacks of XML-RPC may be; repeatable',
  },
  udp: { kind: 'flag', fallback: false, help: 'oneway calls of SOCKET also as UDP datagrams, on the same ports' },
  tlsCert: { kind: 'text', fallback: '', help: 'PEM file with the certificate: TLS on the same ports' },
  tlsKey: { kind: 'text', fallback: '', help: 'PEM file with the key of the certificate' },
  passwordFile: { kind: 'text', fallback: '', help: 'file with users, passwords and rights, as htpasswd makes it' },
  partialUserNames: {
    kind: 'flag',
    fallback: false,
    help: 'lines of it also count for users whose names begin or end like that',
  },
  dataDir: { kind: 'text', fallback: 'xmlblaster-data', help: 'directory for what is to survive a restart' },
  memory: { kind: 'flag', fallback: false, help: 'keep everything in memory: nothing survives a restart' },
  startupScript: { kind: 'text', fallback: '', help: 'file with a script in XML that runs when the broker starts' },
  event: { kind: 'list', fallback: [], help: 'what is to be published when it happens: TYPE or TYPE=OID; repeatable' },
  noLoginTopics: { kind: 'flag', fallback: false, help: 'publish nothing on __sys__Login, __sys__Logout and __sys__UserList' },
  monitorDir: { kind: 'text', fallback: '', help: 'directory with pages for /monitor/' },
  logLevel: { kind: 'text', fallback: 'info', help: LOG_LEVELS.join(', ') },
  corsOrigin: { kind: 'list', fallback: [], help: 'origin of browser pages that may use the broker; repeatable' },
  allowedHost: { kind: 'list', fallback: [], help: 'name by which clients may address the broker; repeatable' },
  allowAnonymous: {
    kind: 'flag',
    fallback: false,
    help: 'listen on other addresses than loopback although nobody needs a password',
  },
  filterModule: { kind: 'list', fallback: [], help: 'JavaScript module with filters of your own; repeatable' },
  accessFilter: {
    kind: 'list',
    separator: ';',
    fallback: [],
    help: 'a filter by another name: NAME=TYPE,PARAMETER=VALUE; repeatable',
  },
  publishFilter: {
    kind: 'list',
    separator: ';',
    fallback: [],
    help: 'what every publish must pass: TYPE,PARAMETER=VALUE; repeatable',
  },
  nodeId: { kind: 'text', fallback: '', help: 'name of this broker in session names; default from host and port' },
  maxConnections: { kind: 'integer', fallback: 20_000, help: 'connections at a time' },
  maxSessions: { kind: 'integer', fallback: 100_000, help: 'sessions at a time' },
  maxSessionsPerSubject: { kind: 'integer', fallback: 10, help: 'sessions of one name that states no maxSessions' },
  maxTopics: { kind: 'integer', fallback: 1_000_000, help: 'topics' },
  maxSubscriptions: { kind: 'integer', fallback: 1_000_000, help: 'subscriptions' },
  maxSubscriptionsPerSession: { kind: 'integer', fallback: 100_000, help: 'subscriptions of one session' },
  maxBytes: { kind: 'integer', fallback: defaultMaxBytes(), help: 'bytes held in all; default a quarter of the memory' },
  maxContentBytes: { kind: 'integer', fallback: 10 * MIB, help: 'bytes of one content' },
  maxBodyBytes: { kind: 'integer', fallback: 16 * MIB, help: 'bytes of one request body' },
  maxFrameBytes: { kind: 'integer', fallback: '', help: 'bytes of one SOCKET frame; default 1 MiB more than one content' },
  maxRequestsInFlight: { kind: 'integer', fallback: 1_000, help: 'unanswered requests of one SOCKET connection' },
  maxBytesWaiting: { kind: 'integer', fallback: 4 * MIB, help: 'bytes that wait for one SOCKET client to read them' },
  maxUpdatesInFlight: { kind: 'integer', fallback: 1, help: 'update calls of one SOCKET session that are not answered yet' },
  maxCommands: { kind: 'integer', fallback: 1_000, help: 'commands in one script' },
  maxOidBytes: { kind: 'integer', fallback: 1_024, help: 'bytes of an oid' },
  maxKeyBytes: { kind: 'integer', fallback: 65_536, help: 'bytes of a key' },
  maxKeyDepth: { kind: 'integer', fallback: 64, help: 'nesting of a key' },
  maxXPathBytes: { kind: 'integer', fallback: 4_096, help: 'bytes of an XPath' },
  maxQueueEntries: { kind: 'integer', fallback: 100_000, help: 'updates waiting for a session that states no bound' },
  maxQueueBytes: { kind: 'integer', fallback: 100 * MIB, help: 'content bytes waiting for a session that states no bound' },
  maxHistoryEntries: {
    kind: 'integer',
    fallback: 10,
    min: 0,
    help: 'messages that a topic remembers when its publisher states no bound',
  },
  destroyDelay: { kind: 'integer', fallback: 60_000, min: -1, help: 'ms until a topic that nobody needs dies; -1 = never' },
  lifeTime: {
    kind: 'integer',
    fallback: -1,
    min: -1,
    help: 'ms that a message lives whose publisher does not say; -1 = for ever',
  },
  sessionTimeout: {
    kind: 'integer',
    fallback: 86_400_000,
    min: 0,
    help: 'ms without a sign of life that end a session; 0 = never',
  },
  headersTimeout: { kind: 'integer', fallback: 10_000, help: 'ms for the header of a request' },
  requestTimeout: { kind: 'integer', fallback: 60_000, help: 'ms for a whole request' },
  writeTimeout: { kind: 'integer', fallback: 60_000, help: 'ms that an answer may stay unread' },
  responseTimeout: {
    kind: 'integer',
    fallback: 60_000,
    help: 'ms in which a client answers a ping or a callback',
  },
  firstByteTimeout: { kind: 'integer', fallback: 10_000, help: 'ms in which a connection shows what it speaks' },
  telnetTimeout: {
    kind: 'integer',
    fallback: 3_600_000,
    min: 0,
    help: 'ms without a command that end a telnet console; 0 = never',
  },
};

export const NAMES = Object.keys(OPTIONS) as readonly (keyof Config)[];

/** The name of an option on the command line, without its dashes: `maxXPathBytes` is `max-xpath-bytes`. */
export function flagOf(name: string): string {
  return name.replace('XPath', 'Xpath').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A quarter of the memory, but no more than the heap takes: small messages are held there whole, and a full heap ends the process. */
function defaultMaxBytes(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  const share = Math.max(Math.floor(total / 4), GIB / 16);
  return Math.min(share, Math.floor(getHeapStatistics().heap_size_limit * HEAP_SHARE));
}
