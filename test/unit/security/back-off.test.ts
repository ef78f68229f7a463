import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BackOff } from '../../../src/security/back-off.ts';
import { ManualClock } from '../../helpers/clock.ts';

/** Serves one penalty and returns its length in ms of the clock. */
async function penalty(backOff: BackOff, clock: ManualClock, address: string, user: string): Promise<number> {
  const start = clock.now();
  let isOver = false;
  void backOff.serve(address, user).then(() => {
    isOver = true;
  });
  for (;;) {
    await setImmediate();
    if (isOver) return clock.now() - start;
    clock.advance(10);
  }
}

/** Rounded to the precision of the timer wheel. */
const about = (ms: number) => Math.round(ms / 100) * 100;

describe('a penalty', () => {
  test('doubles with every wrong password of a user at an address, up to 8 s', async () => {
    const clock = new ManualClock();
    const backOff = new BackOff(clock);
    const lengths: number[] = [];
    for (let i = 0; i < 8; i++) lengths.push(about((await penalty(backOff, clock, '10.0.0.1', 'joe')) - 50));
    expect(lengths).toEqual([200, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  test('is short again for other users and addresses, after the right password, and after ten minutes', async () => {
    const clock = new ManualClock();
    const backOff = new BackOff(clock);
    const guess = () => penalty(backOff, clock, '10.0.0.1', 'joe');
    for (let i = 0; i < 4; i++) await guess();
    expect(await penalty(backOff, clock, '10.0.0.1', 'sue')).toBeLessThan(350);
    expect(await penalty(backOff, clock, '10.0.0.2', 'joe')).toBeLessThan(350);
    expect(await guess()).toBeGreaterThan(2_000);
    backOff.forgive('10.0.0.1', 'joe');
    expect(await guess()).toBeLessThan(350);
    for (let i = 0; i < 4; i++) await guess();
    clock.advance(600_000);
    expect(await guess()).toBeLessThan(350);
  });

  test('grows for an address that tries many users, slower', async () => {
    const clock = new ManualClock();
    const backOff = new BackOff(clock);
    const lengths: number[] = [];
    for (let i = 0; i < 33; i++) lengths.push(await penalty(backOff, clock, '10.0.0.1', `user ${i}`));
    expect([0, 7, 8, 16, 24, 32].map((i) => about((lengths[i] ?? 0) - 50))).toEqual([200, 200, 500, 1_000, 2_000, 4_000]);
  });
});

test('while 16 wrong passwords of an address wait, it is not admitted; others are', async () => {
  const clock = new ManualClock();
  const backOff = new BackOff(clock);
  const waiting = Array.from({ length: 16 }, (_, i) => backOff.serve('10.0.0.1', `user ${i}`));
  expect(() => backOff.admit('10.0.0.1')).toThrow('Too many wrong passwords came from 10.0.0.1; try again in 8 s');
  backOff.admit('10.0.0.2');
  clock.advance(9_000);
  await Promise.all(waiting);
  backOff.admit('10.0.0.1');
});

test('closing ends every penalty, and there are no more', async () => {
  const backOff = new BackOff(new ManualClock());
  const waiting = Array.from({ length: 3 }, () => backOff.serve('10.0.0.1', 'joe'));
  backOff.close();
  await Promise.all([...waiting, backOff.serve('10.0.0.1', 'joe')]);
});
