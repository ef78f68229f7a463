import type { OverflowPolicy, QueueQos } from '../model/connect.ts';
import type { BrokerLimits } from './broker-options.ts';

/** The bounds of a queue, and what becomes of what does not fit. */
export interface QueueBounds {
  readonly maxEntries: number;
  /** Content bytes. */
  readonly maxBytes: number;
  /** Of those in the store, how many are in memory, too, and content bytes of these; undefined: the defaults. */
  readonly maxEntriesCache?: number | undefined;
  readonly maxBytesCache?: number | undefined;
  readonly onOverflow: OverflowPolicy;
}

/** What of the deliveries in the store is in memory, too, when nobody states it (the original's defaults). */
export const DEFAULT_CACHE_ENTRIES = 1_000;
export const DEFAULT_CACHE_BYTES = 2 * 1024 * 1024;

/**
 * What a client may state for the part of its queue that is in memory, too: with less every message would be read from the store by
 * itself, with more a few clients could fill the memory.
 */
const CACHE_ENTRIES = { min: 100, max: 10_000 };
const CACHE_BYTES = { min: 64 * 1024, max: 16 * 1024 * 1024 };

/** What a client states, and for the rest what the broker is configured for. */
export function queueBounds(stated: QueueQos, { maxQueueEntries, maxQueueBytes }: BrokerLimits): QueueBounds {
  return changedBounds({ maxEntries: maxQueueEntries, maxBytes: maxQueueBytes, onOverflow: 'deadMessage' }, stated);
}

/** What a client states, and for the rest what was stated before. */
export function changedBounds(before: QueueBounds, stated: QueueQos): QueueBounds {
  return {
    maxEntries: stated.maxEntries ?? before.maxEntries,
    maxBytes: stated.maxBytes ?? before.maxBytes,
    maxEntriesCache: within(CACHE_ENTRIES, stated.maxEntriesCache) ?? before.maxEntriesCache,
    maxBytesCache: within(CACHE_BYTES, stated.maxBytesCache) ?? before.maxBytesCache,
    onOverflow: stated.onOverflow ?? before.onOverflow,
  };
}

function within({ min, max }: typeof CACHE_ENTRIES, stated: number | undefined): number | undefined {
  return stated === undefined ? undefined : Math.min(max, Math.max(min, stated));
}
