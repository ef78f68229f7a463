import type { Delivery } from './delivery.ts';
import { Lane } from './lane.ts';
import type { LoadPart, StoredPart, SweptPart } from './stored-part.ts';

const PRIORITIES = 10;

/** Where in a queue. */
export interface QueuePlace {
  readonly priority: number;
  readonly order: number;
}

/** Nothing is before it. */
export const FIRST_PLACE: QueuePlace = { priority: PRIORITIES - 1, order: 0 };

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

  /**
   * Shows `sweep` what is in the store only, from `place` on: some of it, of which it may take out some. Returns where to go on, whatever
   * becomes of the queue meanwhile; undefined: that was all.
   */
  sweepStored({ priority, order }: QueuePlace, sweep: (part: StoredPart) => SweptPart): QueuePlace | undefined {
    const next = this.#lanes[priority]?.sweepStored(order, (part) => {
      const swept = sweep(part);
      this.#size -= swept.entries;
      return swept;
    });
    if (next !== undefined) return { priority, order: next };
    return priority > 0 ? { priority: priority - 1, order: 0 } : undefined;
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

  /** In order, as long as nothing is added or taken: those that may be delivered. */
  *living(now: number): Generator<Delivery> {
    for (const delivery of this) if (!delivery.message.isGone(now)) yield delivery;
  }

  /** Those that are not in the store only. */
  *inMemory(): Generator<Delivery> {
    for (const lane of this.#lanes) if (lane) yield* lane.inMemory();
  }

  /** How many they are, and their content. */
  get cached(): { readonly entries: number; readonly bytes: number } {
    let entries = 0;
    let bytes = 0;
    for (const { message } of this.inMemory()) {
      entries++;
      bytes += message.content.length;
    }
    return { entries, bytes };
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

function groupByPriority(deliveries: readonly Delivery[]): Map<number, Delivery[]> {
  const groups = new Map<number, Delivery[]>();
  for (const delivery of deliveries) {
    const group = groups.get(delivery.message.qos.priority);
    if (group) group.push(delivery);
    else groups.set(delivery.message.qos.priority, [delivery]);
  }
  return groups;
}
