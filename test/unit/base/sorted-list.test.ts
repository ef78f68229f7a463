import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedList } from '../../../src/base/sorted-list.ts';

interface Item {
  readonly key: number;
}

const keyOf = ({ key }: Item): number => key;

test('holds what an array that is sorted after each change holds', () => {
  const change = fc.record({ key: fc.integer({ min: 0, max: 40 }), isAdded: fc.boolean() });
  const cases = fc.property(fc.array(change, { maxLength: 3_000, minLength: 500, size: 'max' }), (changes) => {
    const list = new SortedList(keyOf);
    let expected: Item[] = [];
    for (const { key, isAdded } of changes) {
      const item = { key };
      if (isAdded) {
        list.add(item);
        expected.push(item);
        continue;
      }
      const gone = expected.find((each) => each.key === key);
      expect(list.delete(key, (each) => each === gone)).toBe(gone !== undefined);
      expected = expected.filter((each) => each !== gone);
    }
    expected.sort((a, b) => a.key - b.key);
    const found: Item[] = [];
    list.forEach((item) => void found.push(item));
    expect(found).toEqual(expected);
    expect(list.size).toBe(expected.length);
    expect(walk(list, 10)).toEqual(expected.filter(({ key }) => key >= 10).map(keyOf));
    const some: Item[] = [];
    list.forEach((item) => void some.push(item), 10, 20);
    expect(some).toEqual(expected.filter(({ key }) => key >= 10 && key <= 20));
    for (let key = -1; key < 42; key++) expect(list.has(key)).toBe(expected.some((each) => each.key === key));
  });
  fc.assert(cases, { numRuns: 20 });
});

test('stays in order with 20,000 different keys', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => (i * 7_919) % 20_011);
  const list = new SortedList(keyOf);
  for (const key of keys) list.add({ key });
  expect(walk(list, Number.NEGATIVE_INFINITY)).toEqual(keys.toSorted((a, b) => a - b));
  for (const key of keys) if (key % 2 === 0) list.delete(key, () => true);
  expect(walk(list, 0)).toEqual(keys.filter((key) => key % 2 === 1).sort((a, b) => a - b));
});

/** The keys from `first` on, fetched block by block. */
function walk(list: SortedList<Item>, first: number): number[] {
  const keys: number[] = [];
  let block = list.from(first);
  for (let last = block.at(-1); last !== undefined; last = block.at(-1)) {
    keys.push(...block.map(keyOf));
    block = list.after(last.key);
  }
  return keys;
}
