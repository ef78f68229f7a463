import type { IncomingMessage } from 'node:http';
import { shorten } from '../../../base/shorten.ts';
import type { MemoryAccount } from '../../../broker/memory-account.ts';
import { BrokerError } from '../../../model/error.ts';
import { readBody } from '../body.ts';

/** What a name or a value of a form says. */
type Decode = (text: string) => string;

/** Parameters of one request. */
const MAX_PARAMETERS = 100;

/**
 * The parameters of a page's request: those of its address and of the form in its body, UTF-8 whatever it says. Of two with the same
 * name the first one counts.
 */
export class Form {
  readonly #values = new Map<string, string>();

  /** @throws BrokerError `user.illegalArgument` for too many parameters, and as `decode`. */
  constructor(address: string, body: string, decode: Decode = decodeUtf8) {
    const pairs = [address.slice(address.indexOf('?') + 1 || address.length), body].flatMap(split);
    if (pairs.length > MAX_PARAMETERS) throw illegal(`There are more than ${MAX_PARAMETERS} parameters`);
    for (const pair of pairs) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decode(equals < 0 ? pair : pair.slice(0, equals));
      if (!this.#values.has(name)) this.#values.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
    }
  }

  /** Rejects with BrokerError and HttpError as the constructor and `readBody` do. */
  static async read(request: IncomingMessage, maxBytes: number, account: MemoryAccount, decode?: Decode): Promise<Form> {
    const body = request.method === 'POST' ? await readBody(request, maxBytes, account) : '';
    return new Form(request.url ?? '', body.toString(), decode);
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
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

/** `text` with another ASCII character for each of one. As `replaceAll`, which takes seconds for millions of them. */
export function exchange(text: string, from: string, to: string): string {
  if (!text.includes(from)) return text;
  const bytes = Buffer.from(text);
  const [wanted, other = 0] = Buffer.from(from + to);
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === wanted) bytes[i] = other;
  return bytes.toString();
}

/** One more than is allowed, at most. */
function split(text: string): string[] {
  return text === '' ? [] : text.split('&', MAX_PARAMETERS + 1);
}

/** Percent-encoded UTF-8. @throws BrokerError `user.illegalArgument` for what is none. */
const decodeUtf8: Decode = (text) => {
  try {
    return decodeURIComponent(exchange(text, '+', ' '));
  } catch {
    throw illegal(`"${shorten(text)}" is not percent-encoded UTF-8; write %25 for a percent sign`);
  }
};

/** The same, or what JavaScript's `escape` writes, with which pages of old do it: `%E9` for é, `%u20AC` for €. */
export const decodeEscaped: Decode = (text) => {
  const plain = exchange(text, '+', ' ');
  try {
    return decodeURIComponent(plain);
  } catch {
    return unescape(plain).toWellFormed();
  }
};

function illegal(message: string): BrokerError {
  return new BrokerError('user.illegalArgument', message);
}
