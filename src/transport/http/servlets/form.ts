import type { IncomingMessage } from 'node:http';
import type { MemoryAccount } from '../../../broker/memory-account.ts';
import { BrokerError } from '../../../model/error.ts';
import { readBody } from '../body.ts';

/** Parameters of one request. */
const MAX_PARAMETERS = 100;

/**
 * The parameters of a page's request: those of its address and of the form in its body, UTF-8 whatever it says. Of two with the same
 * name the first one counts.
 */
export class Form {
  readonly #parameters: readonly URLSearchParams[];

  /** @throws BrokerError `user.illegalArgument` for too many parameters. */
  constructor(address: string, body: string) {
    this.#parameters = [address.slice(address.indexOf('?') + 1 || address.length), body].map(parse);
  }

  /** @throws BrokerError and HttpError as the constructor and `readBody`. */
  static async read(request: IncomingMessage, maxBytes: number, account: MemoryAccount): Promise<Form> {
    const body = request.method === 'POST' ? await readBody(request, maxBytes, account) : '';
    return new Form(request.url ?? '', body.toString());
  }

  text(name: string): string | undefined {
    for (const parameters of this.#parameters) {
      const value = parameters.get(name);
      if (value !== null) return value;
    }
    return undefined;
  }

  flag(name: string): boolean {
    return this.text(name)?.trim().toLowerCase() === 'true';
  }

  /** Within `min` and `max`; `fallback` when it is no whole number, as in the original. */
  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name)?.trim() ?? '';
    const value = /^[+-]?[0-9]+$/.test(text) ? Number(text) : fallback;
    return Math.min(Math.max(value, min), max);
  }
}

function parse(text: string): URLSearchParams {
  let count = 0;
  for (let i = text.indexOf('&'); i >= 0; i = text.indexOf('&', i + 1)) {
    if (++count >= MAX_PARAMETERS)
      throw new BrokerError('user.illegalArgument', `There are more than ${MAX_PARAMETERS} parameters`);
  }
  return new URLSearchParams(text);
}
