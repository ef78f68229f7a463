import { expect, test } from 'vitest';
import { createTimestampSource } from '../../../src/model/timestamp.ts';

/** A clock that says what it is told. */
function source(...times: readonly number[]): () => bigint {
  let calls = 0;
  return createTimestampSource({ now: () => times[calls++] ?? 0, every: () => () => {} });
}

test('the milliseconds of the clock, in nanoseconds', () => {
  expect(source(1_700_000_000_123)()).toBe(1_700_000_000_123_000_000n);
});

test('within a millisecond the last digits count', () => {
  const next = source(5, 5, 5, 6);
  expect([next(), next(), next(), next()]).toEqual([5_000_000n, 5_000_001n, 5_000_002n, 6_000_000n]);
});

test('it goes on counting when the clock steps back', () => {
  const next = source(1_000, 400, 999, 1_000, 1_001);
  expect([next(), next(), next(), next(), next()]).toEqual([
    1_000_000_000n,
    1_000_000_001n,
    1_000_000_002n,
    1_000_000_003n,
    1_001_000_000n,
  ]);
});

test('more than a million in one millisecond are all different', () => {
  const next = createTimestampSource({ now: () => 7, every: () => () => {} });
  const first = next();
  let last = first;
  for (let i = 0; i < 1_000_001; i++) last = next();
  expect(last - first).toBe(1_000_001n);
});
