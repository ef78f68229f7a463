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

/** For people: `2026-11-23 02:46:29.225000001`, in UTC. */
export function formatTimestamp(nanos: Timestamp): string {
  const date = new Date(Number(nanos / 1_000_000n)).toISOString();
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${date.slice(0, 10)} ${date.slice(11, 19)}.${fraction || '0'}`;
}

/** The first one, or the first number after `last` when so many messages came that they are ahead of the clock. */
function later(last: Timestamp, first: Timestamp): Timestamp {
  return first > last ? first : last + 1n;
}
