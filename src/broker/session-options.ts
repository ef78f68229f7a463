import type { ConnectQos, QueueQos } from '../model/connect.ts';
import type { QueueBounds } from './bounded-queue.ts';
import type { BrokerLimits } from './broker-options.ts';

/** How a session behaves; see ConnectQos. */
export interface SessionOptions {
  readonly timeoutMs: number;
  readonly clearSessions: boolean;
  readonly reconnectSameClientOnly: boolean;
  readonly ptp: boolean;
  readonly duplicateUpdates: boolean;
  readonly persistent: boolean;
}

/**
 * What a client may state for the part of its queue that is in memory, too: with less every message would be read from the store by
 * itself, with more a few clients could fill the memory.
 */
const CACHE_ENTRIES = { min: 100, max: 10_000 };
const CACHE_BYTES = { min: 64 * 1024, max: 16 * 1024 * 1024 };

/** What counts when nobody states anything. */
export function defaultOptions({ sessionTimeoutMs }: BrokerLimits): SessionOptions {
  return {
    timeoutMs: sessionTimeoutMs,
    clearSessions: false,
    reconnectSameClientOnly: false,
    ptp: true,
    duplicateUpdates: true,
    persistent: false,
  };
}

/** What a connect states, and for the rest what was stated before. */
export function changedOptions(before: SessionOptions, qos: ConnectQos): SessionOptions {
  return {
    timeoutMs: qos.timeoutMs ?? before.timeoutMs,
    clearSessions: qos.clearSessions,
    reconnectSameClientOnly: qos.reconnectSameClientOnly,
    ptp: qos.ptp ?? before.ptp,
    duplicateUpdates: qos.duplicateUpdates ?? before.duplicateUpdates,
    persistent: qos.persistent || before.persistent,
  };
}

/** The same for a queue. */
export function queueBounds(stated: QueueQos, { maxQueueEntries, maxQueueBytes }: BrokerLimits): QueueBounds {
  return changedBounds({ maxEntries: maxQueueEntries, maxBytes: maxQueueBytes, onOverflow: 'deadMessage' }, stated);
}

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
