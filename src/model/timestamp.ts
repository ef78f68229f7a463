import type { Clock } from '../base/clock.ts';

/** Nanoseconds since 1970. The last six digits count messages within one millisecond, so no two are equal in one broker. */
export type Timestamp = bigint;

/** Makes timestamps that are unique and ascending, even when the clock steps back. */
export function createTimestampSource(clock: Clock): () => Timestamp {
  let last = 0n;
  let lastMs = 0;
  return () => {
    const nowMs = clock.now();
    last = nowMs > lastMs ? later(last, BigInt(nowMs) * 1_000_000n) : last + 1n;
    lastMs = nowMs;
    return last;
  };
}

/** The first one, or the first number after `last` when so many messages came that they are ahead of the clock. */
function later(last: Timestamp, first: Timestamp): Timestamp {
  return first > last ? first : last + 1n;
}
