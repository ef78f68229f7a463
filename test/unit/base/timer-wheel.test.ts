import { describe, expect, test } from 'vitest';
import { TimerWheel } from '../../../src/base/timer-wheel.ts';
import { ManualClock } from '../../helpers/clock.ts';

/** A clock that tells how many listeners it has, and that can be set. */
class WatchClock extends ManualClock {
  ticking = 0;
  shiftMs = 0;

  override now(): number {
    return super.now() + this.shiftMs;
  }

  override every(periodMs: number, tick: () => void): () => void {
    const stop = super.every(periodMs, tick);
    this.ticking++;
    return () => {
      this.ticking--;
      stop();
    };
  }
}

function setUp(startMs?: number) {
  const clock = new WatchClock(startMs);
  const wheel = new TimerWheel(clock);
  const fired: string[] = [];
  const startMsOfTest = clock.now();
  const start = (name: string, delayMs: number) =>
    wheel.start(delayMs, () => fired.push(`${name}@${clock.now() - startMsOfTest}`));
  return { clock, wheel, fired, start };
}

describe('a timer', () => {
  test.each([
    [0, 50],
    [1, 50],
    [49, 50],
    [50, 50],
    [51, 100],
    [60_000, 60_000],
    [-5, 50],
  ])('of %i ms fires after %i ms', (delayMs, atMs) => {
    const { clock, fired, start } = setUp();
    start('a', delayMs);
    clock.advance(atMs - 1);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([`a@${atMs}`]);
    clock.advance(200_000);
    expect(fired).toHaveLength(1);
  });

  test.each(Array.from({ length: 11 }, (_, i) => i * 5))(
    'is never early and 50 ms late at most, %i ms behind a full tick',
    (phase) => {
      const { clock, wheel, fired } = setUp(1_700_000_000_000 + phase);
      wheel.start(1e9, () => {}); // keeps the wheel ticking
      for (let i = 0; i < 100; i++) {
        const begin = clock.now();
        fired.length = 0;
        const delayMs = i * 7;
        wheel.start(delayMs, () => fired.push(`${clock.now() - begin}`));
        clock.advance(delayMs + 50);
        const [tookMs] = fired.map(Number);
        expect(tookMs).toBeGreaterThanOrEqual(delayMs);
        expect(tookMs).toBeLessThanOrEqual(delayMs + 50);
        clock.advance(i);
      }
    },
  );

  test('of more turns than the wheel has slots fires once, in its own turn', () => {
    const { clock, fired, start } = setUp();
    start('day', 86_400_000);
    start('minute', 60_000);
    start('year', 31_536_000_000);
    clock.advance(86_399_950);
    expect(fired).toEqual(['minute@60000']);
    clock.advance(50);
    expect(fired).toEqual(['minute@60000', 'day@86400000']);
  });

  test('of the longest delay there is can be started and cancelled', () => {
    const { clock, wheel, fired, start } = setUp();
    const timer = start('never', Number.MAX_SAFE_INTEGER);
    clock.advance(1_000_000);
    expect(wheel.size).toBe(1);
    timer.cancel();
    expect(wheel.size).toBe(0);
    expect(fired).toEqual([]);
  });
});

test('timers fire in the order of their deadlines, those of one tick in the order they were started', () => {
  const { clock, fired, start } = setUp();
  start('c', 300);
  start('a', 100);
  start('b1', 199);
  start('b2', 151);
  start('b3', 200);
  clock.advance(1_000);
  expect(fired).toEqual(['a@100', 'b1@200', 'b2@200', 'b3@200', 'c@300']);
});

describe('cancelling', () => {
  test('keeps a timer from firing, any number of times', () => {
    const { clock, wheel, fired, start } = setUp();
    const timer = start('a', 100);
    start('b', 100);
    timer.cancel();
    timer.cancel();
    expect(wheel.size).toBe(1);
    clock.advance(100);
    timer.cancel();
    expect(fired).toEqual(['b@100']);
    expect(wheel.size).toBe(0);
  });

  test('in the callback of another timer of the same tick', () => {
    const { clock, wheel, fired, start } = setUp();
    wheel.start(100, () => later.cancel());
    const later = start('later', 100);
    start('last', 100);
    clock.advance(100);
    expect(fired).toEqual(['last@100']);
    expect(wheel.size).toBe(0);
  });

  test('in its own callback', () => {
    const { clock, wheel } = setUp();
    const timer = wheel.start(100, () => timer.cancel());
    clock.advance(100);
    expect(wheel.size).toBe(0);
  });
});

describe('starting in a callback', () => {
  test('fires in a later tick', () => {
    const { clock, wheel, fired, start } = setUp();
    wheel.start(100, () => {
      start('at once', 0);
      start('soon', 120);
    });
    clock.advance(1_000);
    expect(fired).toEqual(['at once@150', 'soon@250']);
  });

  test('the last one again and again makes a period', () => {
    const { clock, wheel, fired } = setUp();
    const again = (): void => {
      fired.push(`${clock.now()}`);
      wheel.start(1_000, again);
    };
    again();
    clock.advance(10_000);
    expect(fired).toHaveLength(11);
  });

  test('after a jump of the clock it still takes its time', () => {
    const { clock, wheel, fired, start } = setUp();
    wheel.start(100, () => start('second', 200));
    clock.shiftMs = 10_000_000;
    clock.advance(50);
    expect(fired).toEqual([]);
    clock.advance(150);
    expect(fired).toEqual([]);
    clock.advance(50);
    expect(fired).toEqual(['second@10000250']);
  });
});

describe('the clock', () => {
  test('when it jumps ahead, what became due fires at the next tick, the rest does not', () => {
    const { clock, wheel, fired, start } = setUp();
    start('due', 3_000_000);
    start('also due', 100);
    start('not due', 4_000_000);
    clock.shiftMs = 3_600_000;
    clock.advance(50);
    expect(fired.sort()).toEqual(['also due@3600050', 'due@3600050']);
    expect(wheel.size).toBe(1);
  });

  test('when it steps back, neither old nor new timers wait longer for it', () => {
    const { clock, fired, start } = setUp();
    start('old', 1_000);
    clock.advance(500);
    clock.shiftMs = -3_600_000;
    start('new', 1_000);
    clock.advance(500);
    expect(fired).toHaveLength(1);
    clock.advance(500);
    expect(fired.map((entry) => entry.split('@')[0])).toEqual(['old', 'new']);
  });
});

describe('ticking', () => {
  test('goes on only while timers wait', () => {
    const { clock, wheel, start } = setUp();
    expect(clock.ticking).toBe(0);
    const timer = start('a', 500);
    start('b', 100);
    expect(clock.ticking).toBe(1);
    clock.advance(100);
    expect(clock.ticking).toBe(1);
    timer.cancel();
    expect(clock.ticking).toBe(0);
    clock.advance(1_000_000);
    start('c', 100);
    expect([clock.ticking, wheel.size]).toEqual([1, 1]);
    clock.advance(100);
    expect([clock.ticking, wheel.size]).toEqual([0, 0]);
  });

  test('a pause does not make later timers early or late', () => {
    const { clock, fired, start } = setUp();
    start('a', 130);
    clock.advance(777);
    start('b', 130);
    clock.advance(777);
    expect(fired).toEqual(['a@150', 'b@927']);
  });

  test('ends for good when the wheel is closed', () => {
    const { clock, wheel, fired, start } = setUp();
    const timer = start('a', 100);
    wheel.close();
    start('b', 100);
    clock.advance(1_000);
    timer.cancel();
    expect(fired).toEqual([]);
    expect(clock.ticking).toBe(0);
  });
});
