import type { Delivery } from './delivery.ts';

const PRIORITIES = 10;

/** Deliveries of one lane that are in the store only, in the place where they belong. */
export interface StoredPart {
  readonly isStoredPart: true;
  readonly priority: number;
  /** Of the first one. */
  readonly order: number;
  /** Of the last one. */
  readonly lastOrder: number;
  readonly entries: number;
  /** Their content. */
  readonly bytes: number;
}

/** What became of a stored part: its first deliveries, and what is still in the store behind them. */
export interface LoadedPart {
  readonly deliveries: readonly Delivery[];
  readonly rest: StoredPart | undefined;
}

/** Reads the beginning of a stored part, mostly at least one delivery unless there is no rest; undefined: not in this turn of the event loop. */
export type LoadPart = (part: StoredPart) => LoadedPart | undefined;

/**
 * Deliveries that wait, highest priority first, oldest first within a priority. It knows no bound: that is `BoundedQueue`. Parts of it
 * may be in the store only; they are loaded when their turn comes. As long as one cannot be loaded, nothing behind it can be seen.
 */
export class DeliveryQueue {
  readonly #load: LoadPart;
  /** One lane per priority, made when first used: most sessions use one. */
  readonly #lanes: (Lane | undefined)[] = [];
  #size = 0;

  constructor(load: LoadPart) {
    this.#load = (part) => {
      const loaded = load(part);
      if (!loaded) return undefined;
      this.#size -= part.entries - loaded.deliveries.length - (loaded.rest?.entries ?? 0);
      return loaded;
    };
  }

  /** Deliveries, those in the store too. */
  get size(): number {
    return this.#size;
  }

  push(delivery: Delivery): void {
    this.#lane(delivery.message.qos.priority).push(delivery);
    this.#size++;
  }

  /** Adds what the store holds, behind all else. */
  addStored(part: StoredPart): void {
    this.#lane(part.priority).addStored(part);
    this.#size += part.entries;
  }

  /** Puts taken deliveries back to their places, in any order. */
  putBack(deliveries: readonly Delivery[]): void {
    for (const [priority, group] of groupByPriority(deliveries)) {
      this.#lane(priority).putBack(group.sort((a, b) => a.order - b.order));
    }
    this.#size += deliveries.length;
  }

  /** Leaves waiting deliveries to the store, the last ones first, until `isDone`: those that `leave` lets go. They count still. */
  unload(leave: (delivery: Delivery) => boolean, isDone: () => boolean): void {
    for (const [priority, lane] of this.#lanes.entries()) lane?.unload(priority, leave, isDone);
  }

  /** Takes out all that is in the store only. */
  takeStored(): StoredPart[] {
    const parts = this.#lanes.flatMap((lane) => lane?.takeStored() ?? []);
    for (const { entries } of parts) this.#size -= entries;
    return parts;
  }

  /** What `shift` would return. */
  peek(): Delivery | undefined {
    return this.#firstLane()?.peek();
  }

  /** Takes the first delivery. */
  shift(): Delivery | undefined {
    const delivery = this.#firstLane()?.shift();
    if (delivery) this.#size--;
    return delivery;
  }

  /** Takes what has waited longest, whatever its priority. */
  shiftOldest(): Delivery | undefined {
    let oldest: Lane | undefined;
    for (const lane of this.#lanes) {
      const first = lane?.peek();
      if (!first && lane?.isEmpty === false) return undefined;
      if (first && first.order < (oldest?.peek()?.order ?? Number.POSITIVE_INFINITY)) oldest = lane;
    }
    const delivery = oldest?.shift();
    if (delivery) this.#size--;
    return delivery;
  }

  /** In order, as long as nothing is added or taken. */
  *[Symbol.iterator](): Generator<Delivery> {
    for (const lane of this.#lanes.toReversed()) if (lane && !(yield* lane)) return;
  }

  /** Those that are not in the store only. */
  *inMemory(): Generator<Delivery> {
    for (const lane of this.#lanes) if (lane) yield* lane.inMemory();
  }

  /** Takes one delivery out; false when it is not there. */
  remove(delivery: Delivery): boolean {
    const isRemoved = this.#lanes[delivery.message.qos.priority]?.remove(delivery) === true;
    if (isRemoved) this.#size--;
    return isRemoved;
  }

  /** Takes out everything that `isUnwanted` says and that is not in the store only, in order. */
  removeAll(isUnwanted: (delivery: Delivery) => boolean): Delivery[] {
    const removed = this.#lanes.toReversed().flatMap((lane) => lane?.removeAll(isUnwanted) ?? []);
    this.#size -= removed.length;
    return removed;
  }

  #lane(priority: number): Lane {
    const lane = this.#lanes[priority] ?? new Lane(this.#load);
    this.#lanes[priority] = lane;
    return lane;
  }

  #firstLane(): Lane | undefined {
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      const lane = this.#lanes[priority];
      if (lane?.peek() || lane?.isEmpty === false) return lane;
    }
    return undefined;
  }
}

type Item = Delivery | StoredPart;

/** How many deliveries an `unload` steps over that may not leave. */
const MAX_STAYING = 1_000;

/** Deliveries of one priority: a deque, ascending by `order`. */
class Lane {
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

  remove(delivery: Delivery): boolean {
    const index = this.#indexFor(delivery.order);
    if (this.#items[index] !== delivery) return false;
    this.#items.splice(index, 1);
    if (this.#head === this.#items.length) this.#clear();
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

function groupByPriority(deliveries: readonly Delivery[]): Map<number, Delivery[]> {
  const groups = new Map<number, Delivery[]>();
  for (const delivery of deliveries) {
    const group = groups.get(delivery.message.qos.priority);
    if (group) group.push(delivery);
    else groups.set(delivery.message.qos.priority, [delivery]);
  }
  return groups;
}
