import { SortedList } from '../../../base/sorted-list.ts';
import type { Ordered, Posting } from './posting.ts';

/** Lists up to this size are copied; larger ones are read block by block. */
const MAX_COPIED = 512;
/** Items that are sorted in one go: less than a millisecond. */
const BATCH = 2_048;

/** The members of many postings, in order and each once. */
export class OrderedUnion<T extends Ordered> {
  readonly #runs: Run<T>[] = [];
  #batch: T[] = [];

  add(posting: Posting<T>): void {
    if (posting === undefined) return;
    if (!(posting instanceof SortedList)) this.#batch.push(posting);
    else if (posting.size > MAX_COPIED) this.#addRun(new Run((key) => posting.after(key)));
    else posting.forEach((item) => void this.#batch.push(item));
    if (this.#batch.length >= BATCH) this.#endBatch();
  }

  /** To be called when all have been added. The postings may change meanwhile: what stays is not missed. */
  *[Symbol.iterator](): Generator<T, undefined> {
    this.#endBatch();
    const runs = this.#runs;
    let last: T | undefined;
    for (let run = runs[0]; run !== undefined; run = runs[0]) {
      const item = run.head as T;
      if (item !== last) yield item;
      last = item;
      run.advance();
      if (run.head === undefined) {
        const end = runs.pop() as Run<T>;
        if (runs.length > 0) runs[0] = end;
      }
      sink(runs, 0);
    }
  }

  #endBatch(): void {
    const items = this.#batch.sort((a, b) => a.keyOrder - b.keyOrder);
    this.#batch = [];
    let rest: readonly T[] = items;
    this.#addRun(
      new Run(() => {
        const block = rest;
        rest = [];
        return block;
      }),
    );
  }

  #addRun(run: Run<T>): void {
    if (run.head === undefined) return;
    this.#runs.push(run);
    rise(this.#runs, this.#runs.length - 1);
  }
}

/** Items in order, fetched in blocks. */
class Run<T extends Ordered> {
  readonly #fetch: (after: number) => readonly T[];
  #block: readonly T[];
  #index = 0;

  /** @param fetch some of the items behind a number; none at the end. */
  constructor(fetch: (after: number) => readonly T[]) {
    this.#fetch = fetch;
    this.#block = fetch(Number.NEGATIVE_INFINITY);
  }

  get head(): T | undefined {
    return this.#block[this.#index];
  }

  advance(): void {
    const { keyOrder } = this.#block[this.#index] as T;
    if (++this.#index < this.#block.length) return;
    this.#block = this.#fetch(keyOrder);
    this.#index = 0;
  }
}

/** The runs are a heap: the one with the lowest head comes first. */
function sink<T extends Ordered>(runs: Run<T>[], start: number): void {
  let at = start;
  for (;;) {
    const left = 2 * at + 1;
    let lowest = at;
    for (const child of [left, left + 1]) if (child < runs.length && isLower(runs, child, lowest)) lowest = child;
    if (lowest === at) return;
    swap(runs, at, lowest);
    at = lowest;
  }
}

function rise<T extends Ordered>(runs: Run<T>[], start: number): void {
  let at = start;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isLower(runs, at, parent)) return;
    swap(runs, at, parent);
    at = parent;
  }
}

function isLower<T extends Ordered>(runs: readonly Run<T>[], a: number, b: number): boolean {
  return (runs[a]?.head?.keyOrder ?? 0) < (runs[b]?.head?.keyOrder ?? 0);
}

function swap<T>(items: T[], a: number, b: number): void {
  [items[a], items[b]] = [items[b] as T, items[a] as T];
}
