import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lru } from '../../../src/base/lru.ts';

test('what was used longest ago goes first', () => {
  const lru = new Lru<string, number>(2, 100);
  lru.set('a', 1, 1);
  lru.set('b', 2, 1);
  lru.get('a');
  lru.set('c', 3, 1);
  expect([lru.get('a'), lru.get('b'), lru.get('c')]).toEqual([1, undefined, 3]);
});

test('one that is too heavy is not remembered, and drives nobody out', () => {
  const lru = new Lru<string, number>(10, 10);
  lru.set('a', 1, 10);
  lru.set('b', 2, 11);
  expect([lru.get('a'), lru.get('b'), lru.size]).toEqual([1, undefined, 1]);
  lru.set('a', 3, 11);
  expect([lru.get('a'), lru.size]).toEqual([undefined, 0]);
});

/** The obvious way: a list, the oldest first. */
class Model {
  entries: { key: number; value: number; weight: number }[] = [];

  get(key: number): number | undefined {
    const found = this.entries.find((entry) => entry.key === key);
    if (found) this.entries = [...this.entries.filter((entry) => entry !== found), found];
    return found?.value;
  }

  set(key: number, value: number, weight: number, maxEntries: number, maxWeight: number): void {
    this.delete(key);
    if (weight > maxWeight) return;
    this.entries.push({ key, value, weight });
    const isTooMuch = () =>
      this.entries.length > maxEntries || this.entries.reduce((sum, entry) => sum + entry.weight, 0) > maxWeight;
    while (isTooMuch()) this.entries.shift();
  }

  delete(key: number): void {
    this.entries = this.entries.filter((entry) => entry.key !== key);
  }
}

test('does what the simple model does', () => {
  const key = fc.nat(8);
  const step = fc.oneof(
    fc.record({ do: fc.constant('get' as const), key }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constant('set' as const), key, value: fc.nat(), weight: fc.nat(12) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(20), fc.array(step, { maxLength: 60 }), (maxEntries, maxWeight, steps) => {
      const lru = new Lru<number, number>(maxEntries, maxWeight);
      const model = new Model();
      for (const call of steps) {
        if (call.do === 'get') expect(lru.get(call.key)).toBe(model.get(call.key));
        else if (call.do === 'delete') {
          lru.delete(call.key);
          model.delete(call.key);
        } else {
          lru.set(call.key, call.value, call.weight);
          model.set(call.key, call.value, call.weight, maxEntries, maxWeight);
        }
        expect(lru.size).toBe(model.entries.length);
      }
      for (const { key: left, value } of [...model.entries]) expect(lru.get(left)).toBe(value);
    }),
    { numRuns: 1_000 },
  );
});
