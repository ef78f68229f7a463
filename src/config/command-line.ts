import { parseArgs } from 'node:util';
import { createConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { readJsonFile } from './json-file.ts';
import { readLegacy } from './legacy.ts';
import { splitArguments } from './legacy-arguments.ts';
import type { LegacyProperty } from './legacy-property.ts';
import { type Config, flagOf, NAMES, OPTIONS } from './options.ts';
import { readPropertiesFile } from './properties-file.ts';

/** What the command line asks for beside a start. */
export type CommandLine =
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  /** What comes behind `store`: `check DIR`, `stats DIR` or `backup DIR TARGET`. */
  | { readonly action: 'store'; readonly verb: 'check' | 'stats' | 'backup'; readonly directories: readonly string[] }
  /** `ignored`: settings of the original that mean nothing here. */
  | { readonly action: 'start'; readonly config: Config; readonly ignored: readonly string[] };

/**
 * Defaults < properties file < config file < environment < flags; of the flags those of the original, then ours.
 *
 * @throws ConfigError with a sentence that names the wrong option.
 */
export function readCommandLine(args: readonly string[], environment: Environment): CommandLine {
  if (args[0] === 'store') return readStoreCommand(args.slice(1));
  const split = splitArguments(args);
  const flags = parseFlags(split.own);
  if (flags['help'] === true) return { action: 'help' };
  if (flags['version'] === true) return { action: 'version' };
  const fromEnvironment = readEnvironment(environment);
  const jsonPath = flags['config'] ?? environment['XMLBLASTER_CONFIG'];
  const fromJson = typeof jsonPath === 'string' && jsonPath !== '' ? readJsonFile(jsonPath) : {};
  const fromFlags = settingsOf(flags);
  const nodeId = { ...fromJson, ...fromEnvironment, ...fromFlags }['nodeId'];
  const file = readProperties(flags['properties'], split.legacy, environment);
  const legacy = readLegacy({ file, flags: split.legacy, environment }, typeof nodeId === 'string' ? nodeId : '');
  const config = createConfig({ ...legacy.file, ...fromJson, ...fromEnvironment, ...legacy.flags, ...fromFlags });
  const missing = legacy.required.find(({ option }) => config[option] === '');
  if (missing) throw new ConfigError(missing.sentence);
  return { action: 'start', config, ignored: legacy.ignored };
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
    '       xmlblaster store check DIR          looks at every byte that is kept there; no broker may use it meanwhile',
    '       xmlblaster store stats DIR          says how much is kept there',
    '       xmlblaster store backup DIR TARGET  copies it, while a broker uses it, too',
    '',
    ...lines,
    `  ${'--config …'.padEnd(36)}JSON file with any of these, named like "logLevel"`,
    `  ${'--properties …'.padEnd(36)}an xmlBlaster.properties file of the original`,
    `  ${'--help'.padEnd(36)}this text`,
    `  ${'--version'.padEnd(36)}the version`,
    '',
    'Every option can also stand in the environment: --log-level is XMLBLASTER_LOG_LEVEL.',
    'Settings of the original have one dash: -bootstrapPort 3412.',
    '',
  ].join('\n');
}

/** How many directories each verb takes. */
const STORE_VERBS = { check: 1, stats: 1, backup: 2 } as const;

function readStoreCommand([verb = '', ...directories]: readonly string[]): CommandLine {
  const isKnown = verb === 'check' || verb === 'stats' || verb === 'backup';
  const isRight =
    isKnown && directories.length === STORE_VERBS[verb] && !directories.some((text) => text === '' || text.startsWith('-'));
  if (isRight) return { action: 'store', verb, directories };
  throw new ConfigError('Expected "store check DIR", "store stats DIR" or "store backup DIR TARGET"; see --help');
}

type Flags = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

function parseFlags(args: readonly string[]): Flags {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> = {
    config: { type: 'string' },
    properties: { type: 'string' },
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

function settingsOf(flags: Flags): Record<string, unknown> {
  const given = NAMES.filter((name) => flags[flagOf(name)] !== undefined);
  return Object.fromEntries(given.map((name) => [name, flags[flagOf(name)]]));
}

/** The file is named by our option, else by the original's `-propertyFile`, else in the environment. */
function readProperties(
  option: Flags[string],
  legacyFlags: readonly LegacyProperty[],
  environment: Environment,
): LegacyProperty[] {
  const flag = legacyFlags.find(({ name }) => name === 'propertyFile')?.text;
  const path = option ?? flag ?? environment['XMLBLASTER_PROPERTIES'];
  return typeof path === 'string' && path !== '' ? readPropertiesFile(path) : [];
}
