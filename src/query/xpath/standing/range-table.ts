import { type Bucket, itemsOf, withItem, withoutItem } from '../../../base/bucket.ts';
import { SortedList } from '../../../base/sorted-list.ts';
import { numberOf } from '../conversions.ts';
import type { ValueTest } from '../need.ts';
import { isWithin, type NumberRange } from '../number-range.ts';
import type { AccessFact } from './access-fact.ts';
import type { KindTable } from './kind-table.ts';

/** The ranges of one shape. */
interface Shelf<T> {
  add(range: NumberRange, fact: AccessFact<T>): void;
  delete(range: NumberRange, fact: AccessFact<T>): void;
  probe(value: number, present: Set<AccessFact<T>>): void;
}

/** Values that are numbers in a range. */
export class RangeTable<T> implements KindTable<T> {
  readonly #facts = new Map<string, AccessFact<T>>();
  readonly #points = new Points<T>();
  readonly #spans = new Spans<T>();
  readonly #above = new HalfLines<T>(1);
  readonly #below = new HalfLines<T>(-1);

  get size(): number {
    return this.#facts.size;
  }

  get(test: ValueTest): AccessFact<T> | undefined {
    return this.#facts.get(nameOf(rangeOfTest(test)));
  }

  add(fact: AccessFact<T>): void {
    const range = rangeOfTest(fact.test);
    this.#facts.set(nameOf(range), fact);
    this.#shelfOf(range)?.add(range, fact);
  }

  delete(fact: AccessFact<T>): void {
    const range = rangeOfTest(fact.test);
    this.#facts.delete(nameOf(range));
    this.#shelfOf(range)?.delete(range, fact);
  }

  probe(value: string, present: Set<AccessFact<T>>): void {
    const number = numberOf(value);
    if (Number.isNaN(number)) return;
    this.#points.probe(number, present);
    this.#spans.probe(number, present);
    this.#above.probe(number, present);
    this.#below.probe(number, present);
  }

  /** None for a range that holds no number. */
  #shelfOf({ low, high, hasLow, hasHigh }: NumberRange): Shelf<T> | undefined {
    if (low === high) return hasLow && hasHigh ? this.#points : undefined;
    if (low > high) return undefined;
    if (high === Number.POSITIVE_INFINITY) return this.#above;
    return low === Number.NEGATIVE_INFINITY ? this.#below : this.#spans;
  }
}

function rangeOfTest(test: ValueTest): NumberRange {
  if (test.kind !== 'range') throw new Error(`xpath: a test of kind ${test.kind} among ranges`);
  return test.range;
}

function nameOf({ low, high, hasLow, hasHigh }: NumberRange): string {
  return `${hasLow ? '[' : '('}${low},${high}${hasHigh ? ']' : ')'}`;
}

/** Single numbers. */
class Points<T> implements Shelf<T> {
  readonly #facts = new Map<number, AccessFact<T>>();

  add({ low }: NumberRange, fact: AccessFact<T>): void {
    this.#facts.set(low, fact);
  }

  delete({ low }: NumberRange): void {
    this.#facts.delete(low);
  }

  probe(value: number, present: Set<AccessFact<T>>): void {
    const fact = this.#facts.get(value);
    if (fact !== undefined) present.add(fact);
  }
}

/** Ranges without an upper bound; with direction -1, without a lower one. What is found is in the range: nothing is looked at in vain. */
class HalfLines<T> implements Shelf<T> {
  readonly #direction: 1 | -1;
  readonly #facts: SortedList<AccessFact<T>>;

  constructor(direction: 1 | -1) {
    this.#direction = direction;
    this.#facts = new SortedList(({ test }) => this.#boundOf(rangeOfTest(test)));
  }

  add(_range: NumberRange, fact: AccessFact<T>): void {
    this.#facts.add(fact);
  }

  delete(range: NumberRange, fact: AccessFact<T>): void {
    this.#facts.delete(this.#boundOf(range), (other) => other === fact);
  }

  probe(value: number, present: Set<AccessFact<T>>): void {
    const high = value * this.#direction;
    const visit = (fact: AccessFact<T>): void => {
      if (isWithin(rangeOfTest(fact.test), value)) present.add(fact);
    };
    if (this.#facts.size > 0) this.#facts.forEach(visit, Number.NEGATIVE_INFINITY, high);
  }

  #boundOf({ low, high }: NumberRange): number {
    return this.#direction === 1 ? low : -high;
  }
}

/**
 * Ranges with two bounds, in grids: each lies in at most two cells of the grid whose cells are the first as wide as it is. A value looks
 * into one cell of each grid; there are at most 2,100 widths, the powers of two that a double can be.
 */
class Spans<T> implements Shelf<T> {
  readonly #grids = new Map<number, Map<number, Bucket<AccessFact<T>>>>();

  add(range: NumberRange, fact: AccessFact<T>): void {
    const width = widthOf(range);
    let grid = this.#grids.get(width);
    if (grid === undefined) {
      grid = new Map();
      this.#grids.set(width, grid);
    }
    for (const cell of cellsOf(range, width)) grid.set(cell, withItem(grid.get(cell), fact));
  }

  delete(range: NumberRange, fact: AccessFact<T>): void {
    const width = widthOf(range);
    const grid = this.#grids.get(width);
    if (grid === undefined) return;
    for (const cell of cellsOf(range, width)) {
      const left = withoutItem(grid.get(cell), fact);
      if (left === undefined) grid.delete(cell);
      else grid.set(cell, left);
    }
    if (grid.size === 0) this.#grids.delete(width);
  }

  probe(value: number, present: Set<AccessFact<T>>): void {
    for (const [width, grid] of this.#grids) {
      for (const fact of itemsOf(grid.get(Math.floor(value / width))))
        if (isWithin(rangeOfTest(fact.test), value)) present.add(fact);
    }
  }
}

/** The first power of two that is not less than the range is wide. */
function widthOf({ low, high }: NumberRange): number {
  const width = high - low;
  if (width > 2 ** 1023) return 2 ** 1023;
  const power = 2 ** Math.ceil(Math.log2(width));
  return power >= width ? power : power * 2;
}

/** One or two cells, and up to four where the range is wider than the widest grid. */
function cellsOf({ low, high }: NumberRange, width: number): Set<number> {
  const [first, last] = [Math.floor(low / width), Math.floor(high / width)];
  return new Set([0, 1, 2, 3].map((i) => Math.min(first + i, last)));
}
