import { HttpError } from './http-error.ts';

/** The parameters of an address, checked: each known, each at most once. */
export class Query {
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws HttpError 400 for a parameter that is not in `allowed` or stands twice. */
  constructor(query: unknown, allowed: readonly string[]) {
    this.#values = query as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(this.#values)) {
      if (!allowed.includes(name)) {
        throw new HttpError(400, `The parameter "${name.slice(0, 40)}" is unknown; known are ${allowed.join(', ')}`);
      }
      if (typeof value !== 'string') throw new HttpError(400, `The parameter ${name} stands more than once`);
    }
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** @throws HttpError 400 unless it is a number from `min` to `max`. */
  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (/^-?[0-9]+(\.[0-9]+)?$/.test(text) && number >= min && number <= max) return number;
    throw new HttpError(400, `${name}=${text.slice(0, 40)} is not a number from ${min} to ${max}`);
  }

  /** @throws HttpError 400 unless it is a whole number from `min` to `max`. */
  integer(name: string, min: number, max: number): number | undefined {
    const number = this.number(name, min, max);
    if (number === undefined || Number.isInteger(number)) return number;
    throw new HttpError(400, `${name}=${number} is not a whole number`);
  }

  /** @throws HttpError 400 unless it is true or false. */
  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (text !== 'true' && text !== 'false') throw new HttpError(400, `${name}=${text.slice(0, 40)} is neither true nor false`);
    return text === 'true';
  }
}

/** The parameters that say whose request it is; every route takes them. */
export const CALLER_PARAMETERS = ['session', 'sessionId'] as const;

/** Those that also say how the session is to be. */
export const SESSION_PARAMETERS = [...CALLER_PARAMETERS, 'persistent', 'maxEntries'] as const;
