import { ConfigError } from './config-error.ts';
import type { LegacyProperty } from './legacy-property.ts';

/** What asks for help in the original. */
const HELP: readonly string[] = ['-h', '-?', '-help'];

export interface SplitArguments {
  /** Our own options, and what is no option at all. */
  readonly own: readonly string[];
  readonly legacy: readonly LegacyProperty[];
}

/**
 * Takes the settings of the original, `-name value`, out of a command line; of those that stand twice the last one counts.
 *
 * @throws ConfigError for a name without a value
 */
export function splitArguments(args: readonly string[]): SplitArguments {
  const own: string[] = [];
  const legacy = new Map<string, LegacyProperty>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return { own: [...own, ...args.slice(i)], legacy: [...legacy.values()] };
    if (HELP.includes(arg)) own.push('--help');
    else if (!/^-[A-Za-z_/]/.test(arg)) own.push(arg);
    else {
      const text = args[++i];
      if (text === undefined)
        throw new ConfigError(`${arg} has no value; options of this broker begin with two dashes, see --help`);
      legacy.set(arg, { name: arg.slice(1), text, label: arg });
    }
  }
  return { own, legacy: [...legacy.values()] };
}
