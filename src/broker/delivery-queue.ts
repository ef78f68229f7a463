import type { Delivery } from './delivery.ts';

const PRIORITIES = 10;

/**
 * Deliveries that wait, highest priority first, oldest first within a priority. It knows no bound: that is `BoundedQueue`.
 */
export class DeliveryQueue {
  /** One lane per priority, made when first used: most sessions use one. */
  readonly #lanes: (Lane | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(delivery: Delivery): void {
    const priority = delivery.message.qos.priority;
    this.#lanes[priority] ??= new Lane();
    this.#lanes[priority].push(delivery);
    this.#size++;
  }

  /** Puts taken deliveries back to their places, in any order. */
  putBack(deliveries: readonly Delivery[]): void {
    for (const [priority, group] of groupByPriority(deliveries)) {
      this.#lanes[priority] ??= new Lane();
      this.#lanes[priority].putBack(group.sort((a, b) => a.order - b.order));
    }
    this.#size += deliveries.length;
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
      if (first && first.order < (oldest?.peek()?.order ?? Number.POSITIVE_INFINITY)) oldest = lane;
    }
    const delivery = oldest?.shift();
    if (delivery) this.#size--;
    return delivery;
  }

  /** In order, as long as nothing is added or taken. */
  *[Symbol.iterator](): Generator<Delivery> {
    for (const lane of this.#lanes.toReversed()) if (lane) yield* lane;
  }

  /** Takes one delivery out; false when it is not there. */
  remove(delivery: Delivery): boolean {
    const isRemoved = this.#lanes[delivery.message.qos.priority]?.remove(delivery) === true;
    if (isRemoved) this.#size--;
    return isRemoved;
  }

  /** Takes out everything that `isUnwanted` says, in order. */
  removeAll(isUnwanted: (delivery: Delivery) => boolean): Delivery[] {
    const removed = this.#lanes.toReversed().flatMap((lane) => lane?.removeAll(isUnwanted) ?? []);
    this.#size -= removed.length;
    return removed;
  }

  #firstLane(): Lane | undefined {
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      const lane = this.#lanes[priority];
      if (lane && lane.size > 0) return lane;
    }
    return undefined;
  }
}

/** Deliveries of one priority: a deque, ascending by `order`. */
class Lane {
  #items: (Delivery | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(delivery: Delivery): void {
    this.#items.push(delivery);
  }

  peek(): Delivery | undefined {
    return this.#items[this.#head];
  }

  shift(): Delivery | undefined {
    const delivery = this.#items[this.#head];
    if (!delivery) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.#clear();
    else if (this.#head >= 1024 && this.#head * 2 > this.#items.length) this.#reset(this.#items.slice(this.#head));
    return delivery;
  }

  /** Mostly `returned` was taken from the head just now and fits in front of it as a whole. */
  putBack(returned: readonly Delivery[]): void {
    const first = this.peek();
    if (first && first.order < (returned.at(-1) as Delivery).order) {
      for (const delivery of returned) this.#items.splice(this.#indexFor(delivery.order), 0, delivery);
    } else if (this.#head >= returned.length) {
      for (let i = returned.length - 1; i >= 0; i--) this.#items[--this.#head] = returned[i];
    } else {
      this.#reset([...returned, ...this.#items.slice(this.#head)]);
    }
  }

  *[Symbol.iterator](): Generator<Delivery> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as Delivery;
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
    const kept: Delivery[] = [];
    for (let i = this.#head; i < this.#items.length; i++) {
      const delivery = this.#items[i] as Delivery;
      (isUnwanted(delivery) ? removed : kept).push(delivery);
    }
    if (removed.length > 0) this.#reset(kept);
    return removed;
  }

  #clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }

  #reset(items: (Delivery | undefined)[]): void {
    this.#items = items;
    this.#head = 0;
  }

  /** The index of the first delivery with this order or a higher one. */
  #indexFor(order: number): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle] as Delivery).order < order) low = middle + 1;
      else high = middle;
    }
    return low;
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
