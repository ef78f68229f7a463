import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { LOG_LEVELS, type LogLevel } from './base/logger.ts';

/** Everything that can be configured. Sizes in bytes, times in ms unless the name says otherwise. */
export interface Config {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** A second port for the same; 0 = any free port. */
  readonly socketPort: number | 'off';
  /** PEM files, both or none: TLS on the same ports. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly corsOrigin: readonly string[];
  readonly allowedHost: readonly string[];
  readonly allowAnonymous: boolean;
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
  readonly sessionTimeout: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly writeTimeout: number;
  readonly responseTimeout: number;
  readonly firstByteTimeout: number;
}

/** A configuration that cannot be: the message is the sentence for the user. */
export class ConfigError extends Error {}

type Kind = 'text' | 'integer' | 'port' | 'port or off' | 'flag' | 'list';

interface Option {
  readonly kind: Kind;
  readonly fallback: string | number | boolean | readonly string[];
  readonly help: string;
  readonly min?: number;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const LARGEST = Number.MAX_SAFE_INTEGER;
const MAX_PORT = 65_535;

/** README, "Configuration" and "Limits", shows the same table. */
const OPTIONS: Readonly<Record<keyof Config, Option>> = {
  host: { kind: 'text', fallback: '127.0.0.1', help: 'address to listen on' },
  port: { kind: 'port', fallback: 3412, help: 'port for every protocol, 0 = any free one' },
  socketPort: { kind: 'port or off', fallback: 7607, help: 'a second port, the default of SOCKET clients; 0 = any, off = none' },
  tlsCert: { kind: 'text', fallback: '', help: 'PEM file with the certificate: TLS on the same ports' },
  tlsKey: { kind: 'text', fallback: '', help: 'PEM file with the key of the certificate' },
  dataDir: { kind: 'text', fallback: '', help: 'directory for what is to survive a restart (nothing yet)' },
  logLevel: { kind: 'text', fallback: 'info', help: LOG_LEVELS.join(', ') },
  corsOrigin: { kind: 'list', fallback: [], help: 'origin of browser pages that may use the broker; repeatable' },
  allowedHost: { kind: 'list', fallback: [], help: 'name by which clients may address the broker; repeatable' },
  allowAnonymous: {
    kind: 'flag',
    fallback: false,
    help: 'listen on other addresses than loopback although nobody needs a password',
  },
  nodeId: { kind: 'text', fallback: '', help: 'name of this broker in session names; default from host and port' },
  maxConnections: { kind: 'integer', fallback: 20_000, help: 'connections at a time' },
  maxSessions: { kind: 'integer', fallback: 100_000, help: 'sessions at a time' },
  maxSessionsPerSubject: { kind: 'integer', fallback: 10, help: 'sessions of one name that states no maxSessions' },
  maxTopics: { kind: 'integer', fallback: 1_000_000, help: 'topics' },
  maxSubscriptions: { kind: 'integer', fallback: 1_000_000, help: 'subscriptions' },
  maxSubscriptionsPerSession: { kind: 'integer', fallback: 100_000, help: 'subscriptions of one session' },
  maxBytes: { kind: 'integer', fallback: quarterOfMemory(), help: 'bytes held in all; default a quarter of the memory' },
  maxContentBytes: { kind: 'integer', fallback: 10 * MIB, help: 'bytes of one content' },
  maxBodyBytes: { kind: 'integer', fallback: 16 * MIB, help: 'bytes of one request body' },
  maxFrameBytes: { kind: 'integer', fallback: 11 * MIB, help: 'bytes of one SOCKET frame' },
  maxRequestsInFlight: { kind: 'integer', fallback: 1_000, help: 'unanswered requests of one SOCKET connection' },
  maxBytesWaiting: { kind: 'integer', fallback: 4 * MIB, help: 'bytes that wait for one SOCKET client to read them' },
  maxUpdatesInFlight: { kind: 'integer', fallback: 100, help: 'unacknowledged updates of one SOCKET session' },
  maxCommands: { kind: 'integer', fallback: 1_000, help: 'commands in one script' },
  maxOidBytes: { kind: 'integer', fallback: 1_024, help: 'bytes of an oid' },
  maxKeyBytes: { kind: 'integer', fallback: 65_536, help: 'bytes of a key' },
  maxKeyDepth: { kind: 'integer', fallback: 64, help: 'nesting of a key' },
  maxXPathBytes: { kind: 'integer', fallback: 4_096, help: 'bytes of an XPath' },
  maxQueueEntries: { kind: 'integer', fallback: 100_000, help: 'updates waiting for a session that states no bound' },
  maxQueueBytes: { kind: 'integer', fallback: 100 * MIB, help: 'content bytes waiting for a session that states no bound' },
  sessionTimeout: {
    kind: 'integer',
    fallback: 86_400_000,
    min: 0,
    help: 'ms without a sign of life that end a session; 0 = never',
  },
  headersTimeout: { kind: 'integer', fallback: 10_000, help: 'ms for the header of a request' },
  requestTimeout: { kind: 'integer', fallback: 60_000, help: 'ms for a whole request' },
  writeTimeout: { kind: 'integer', fallback: 60_000, help: 'ms that an answer may stay unread' },
  responseTimeout: { kind: 'integer', fallback: 60_000, help: 'ms in which a SOCKET client answers a ping' },
  firstByteTimeout: { kind: 'integer', fallback: 10_000, help: 'ms in which a connection shows what it speaks' },
};

const NAMES = Object.keys(OPTIONS) as (keyof Config)[];

/** What the command line asks for beside a start. */
export type CommandLine =
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  | { readonly action: 'start'; readonly config: Config };

/**
 * Defaults < config file < environment < flags.
 *
 * @throws ConfigError with a sentence that names the wrong option.
 */
export function readCommandLine(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): CommandLine {
  const flags = parseFlags(args);
  if (flags['help'] === true) return { action: 'help' };
  if (flags['version'] === true) return { action: 'version' };
  const fromEnvironment = readEnvironment(environment);
  const file = flags['config'] ?? environment['XMLBLASTER_CONFIG'];
  const fromFile = typeof file === 'string' && file !== '' ? readConfigFile(file) : {};
  const fromFlags = Object.fromEntries(
    NAMES.flatMap((name) => (flags[flagOf(name)] === undefined ? [] : [[name, flags[flagOf(name)]]])),
  );
  return { action: 'start', config: createConfig({ ...fromFile, ...fromEnvironment, ...fromFlags }) };
}

/**
 * Completes and checks settings; the result is frozen.
 *
 * @throws ConfigError
 */
export function createConfig(settings: Readonly<Record<string, unknown>>): Config {
  const config: Record<string, unknown> = {};
  for (const name of NAMES) config[name] = checkValue(name, settings[name]);
  const checked = config as unknown as Config;
  if (!LOG_LEVELS.includes(checked.logLevel)) throw new ConfigError(`--log-level must be one of ${LOG_LEVELS.join(', ')}`);
  if (checked.corsOrigin.some((origin) => !/^https?:\/\/[^/]+\/?$/i.test(origin))) {
    throw new ConfigError('--cors-origin must be an origin such as http://localhost:8000');
  }
  checkExposure(checked);
  const nodeId = checked.nodeId || `xmlBlaster_${checked.host}_${checked.port}`.replace(/[^A-Za-z0-9]/g, '_');
  return Object.freeze({ ...checked, nodeId });
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = NAMES.map((name) => {
    const { kind, fallback, help } = OPTIONS[name];
    const flag = `--${flagOf(name)}${kind === 'flag' ? '' : ' …'}`;
    const shown = kind === 'flag' || kind === 'list' || fallback === '' ? '' : ` (${fallback})`;
    return `  ${flag.padEnd(36)}${help}${shown}`;
  });
  return [
    'Usage: xmlblaster [options]',
    '',
    ...lines,
    `  ${'--config …'.padEnd(36)}JSON file with any of these, named like "logLevel"`,
    `  ${'--help'.padEnd(36)}this text`,
    `  ${'--version'.padEnd(36)}the version`,
    '',
    'Every option can also stand in the environment: --log-level is XMLBLASTER_LOG_LEVEL.',
    '',
  ].join('\n');
}

type Flags = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

function parseFlags(args: readonly string[]): Flags {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> = {
    config: { type: 'string' },
    help: { type: 'boolean' },
    version: { type: 'boolean' },
  };
  for (const name of NAMES) {
    const { kind } = OPTIONS[name];
    options[flagOf(name)] = { type: kind === 'flag' ? 'boolean' : 'string', multiple: kind === 'list' };
  }
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${message.replace(/\.? To specify.*/s, '')}; see --help`, { cause: error });
  }
}

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const known = new Map<string, keyof Config>(
    NAMES.map((name) => [`XMLBLASTER_${flagOf(name).replaceAll('-', '_').toUpperCase()}`, name]),
  );
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('XMLBLASTER_') || variable === 'XMLBLASTER_CONFIG' || text === undefined || text === '') continue;
    const name = known.get(variable);
    if (!name) throw new ConfigError(`The environment variable ${variable} is unknown; see --help`);
    settings[name] = OPTIONS[name].kind === 'list' ? text.split(',').map((item) => item.trim()) : text;
  }
  return settings;
}

function readConfigFile(path: string): Record<string, unknown> {
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`The config file ${path} cannot be read: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new ConfigError(`The config file ${path} must hold one JSON object`);
  }
  const unknown = Object.keys(settings).find((key) => !Object.hasOwn(OPTIONS, key));
  if (unknown !== undefined)
    throw new ConfigError(`The config file ${path} has an unknown setting "${unknown}"; known are ${NAMES.join(', ')}`);
  return { ...settings };
}

function checkValue(name: keyof Config, value: unknown): unknown {
  const { kind, fallback, min = 1 } = OPTIONS[name];
  if (value === undefined) return fallback;
  if (kind === 'integer') return checkInteger(name, value, min, LARGEST);
  if (kind === 'port') return checkInteger(name, value, 0, MAX_PORT);
  if (kind === 'port or off') return value === 'off' ? value : checkInteger(name, value, 0, MAX_PORT, ', or off');
  if (kind === 'flag') return checkFlag(name, value);
  if (kind === 'list') return checkList(name, value);
  if (typeof value === 'string') return value;
  throw new ConfigError(`--${flagOf(name)} must be a text`);
}

function checkInteger(name: keyof Config, value: unknown, min: number, max: number, otherwise = ''): number {
  const number = typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max) return number;
  throw new ConfigError(`--${flagOf(name)} must be a whole number from ${min} to ${max}${otherwise}, not "${String(value)}"`);
}

function checkFlag(name: keyof Config, value: unknown): boolean {
  if (value === true || value === 'true' || value === '1') return true;
  if (value === false || value === 'false' || value === '0') return false;
  throw new ConfigError(`--${flagOf(name)} is either given or not; in the environment it is 1 or 0`);
}

function checkList(name: keyof Config, value: unknown): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '')) return list;
  throw new ConfigError(`--${flagOf(name)} must be a list of texts`);
}

/** Nobody needs a password: so nobody but this machine may connect, unless somebody decided otherwise. */
function checkExposure({ host, allowAnonymous }: Config): void {
  if (allowAnonymous || host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host)) return;
  throw new ConfigError(
    `Listening on ${host} would open the broker to everybody who reaches this machine, without a password. ` +
      'If that is meant, say --allow-anonymous and --allowed-host NAME for the name that clients use ' +
      '(in a container: -e XMLBLASTER_ALLOW_ANONYMOUS=1 -e XMLBLASTER_ALLOWED_HOST=NAME)',
  );
}

function flagOf(name: string): string {
  return name.replace('XPath', 'Xpath').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function quarterOfMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  return Math.max(Math.floor(total / 4), GIB / 16);
}
