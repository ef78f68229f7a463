import { shorten } from '../base/shorten.ts';
import { BrokerError } from './error.ts';

/** What a get asks of a queue: `maxEntries=3&maxSize=-1&consumable=true&waitingDelay=1000`. */
export interface QueueQuery {
  /** Below 0: all. */
  readonly maxEntries: number;
  /** What is returned leaves the queue. */
  readonly consumable: boolean;
  /** Ms to wait until `maxEntries` are there; 0: none, below 0: as long as it takes. */
  readonly waitingDelayMs: number;
}

const DEFAULT_QUEUE_QUERY: QueueQuery = { maxEntries: 1, consumable: false, waitingDelayMs: 0 };

/**
 * Reads the text of a QueueQuery. As in the original, what is not stated has its default and unknown names are ignored; without
 * any text all of it is the default.
 *
 * @throws BrokerError `user.illegalArgument` for values that are none, a maxSize, and waiting for ever for no number of entries.
 */
export function parseQueueQuery(text: string | undefined): QueueQuery {
  if (text === undefined) return DEFAULT_QUEUE_QUERY;
  const values = new Map(text.split('&').map(splitPair));
  const maxEntries = readInteger(values, 'maxEntries') ?? DEFAULT_QUEUE_QUERY.maxEntries;
  const waitingDelayMs = readInteger(values, 'waitingDelay') ?? DEFAULT_QUEUE_QUERY.waitingDelayMs;
  if ((readInteger(values, 'maxSize') ?? -1) > -1)
    throw illegal('maxSize is not supported, neither here nor in the original; use -1');
  if (waitingDelayMs < 0 && maxEntries < 1) {
    throw illegal('Who waits for ever (waitingDelay below 0) must say for how many entries: maxEntries above 0');
  }
  return { maxEntries, waitingDelayMs, consumable: readBoolean(values, 'consumable') ?? DEFAULT_QUEUE_QUERY.consumable };
}

function splitPair(pair: string): [name: string, value: string] {
  const [name = '', ...rest] = pair.split('=');
  return [name.trim(), rest.join('=').trim()];
}

function readInteger(values: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = values.get(name);
  if (!value) return undefined;
  if (!/^[+-]?[0-9]{1,15}$/.test(value)) throw illegal(`${name}: "${shorten(value)}" is not a whole number`);
  return Number(value);
}

function readBoolean(values: ReadonlyMap<string, string>, name: string): boolean | undefined {
  const value = values.get(name)?.toLowerCase();
  if (!value) return undefined;
  if (value !== 'true' && value !== 'false') throw illegal(`${name}: "${shorten(value)}" is not true or false`);
  return value === 'true';
}

function illegal(problem: string): BrokerError {
  return new BrokerError('user.illegalArgument', `QueueQuery: ${problem}`);
}
