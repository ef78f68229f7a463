import type { DeliveryCounters } from './counters.ts';
import { DELIVERY_BYTES, type Delivery, type DeliveryInit, queued } from './delivery.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { FillMark } from './fill-mark.ts';
import { firstEntries } from './first-entries.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import { NewestOnly } from './newest-only.ts';
import { QueriedDeliveries } from './queried-deliveries.ts';
import type { QueueBounds } from './queue-bounds.ts';
import { StoredDeliveries } from './stored-deliveries.ts';
import type { LoadedPart, StoredPart } from './stored-part.ts';
import type { StoredQueue } from './stored-queue.ts';

export interface BoundedQueueContext {
  readonly account: MemoryAccount;
  /** Of all queues. */
  readonly counters: DeliveryCounters;
  readonly now: () => number;
}

/**
 * A queue of deliveries with bounds. They count what waits and what was taken and is not done yet, so that whatever comes back
 * always fits.
 */
export class BoundedQueue {
  bounds: QueueBounds;
  /** Whoever wants to know how full it is. */
  fillMarks: readonly FillMark[] | undefined;
  /** Persistent messages go into the store, too; undefined: nobody would find this queue again after a restart. */
  openStored: (() => StoredQueue) | undefined;
  readonly #context: BoundedQueueContext;
  readonly #queue: DeliveryQueue = new DeliveryQueue((part) => this.#load(part));
  #size = 0;
  #bytes = 0;
  #order = 0;
  /** When the first of the queued messages vanishes (forceDestroy), ms since 1970; never later than true. */
  #nextExpiry = Number.POSITIVE_INFINITY;
  /** Called once when something was done or dropped. */
  #onRoom = new Set<() => void>();
  #jobCount = 0;
  /** Made when first used: most queues need neither. */
  #newestOnly: NewestOnly | undefined;
  #queried: QueriedDeliveries | undefined;
  #stored: StoredDeliveries | undefined;

  constructor(bounds: QueueBounds, context: BoundedQueueContext) {
    this.bounds = bounds;
    this.#context = context;
  }

  /** Deliveries that wait or were taken and are not done. */
  get size(): number {
    return this.#size;
  }

  /** Their content. */
  get bytes(): number {
    return this.#bytes;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** What waits and is in memory. */
  get cached(): { readonly entries: number; readonly bytes: number } {
    return this.#queue.cached;
  }

  /** What waits, as queries see it. */
  get queried(): QueriedDeliveries {
    this.#queried ??= new QueriedDeliveries(this);
    return this.#queried;
  }

  /**
   * The first of those that wait and may be delivered: at most `maxEntries` and, one aside, `maxBytes` of content, as far as they can be
   * loaded now.
   */
  first(maxEntries: number, maxBytes: number): Delivery[] {
    return firstEntries(this.#queue.living(this.#context.now()), maxEntries, maxBytes);
  }

  /**
   * Queues at the end of its priority; false when it does not fit. Of those whose subscription wants the newest only, an older one
   * makes room. `mayLeaveAtOnce`: somebody listens who may be handed it before the store has it.
   */
  push(init: DeliveryInit, mayLeaveAtOnce = false): boolean {
    const { message } = init;
    if (init.parts.newestOnly && !this.#newest().makeRoom(message, init.subscriptionId)) return true;
    if (!this.hasRoom(message.content.length)) return false;
    message.retain();
    this.#count(1, message.content.length);
    this.#noteExpiry(message);
    this.#context.account.charge(DELIVERY_BYTES);
    const delivery = queued(init, this.#order++, mayLeaveAtOnce);
    if (delivery.job) this.#jobCount++;
    else if (message.qos.persistent && this.openStored) this.#storedBy(this.openStored).add(delivery);
    this.#queue.push(delivery);
    if (delivery.parts.newestOnly) this.#newestOnly?.waits(delivery);
    this.#queried?.onChange?.();
    this.#checkMarks();
    return true;
  }

  /** Whether one more delivery with so much content fits; what has expired makes room first, or soon when it is in the store only. */
  hasRoom(contentBytes: number): boolean {
    if (this.#fits(contentBytes)) return true;
    this.dropExpired();
    this.peek(); // others that nobody may get any more may stand in front
    if (this.#fits(contentBytes)) return true;
    this.#stored?.sweepExpired(this.#context.now());
    return false;
  }

  /** Drops what waits and nobody may get any more. */
  sweep(): void {
    const now = this.#context.now();
    this.removeAll(({ message }) => message.isGone(now));
  }

  /** The same for what is in the store only; resolves when it is done, little by little. */
  async sweepStored(): Promise<void> {
    await this.#stored?.sweep();
  }

  /** See `StoredDeliveriesOwner`. */
  onSwept(entries: number, bytes: number): void {
    this.#count(-entries, -bytes);
    this.#noteRoom();
  }

  /** Drops what waits and has vanished by its expiration. */
  dropExpired(): void {
    const now = this.#context.now();
    if (this.#nextExpiry > now) return;
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    this.removeAll(({ message }) => {
      if (message.isGone(now)) return true;
      this.#noteExpiry(message);
      return false;
    });
  }

  /** Drops what has waited longest until so much content fits; false when there is nothing left to drop. */
  makeRoom(contentBytes: number): boolean {
    while (!this.hasRoom(contentBytes)) {
      const oldest = this.#queue.shiftOldest();
      if (!oldest) return this.#fits(contentBytes);
      this.#discard(oldest);
    }
    return true;
  }

  /** Calls `onRoom` once, as soon as something was done or dropped. Returns a function that takes this back. */
  awaitRoom(onRoom: () => void): () => void {
    const waiting = this.#onRoom;
    waiting.add(onRoom);
    return () => void waiting.delete(onRoom);
  }

  /** What `take` would return first; before, drops what stands in front of it and nobody may get any more. */
  peek(): Delivery | undefined {
    const now = this.#context.now();
    let first = this.#queue.peek();
    for (; first?.message.isGone(now); first = this.#queue.peek()) {
      this.#queue.shift();
      this.#discard(first);
    }
    return first;
  }

  /**
   * Takes the first ones, at most `maxEntries` and, one aside, `maxBytes` of content; leaves out what nobody may get any more. Stops
   * at what the store must know to be handed out (see `mark`), if `mustBeMarked`.
   */
  take(maxEntries: number, maxBytes: number, mustBeMarked = false): Delivery[] {
    const taken: Delivery[] = [];
    let bytes = 0;
    for (let next = this.peek(); next && taken.length < maxEntries; next = this.peek()) {
      bytes += next.message.content.length;
      if (taken.length > 0 && bytes > maxBytes) break;
      if (mustBeMarked && this.#stored?.mayLeave(next) === false) break;
      this.#queue.shift();
      if (next.parts.newestOnly) this.#newestOnly?.leaves(next);
      taken.push(next);
    }
    return taken;
  }

  /** What was taken goes back to its place, to be delivered once more. */
  putBack(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      delivery.redeliver++;
      this.#stored?.saveState(delivery);
    }
    this.#queue.putBack(deliveries);
    this.#newestOnly?.areBack(deliveries);
    this.#queried?.onChange?.();
  }

  /** What was taken has been delivered, or is given up. */
  done(delivery: Delivery): void {
    this.#letGo(delivery);
    delivery.job?.done();
  }

  /**
   * Has the store know that the first ones may be handed out from now on, so that after a crash they are repetitions: at most
   * `maxEntries` and, one aside, `maxBytes` of content. Resolves when it knows, or cannot; undefined when it does.
   */
  mark(maxEntries: number, maxBytes: number): Promise<void> | undefined {
    const first = this.first(maxEntries, maxBytes);
    return this.#stored?.pause?.then(() => this.mark(maxEntries, maxBytes)) ?? this.#stored?.mark(first);
  }

  /** Has the first ones in memory, as many as `mark` would mark. Resolves when they are; undefined when they are already. */
  load(maxEntries: number, maxBytes: number): Promise<void> | undefined {
    this.first(maxEntries, maxBytes);
    return this.#stored?.pause?.then(() => this.load(maxEntries, maxBytes));
  }

  /** As `mark`, for what was taken without: it may be handed out then. */
  markTaken(deliveries: readonly Delivery[]): Promise<void> | undefined {
    return this.#stored?.mark(deliveries);
  }

  /** What waits and was never handed out is no repetition after an orderly end. */
  unmark(): void {
    this.#stored?.unmark();
  }

  /** What an earlier life of the broker left in the store; `lastOrder` is that of its last delivery in any priority. */
  recover(stored: StoredQueue, parts: readonly StoredPart[], lastOrder: number): void {
    this.#storedBy(() => stored);
    this.#order = lastOrder + 1;
    for (const part of parts) {
      this.#queue.addStored(part);
      this.#count(part.entries, part.bytes);
    }
  }

  /** Drops the first of those that wait; returns how many. */
  dropFirst(count: number): number {
    const taken = this.take(count, Number.POSITIVE_INFINITY);
    for (const delivery of taken) this.#discard(delivery);
    return taken.length;
  }

  /** Drops all that waits; `onDropped` gets each message, later those that are in the store only. */
  clear(onDropped: (message: Message) => void): number {
    const parts = this.#queue.takeStored();
    const removed = this.removeAll(() => true);
    let count = removed.length;
    for (const { message, job } of removed) if (job === undefined) onDropped(message);
    for (const { entries, bytes } of parts) {
      this.#count(-entries, -bytes);
      count += entries;
    }
    void this.#stored?.drop(parts, onDropped);
    return count;
  }

  /** Drops the jobs that wait: they are for others. */
  recallJobs(): void {
    if (this.#jobCount > 0) this.removeAll(({ job }) => job !== undefined);
  }

  /** Its owner is gone. */
  close(): void {
    this.#queried?.close();
  }

  /** Nobody gets it out of this queue; a job is for others. */
  #discard(delivery: Delivery): void {
    if (delivery.parts.newestOnly) this.#newestOnly?.leaves(delivery);
    this.#letGo(delivery);
    delivery.job?.giveBack();
  }

  #letGo(delivery: Delivery): void {
    if (delivery.job) this.#jobCount--;
    this.#count(-1, -delivery.message.content.length);
    this.#context.account.release(DELIVERY_BYTES);
    this.#stored?.remove(delivery);
    delivery.message.release();
    this.#noteRoom();
  }

  /** Drops the waiting deliveries that `isUnwanted` says; returns them, in order. */
  removeAll(isUnwanted: (delivery: Delivery) => boolean): Delivery[] {
    const removed = this.#queue.removeAll(isUnwanted);
    for (const delivery of removed) this.#discard(delivery);
    return removed;
  }

  #count(entries: number, bytes: number): void {
    this.#size += entries;
    this.#bytes += bytes;
    this.#context.counters.queued += entries;
    this.#context.counters.queuedBytes += bytes;
  }

  #storedBy(open: () => StoredQueue): StoredDeliveries {
    this.#stored ??= new StoredDeliveries(open(), this, this.#queue, this.#context.account);
    return this.#stored;
  }

  #load(part: StoredPart): LoadedPart | undefined {
    const loaded = this.#stored?.load(part);
    if (!loaded) return undefined;
    const { deliveries, rest } = loaded;
    let bytes = rest?.bytes ?? 0;
    for (const { message } of deliveries) {
      bytes += message.content.length;
      this.#noteExpiry(message);
    }
    this.#count(deliveries.length + (rest?.entries ?? 0) - part.entries, bytes - part.bytes);
    return loaded;
  }

  #newest(): NewestOnly {
    this.#newestOnly ??= new NewestOnly((delivery) => {
      if (this.#queue.remove(delivery)) this.#discard(delivery);
    });
    return this.#newestOnly;
  }

  #checkMarks(): void {
    if (this.fillMarks) for (const mark of this.fillMarks) mark.check(this.#size);
  }

  #noteRoom(): void {
    this.#checkMarks();
    if (this.#onRoom.size === 0) return;
    const waiting = this.#onRoom;
    this.#onRoom = new Set();
    for (const onRoom of waiting) onRoom();
  }

  #fits(contentBytes: number): boolean {
    return this.#size < this.bounds.maxEntries && this.#bytes + contentBytes <= this.bounds.maxBytes;
  }

  #noteExpiry(message: Message): void {
    if (message.qos.forceDestroy) this.#nextExpiry = Math.min(this.#nextExpiry, message.expiresAt);
  }
}
