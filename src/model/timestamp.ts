import type { Clock } from '../base/clock.ts';

/** Nanoseconds since 1970. The last six digits count messages within one millisecond, so no two are equal in one broker. */
export type Timestamp = bigint;

/** Makes timestamps that are unique and ascending, even when the clock steps back. */
export function createTimestampSource(clock: Clock): () => Timestamp {
  let last = 0n;
  return () => {
    const now = BigInt(clock.now()) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return last;
  };
}
