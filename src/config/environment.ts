import { ConfigError } from './config-error.ts';
import { type Config, flagOf, NAMES, OPTIONS } from './options.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names of files, and what the scripts of the original set. */
const NO_SETTINGS: readonly string[] = ['XMLBLASTER_CONFIG', 'XMLBLASTER_PROPERTIES', 'XMLBLASTER_HOME'];

/**
 * The settings that stand in variables: `--log-level` is `XMLBLASTER_LOG_LEVEL`. An empty one says nothing.
 *
 * @throws ConfigError that names a variable which begins like ours and is none
 */
export function readEnvironment(environment: Environment): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const known = new Map<string, keyof Config>(
    NAMES.map((name) => [`XMLBLASTER_${flagOf(name).replaceAll('-', '_').toUpperCase()}`, name]),
  );
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('XMLBLASTER_') || NO_SETTINGS.includes(variable) || text === undefined || text === '') continue;
    const name = known.get(variable);
    if (!name) throw new ConfigError(`The environment variable ${variable} is unknown; see --help`);
    const { kind, separator = ',' } = OPTIONS[name];
    settings[name] = kind === 'list' ? text.split(separator).map((item) => item.trim()) : text;
  }
  return settings;
}
