import type { Delivery } from './delivery.ts';
import type { LoadPart, StoredPart, SweptPart } from './stored-part.ts';

type Item = Delivery | StoredPart;

/** How many deliveries an `unload` steps over that may not leave. */
const MAX_STAYING = 1_000;

/** Deliveries of one priority: a deque, ascending by `order`. */
export class Lane {
  readonly #load: LoadPart;
  #items: (Item | undefined)[] = [];
  #head = 0;

  constructor(load: LoadPart) {
    this.#load = load;
  }

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  push(delivery: Delivery): void {
    this.#items.push(delivery);
  }

  addStored(part: StoredPart): void {
    this.#items.push(part);
  }

  peek(): Delivery | undefined {
    return this.#at(this.#head);
  }

  shift(): Delivery | undefined {
    const delivery = this.peek();
    if (!delivery) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.#clear();
    else if (this.#head >= 1024 && this.#head * 2 > this.#items.length) this.#reset(this.#items.slice(this.#head));
    return delivery;
  }

  /** Mostly `returned` was taken from the head just now and fits in front of it as a whole. */
  putBack(returned: readonly Delivery[]): void {
    const first = this.#items[this.#head];
    if (first && first.order < (returned.at(-1) as Delivery).order) {
      for (const delivery of returned) this.#items.splice(this.#indexFor(delivery.order), 0, delivery);
    } else if (this.#head >= returned.length) {
      for (let i = returned.length - 1; i >= 0; i--) this.#items[--this.#head] = returned[i];
    } else {
      this.#reset([...returned, ...this.#items.slice(this.#head)]);
    }
  }

  /** Whether it was seen to its end. */
  *[Symbol.iterator](): Generator<Delivery, boolean> {
    for (let i = this.#head; ; i++) {
      const delivery = this.#at(i);
      if (!delivery) return i === this.#items.length;
      yield delivery;
    }
  }

  /** See `DeliveryQueue.unload`; a few that stay may stand between. */
  unload(priority: number, leave: (delivery: Delivery) => boolean, isDone: () => boolean): void {
    const items: Item[] = []; // from the end on
    let i = this.#items.length;
    for (let stay = 0; i > this.#head && stay < MAX_STAYING; ) {
      const item = this.#items[i - 1] as Item;
      if (isDone() && !isStoredPart(item)) break;
      i--;
      const part = items.at(-1);
      if (!isStoredPart(item) && !leave(item)) {
        items.push(item);
        stay++;
      } else if (part instanceof GrowingPart) part.growInFront(item);
      else items.push(new GrowingPart(priority, item));
    }
    this.#items.length = i;
    for (const item of items.reverse()) this.#items.push(item);
  }

  *inMemory(): Generator<Delivery> {
    for (const item of this.#items) if (item && !isStoredPart(item)) yield item;
  }

  takeStored(): StoredPart[] {
    const items = this.#items.slice(this.#head) as Item[];
    this.#reset(items.filter((item) => !isStoredPart(item)));
    return items.filter(isStoredPart);
  }

  /** See `DeliveryQueue.sweepStored`: of one part at a time. Returns the order where to go on. */
  sweepStored(order: number, sweep: (part: StoredPart) => SweptPart): number | undefined {
    let index = Math.max(this.#head, this.#indexFor(order) - 1); // a part that begins before it may reach beyond
    while (index < this.#items.length && !isStoredFrom(this.#items[index] as Item, order)) index++;
    const part = this.#items[index] as StoredPart | undefined;
    if (!part) return undefined;
    const { entries, bytes, next } = sweep({ ...part, order: Math.max(order, part.order) });
    if (entries >= part.entries) this.#removeAt(index);
    else if (entries > 0) this.#items[index] = { ...part, entries: part.entries - entries, bytes: part.bytes - bytes };
    return next ?? part.lastOrder + 1;
  }

  remove(delivery: Delivery): boolean {
    const index = this.#indexFor(delivery.order);
    if (this.#items[index] !== delivery) return false;
    this.#removeAt(index);
    return true;
  }

  removeAll(isUnwanted: (delivery: Delivery) => boolean): Delivery[] {
    const removed: Delivery[] = [];
    const kept: Item[] = [];
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i] as Item;
      if (!isStoredPart(item) && isUnwanted(item)) removed.push(item);
      else kept.push(item);
    }
    if (removed.length > 0) this.#reset(kept);
    return removed;
  }

  /** The delivery at an index, loaded if need be; undefined at the end, and when it cannot be loaded now. */
  #at(index: number): Delivery | undefined {
    for (let item = this.#items[index]; item; item = this.#items[index]) {
      if (!isStoredPart(item)) return item;
      const loaded = this.#load(item);
      if (!loaded) return undefined;
      const { deliveries, rest } = loaded;
      const items = rest ? [...deliveries, rest] : deliveries;
      this.#items.splice(index, 1, ...items);
    }
    return undefined;
  }

  #removeAt(index: number): void {
    this.#items.splice(index, 1);
    if (this.#head === this.#items.length) this.#clear();
  }

  #clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }

  #reset(items: (Item | undefined)[]): void {
    this.#items = items;
    this.#head = 0;
  }

  /** The index of the first delivery with this order or a higher one. */
  #indexFor(order: number): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle] as Item).order < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isStoredPart(item: Item): item is StoredPart {
  return 'isStoredPart' in item;
}

function isStoredFrom(item: Item, order: number): boolean {
  return isStoredPart(item) && item.lastOrder >= order;
}

/** What an unload leaves to the store. */
class GrowingPart implements StoredPart {
  readonly isStoredPart = true;
  readonly priority: number;
  order: number;
  readonly lastOrder: number;
  entries = 0;
  bytes = 0;

  constructor(priority: number, last: Item) {
    this.priority = priority;
    this.order = last.order;
    this.lastOrder = isStoredPart(last) ? last.lastOrder : last.order;
    this.growInFront(last);
  }

  growInFront(item: Item): void {
    this.order = item.order;
    this.entries += isStoredPart(item) ? item.entries : 1;
    this.bytes += isStoredPart(item) ? item.bytes : item.message.content.length;
  }
}
