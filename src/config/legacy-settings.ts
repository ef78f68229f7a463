import { JAVA_LOG_LEVELS } from '../base/log-level.ts';
import { ConfigError } from './config-error.ts';
import type { Config } from './options.ts';

/** A setting of the original that means something here. */
export interface LegacySetting {
  /** Its names in the original; the first one that is given counts. */
  readonly names: readonly string[];
  readonly option: keyof Config;
  /**
   * The value of the original as text for our option.
   *
   * @throws ConfigError with a sentence that begins with `label`
   */
  readonly convert?: (text: string, label: string) => string;
}

/** README, "Settings of the original", shows the same table. */
export const LEGACY_SETTINGS: readonly LegacySetting[] = [
  { names: ['bootstrapHostname', 'plugin/socket/hostname'], option: 'host' },
  { names: ['bootstrapPort'], option: 'port', convert: (text) => (isBelowOne(text) ? '0' : text) },
  { names: ['plugin/socket/port'], option: 'socketPort', convert: (text) => (isBelowOne(text) ? 'off' : text) },
  { names: ['plugin/xmlrpc/port'], option: 'xmlrpcPort', convert: (text) => (isBelowOne(text) ? 'off' : text) },
  { names: ['admin.remoteconsole.port'], option: 'telnetPort', convert: (text) => (Number(text) <= 1_000 ? 'off' : text) },
  { names: ['admin.remoteconsole.sessionTimeout'], option: 'telnetTimeout', convert: (text) => (isBelowOne(text) ? '0' : text) },
  {
    names: ['plugin/socket/startUdpListener', 'plugin/socket/useUdpForOneway'],
    option: 'udp',
    convert: (text, label) => String(isTrue(text, label)),
  },
  { names: ['plugin/socket/pingResponseTimeout'], option: 'responseTimeout' },
  { names: ['cluster.node.id'], option: 'nodeId' },
  { names: ['logging', 'logging/org.xmlBlaster'], option: 'logLevel', convert: logLevelOf },
  {
    names: ['Security.Server.Plugin.htpasswd.secretfile'],
    option: 'passwordFile',
    convert: (text) => (text === 'NONE' ? '' : text),
  },
  {
    names: ['Security.Server.Plugin.htpasswd.allowPartialUsername'],
    option: 'partialUserNames',
    convert: (text, label) => String(isTrue(text, label)),
  },
  { names: ['session.timeout'], option: 'sessionTimeout', convert: (text) => (isBelowOne(text) ? '0' : text) },
  { names: ['session.maxSessions'], option: 'maxSessionsPerSubject' },
  { names: ['queue/callback/maxEntries', 'queue/maxEntries'], option: 'maxQueueEntries' },
  { names: ['queue/callback/maxBytes', 'queue/maxBytes'], option: 'maxQueueBytes' },
  { names: ['queue/history/maxEntries', 'queue/maxEntries'], option: 'maxHistoryEntries' },
  { names: ['topic.destroyDelay'], option: 'destroyDelay', convert: anyNegative },
  { names: ['message.maxLifeTime'], option: 'lifeTime', convert: anyNegative },
];

/** A setting that would protect the broker if it meant anything here: ignored, it would leave open what is to be closed. */
export interface LegacyProtection {
  readonly name: string;
  /** Whether its value, which is not empty, asks for protection. */
  readonly isOn: (text: string, label: string) => boolean;
  /** What protects here, when it is not empty. */
  readonly option: keyof Config;
  readonly advice: string;
}

export const LEGACY_PROTECTIONS: readonly LegacyProtection[] = [
  {
    name: 'plugin/socket/SSL',
    isOn: isTrue,
    option: 'tlsCert',
    advice: 'give --tls-cert and --tls-key, PEM files, instead of a keyStore',
  },
];

/** @throws ConfigError for anything but the words of the original, in any case */
function isTrue(text: string, label: string): boolean {
  if (/^(true|yes|ok|1)$/i.test(text)) return true;
  if (/^(false|no|0)$/i.test(text)) return false;
  throw new ConfigError(`${label} must be true or false, not "${text}"`);
}

function logLevelOf(text: string, label: string): string {
  const level = Object.hasOwn(JAVA_LOG_LEVELS, text) ? JAVA_LOG_LEVELS[text] : undefined;
  if (level !== undefined) return level;
  throw new ConfigError(`${label} must be one of ${Object.keys(JAVA_LOG_LEVELS).join(', ')}, not "${text}"`);
}

/** For ever is -1 here, and everything below 0 in the original. */
function anyNegative(text: string): string {
  return /^-[0-9]+$/.test(text) ? '-1' : text;
}

/** The original switches off with 0 and with -1. */
function isBelowOne(text: string): boolean {
  return /^(-[0-9]+|0+)$/.test(text);
}
