import { expect, test } from 'vitest';
import { ShardedMap } from '../../../src/base/sharded-map.ts';

test('is a map, with few entries and with many', () => {
  const map = new ShardedMap<number>();
  const expected = new Map<string, number>();
  for (let i = 0; i < 30_000; i++) {
    const key = i % 3 === 0 ? `${i}` : `${i} with an end that is always the same`;
    map.set(key, i);
    expected.set(key, i);
    if (i % 7 === 0) {
      map.set(key, -i);
      expected.set(key, -i);
    }
    const gone = String(i >> 1);
    if (i % 5 === 0) expect(map.delete(gone)).toBe(expected.delete(gone));
  }
  expect(map.size).toBe(expected.size);
  expect(new Map(map)).toEqual(expected);
  expect(map.get('29999')).toBe(expected.get('29999'));
  expect(map.get('none')).toBeUndefined();
});

test('what stays is met by a walk during which it grows', () => {
  const map = new ShardedMap<number>();
  for (let i = 0; i < 8_000; i++) map.set(String(i), i);
  const met = new Set<string>();
  for (const [key] of map) {
    met.add(key);
    if (met.size < 3_000) map.set(`new ${met.size}`, 0);
  }
  expect(Array.from({ length: 8_000 }, (_, i) => String(i)).filter((key) => !met.has(key))).toEqual([]);
});
