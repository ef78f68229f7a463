import { EOL, homedir, tmpdir } from 'node:os';
import { delimiter, sep } from 'node:path';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';

/** Variables within variables; the original's bound. */
const MAX_DEPTH = 50;
/** Chars of a value with its variables replaced: where each variable holds another one twice, it doubles fifty times. */
const MAX_LENGTH = 65_536;

/**
 * Replaces `${name}`, in a name as well: `${a${b}}`. `$_{name}` stays as it is when there is no such variable, and so does
 * `${name}` with `property.keepUnresolvedProps=true`.
 */
export class Variables {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #keepsUnknown: boolean;
  readonly #resolved = new Map<string, string>();

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
    this.#keepsUnknown = texts.get('property.keepUnresolvedProps')?.trim() === 'true';
  }

  /** Names that a replacement has looked up with success. */
  get used(): ReadonlySet<string> {
    return new Set(this.#resolved.keys());
  }

  /** @throws ConfigError that begins with `label`: an unknown variable, one within itself, a missing brace, too long a result */
  replace(text: string, label: string): string {
    return this.#replace(text, label, []);
  }

  #replace(text: string, label: string, trail: readonly string[]): string {
    const outer = { opening: '', text: '' };
    const open = [outer];
    for (const token of text.split(/(\$_?\{|\})/)) {
      const innermost = open.at(-1) ?? outer;
      if (/^\$_?\{$/.test(token)) open.push({ opening: token, text: '' });
      else if (token === '}' && innermost !== outer) {
        open.pop();
        const around = open.at(-1) ?? outer;
        around.text += this.#valueOf(innermost.text, innermost.opening, label, trail);
      } else innermost.text += token;
      if (outer.text.length > MAX_LENGTH)
        throw new ConfigError(`${label} has more than ${MAX_LENGTH} characters with its variables`);
    }
    const unclosed = open[1];
    if (unclosed) throw new ConfigError(`${label}: "${unclosed.opening}${unclosed.text.slice(0, 40)}" has no closing }`);
    return outer.text;
  }

  #valueOf(name: string, opening: string, label: string, trail: readonly string[]): string {
    const known = this.#resolved.get(name);
    if (known !== undefined) return known;
    const text = this.#texts.get(name);
    if (text === undefined) {
      if (opening === '$_{' || this.#keepsUnknown) return `${opening}${name}}`;
      throw new ConfigError(`${label}: the variable \${${name}} is unknown; write $_{${name}} to keep it as it is`);
    }
    if (trail.includes(name)) throw new ConfigError(`${label}: variables go in a circle: ${[...trail, name].join(' → ')}`);
    if (trail.length === MAX_DEPTH) throw new ConfigError(`${label}: variables are nested deeper than ${MAX_DEPTH}`);
    const value = this.#replace(text, label, [...trail, name]);
    this.#resolved.set(name, value);
    return value;
  }
}

/** The system properties of Java that configurations use. */
export function systemVariables({ USER, USERNAME }: Environment): ReadonlyMap<string, string> {
  return new Map([
    ['user.dir', process.cwd()],
    ['user.home', homedir()],
    ['user.name', USER ?? USERNAME ?? ''],
    ['java.io.tmpdir', tmpdir()],
    ['file.separator', sep],
    ['path.separator', delimiter],
    ['line.separator', EOL],
  ]);
}
