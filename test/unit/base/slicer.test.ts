import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Slicer } from '../../../src/base/slicer.ts';

// Time is what the tests make it, the turns of the event loop are real.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Works, one ms at a time, until the slice is used up; how long that took. */
function workUntilExpired(slicer: Slicer): number {
  let ms = 0;
  for (; !slicer.expired && ms < 1_000; ms++) vi.advanceTimersByTime(1);
  return ms;
}

test('a slice is used up after 5 ms, not before', () => {
  const slicer = new Slicer();
  slicer.begin();
  expect(workUntilExpired(slicer)).toBe(5);
});

test('two scans take turns, each with a slice of its own', async () => {
  const slicer = new Slicer();
  const turns: string[] = [];
  const scan = async (name: string): Promise<void> => {
    slicer.begin();
    for (let i = 0; i < 5; i++) {
      turns.push(`${name}${workUntilExpired(slicer)}`);
      await slicer.next();
    }
  };
  await Promise.all([scan('a'), scan('b')]);
  // The first turn was a's alone; b found it used up.
  expect(turns.join(' ')).toBe('a5 b0 a5 b5 a5 b5 a5 b5 a5 b5');
});

test('scans that begin in one turn share its slice', () => {
  const slicer = new Slicer();
  slicer.begin();
  workUntilExpired(slicer);
  slicer.begin();
  expect(slicer.expired).toBe(true);
});

test('a scan that begins when all others are done has a whole slice', async () => {
  const slicer = new Slicer();
  slicer.begin();
  workUntilExpired(slicer);
  await slicer.next();
  await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  slicer.begin();
  expect(workUntilExpired(slicer)).toBe(5);
});

test('everybody else gets the event loop between two slices', async () => {
  const slicer = new Slicer();
  let others = 0;
  let isDone = false;
  const other = (): void => {
    others++;
    if (!isDone) setImmediate(other);
  };
  setImmediate(other);
  slicer.begin();
  for (let i = 0; i < 5; i++) {
    workUntilExpired(slicer);
    await slicer.next();
    expect(others).toBeGreaterThan(i);
  }
  isDone = true;
});

test('one scan works at a time, however many wait', async () => {
  const slicer = new Slicer();
  const resumed: number[] = [];
  slicer.begin();
  const waiting = [1, 2, 3].map((i) => slicer.next().then(() => resumed.push(i)));
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(resumed.length).toBeLessThanOrEqual(1);
  await Promise.all(waiting);
  expect(resumed).toEqual([1, 2, 3]);
});
