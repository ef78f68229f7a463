import { checkValue } from './config.ts';
import type { Environment } from './environment.ts';
import { readLegacyPlugins } from './legacy-plugins.ts';
import type { LegacyProperty } from './legacy-property.ts';
import { LEGACY_PROTECTIONS, LEGACY_SETTINGS } from './legacy-settings.ts';
import type { Config } from './options.ts';
import { systemVariables, Variables } from './variables.ts';

/** Where settings of the original stand. */
export interface LegacySources {
  readonly file: readonly LegacyProperty[];
  readonly flags: readonly LegacyProperty[];
  readonly environment: Environment;
}

/** What settings of the original come to. */
export interface Legacy {
  readonly file: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, unknown>>;
  /** Names that mean nothing here, and those that a stronger name makes void. */
  readonly ignored: readonly string[];
  /** Options without which a setting that is to protect the broker would not. */
  readonly required: readonly { readonly option: keyof Config; readonly sentence: string }[];
}

/** Which file it is, and how its variables are read. */
const ABOUT_THE_FILE: readonly string[] = ['propertyFile', 'property.keepUnresolvedProps'];

/**
 * Settings of the original as ours. `nodeId` is the name of this broker when no setting of the original says it: some are for
 * one broker only, `/node/heron/session.timeout` or `session.timeout[heron]`, and stronger than those for all.
 *
 * @throws ConfigError that begins with the name in the original, and its place
 */
export function readLegacy(sources: LegacySources, nodeId: string): Legacy {
  const variables = new Variables(variablesOf(sources));
  const all = [...sources.file, ...sources.flags];
  const named = all.findLast(({ name }) => name === 'cluster.node.id');
  const id = named ? variables.replace(named.text, named.label).trim() : nodeId;
  const file = readSettings(byName(sources.file, id), variables);
  const flags = readSettings(byName(sources.flags, id), variables);
  const { required, known } = readProtections(byName(all, id), variables);
  const meaningful = new Set([...ABOUT_THE_FILE, ...file.known, ...flags.known, ...known, ...variables.used]);
  const ignored = new Set(all.map(({ name }) => name).filter((name) => !meaningful.has(name)));
  return { file: file.settings, flags: flags.settings, ignored: [...ignored], required };
}

/** Flags before the system, the system before the file, as in the original; the environment for the rest. */
function variablesOf({ file, flags, environment }: LegacySources): ReadonlyMap<string, string> {
  const textsOf = (properties: readonly LegacyProperty[]) => properties.map(({ name, text }) => [name, text] as const);
  const fromEnvironment = Object.entries(environment).map(([name, text = '']) => [name, text] as const);
  return new Map([...fromEnvironment, ...textsOf(file), ...systemVariables(environment), ...textsOf(flags)]);
}

/** By the name without the broker's; what is for this broker only goes before what is for all. */
function byName(properties: readonly LegacyProperty[], nodeId: string): ReadonlyMap<string, LegacyProperty> {
  const general = properties.map((property) => [property.name, property] as const);
  if (nodeId === '') return new Map(general);
  const [prefix, suffix] = [`/node/${nodeId}/`, `[${nodeId}]`];
  const own = properties.flatMap((property) => {
    if (property.name.startsWith(prefix)) return [[property.name.slice(prefix.length), property] as const];
    return property.name.endsWith(suffix) ? [[property.name.slice(0, -suffix.length), property] as const] : [];
  });
  return new Map([...general, ...own]);
}

interface Settings {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names, as they were written, of the properties behind them. */
  readonly known: readonly string[];
}

function readSettings(properties: ReadonlyMap<string, LegacyProperty>, variables: Variables): Settings {
  const settings: Record<string, unknown> = {};
  const known: string[] = [];
  for (const { names, option, convert } of LEGACY_SETTINGS) {
    const property = names.map((name) => properties.get(name)).find((found) => found !== undefined);
    if (!property) continue;
    const { label } = property;
    known.push(property.name);
    const text = variables.replace(property.text, label).trim();
    if (text !== '') settings[option] = checkValue(option, convert ? convert(text, label) : text, label);
  }
  const plugins = readLegacyPlugins(properties.values(), variables);
  return { settings: { ...settings, ...plugins.settings }, known: [...known, ...plugins.known] };
}

function readProtections(
  properties: ReadonlyMap<string, LegacyProperty>,
  variables: Variables,
): Pick<Legacy, 'required'> & Pick<Settings, 'known'> {
  const required: { option: keyof Config; sentence: string }[] = [];
  const known: string[] = [];
  for (const { name, isOn, option, advice } of LEGACY_PROTECTIONS) {
    const property = properties.get(name);
    if (!property) continue;
    const { label } = property;
    known.push(property.name);
    const text = variables.replace(property.text, label).trim();
    if (text !== '' && isOn(text, label)) required.push({ option, sentence: `${label} protects nothing here: ${advice}` });
  }
  return { required, known };
}
