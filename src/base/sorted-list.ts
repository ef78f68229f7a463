/** Items of one block; to put one in means to move as many as these. */
const MAX_BLOCK = 512;

/**
 * Items in the order of their keys, in blocks: adding and removing takes a search and some moves in one block, whatever the size. Equal
 * keys stand in the order in which they were added.
 */
export class SortedList<T> {
  readonly #keyOf: (item: T) => number;
  readonly #blocks: T[][] = [];
  #size = 0;

  /** @param keyOf the same for an item as long as it is in the list; never NaN. */
  constructor(keyOf: (item: T) => number) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    this.#size++;
    const key = this.#keyOf(item);
    const last = this.#blocks.at(-1);
    if (last !== undefined && key >= this.#keyOf(last.at(-1) as T)) {
      this.#append(item, last);
      return;
    }
    const at = Math.max(0, this.#blockBehind(key) - 1);
    const block = this.#blocks[at];
    if (block === undefined) this.#blocks.push([item]);
    else {
      block.splice(this.#indexBehind(block, key), 0, item);
      if (block.length > MAX_BLOCK) this.#blocks.splice(at + 1, 0, block.splice(MAX_BLOCK / 2));
    }
  }

  /** Takes out the item with this key that `isIt`; false when there is none. */
  delete(key: number, isIt: (item: T) => boolean): boolean {
    for (let at = this.#blockBehind(key) - 1; at >= 0; at--) {
      const block = this.#blocks[at] as T[];
      if (this.#keyOf(block.at(-1) as T) < key) return false;
      let index = this.#indexBehind(block, key) - 1;
      while (index >= 0 && !isIt(block[index] as T) && this.#keyOf(block[index] as T) === key) index--;
      if (index < 0 || this.#keyOf(block[index] as T) !== key) continue;
      block.splice(index, 1);
      if (block.length === 0) this.#blocks.splice(at, 1);
      this.#size--;
      return true;
    }
    return false;
  }

  has(key: number): boolean {
    const last = this.#blocks.at(-1)?.at(-1);
    if (last === undefined || key > this.#keyOf(last)) return false;
    const block = this.#blocks[this.#blockBehind(key) - 1];
    if (block === undefined) return false;
    const item = block[this.#indexBehind(block, key) - 1];
    return item !== undefined && this.#keyOf(item) === key;
  }

  /** Calls `visit` for all items with keys from `low` to `high`, in order; the list must stay as it is meanwhile. */
  forEach(visit: (item: T) => void, low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY): void {
    const [lowest] = this.#blocks[0] ?? [];
    if (lowest === undefined || this.#keyOf(lowest) > high) return;
    for (let at = this.#blockBefore(low); at < this.#blocks.length; at++) {
      for (const item of this.#blocks[at] as T[]) {
        const key = this.#keyOf(item);
        if (key > high) return;
        if (key >= low) visit(item);
      }
    }
  }

  /**
   * The items with keys greater than `key`, in order, as many as are in one block and those with the same key as the last of them; none
   * at the end. So a walk may pause while the list changes.
   */
  after(key: number): readonly T[] {
    const at = Math.max(0, this.#blockBehind(key) - 1);
    const block = this.#blocks[at];
    return block === undefined ? [] : this.#slice(at, this.#indexBehind(block, key));
  }

  /** The same for keys from `key` on. */
  from(key: number): readonly T[] {
    const at = this.#blockBefore(key);
    const block = this.#blocks[at];
    return block === undefined
      ? []
      : this.#slice(
          at,
          partition(block.length, (i) => this.#keyOf(block[i] as T) < key),
        );
  }

  /** How many items have keys from `low` to `high`, give or take two blocks. */
  estimate(low: number, high: number): number {
    if (this.#blocks.length <= 1) return this.#size;
    return Math.min(this.#size, Math.max(0, this.#blockBehind(high) - this.#blockBefore(low)) * MAX_BLOCK);
  }

  /** Most lists grow at their end. */
  #append(item: T, last: T[]): void {
    if (last.length < MAX_BLOCK) last.push(item);
    else this.#blocks.push([item]);
  }

  #slice(start: number, index: number): T[] {
    let at = start;
    const items = (this.#blocks[at] ?? []).slice(index);
    for (let next = this.#blocks[++at]; next !== undefined; next = this.#blocks[++at]) {
      const last = items.at(-1);
      if (last !== undefined && this.#keyOf(next[0] as T) !== this.#keyOf(last)) break;
      items.push(...next);
    }
    return items;
  }

  /** The first block whose first key is greater than `key`. */
  #blockBehind(key: number): number {
    return partition(this.#blocks.length, (i) => this.#keyOf(this.#blocks[i]?.[0] as T) <= key);
  }

  /** The first block that may hold a key of at least `key`. */
  #blockBefore(key: number): number {
    return partition(this.#blocks.length, (i) => this.#keyOf(this.#blocks[i]?.at(-1) as T) < key);
  }

  #indexBehind(block: readonly T[], key: number): number {
    return partition(block.length, (i) => this.#keyOf(block[i] as T) <= key);
  }
}

/** How many of the first `length` numbers pass; those that do come before those that do not. */
function partition(length: number, passes: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
