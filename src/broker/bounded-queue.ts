import type { OverflowPolicy } from '../model/connect.ts';
import { DELIVERY_BYTES, type Delivery, type DeliveryParts } from './delivery.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';

/** The bounds of a queue, and what becomes of what does not fit. */
export interface QueueBounds {
  readonly maxEntries: number;
  /** Content bytes. */
  readonly maxBytes: number;
  readonly onOverflow: OverflowPolicy;
}

/** What is queued. */
export interface DeliveryInit {
  readonly message: Message;
  readonly subscriptionId: string;
  readonly parts: DeliveryParts;
  readonly isInitial: boolean;
}

export interface BoundedQueueContext {
  readonly account: MemoryAccount;
  readonly now: () => number;
}

/**
 * A queue of deliveries with bounds. They count what waits and what was taken and is not done yet, so that whatever comes back
 * always fits.
 */
export class BoundedQueue {
  bounds: QueueBounds;
  readonly #context: BoundedQueueContext;
  readonly #queue = new DeliveryQueue();
  #size = 0;
  #bytes = 0;
  #order = 0;
  /** When the first of the queued messages vanishes (forceDestroy), ms since 1970; never later than true. */
  #nextExpiry = Number.POSITIVE_INFINITY;
  /** Called once when something was done or dropped. */
  #onRoom: (() => void)[] = [];

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

  /** Queues at the end of its priority; false when it does not fit. */
  push(init: DeliveryInit): boolean {
    const { message } = init;
    if (!this.hasRoom(message.content.length)) return false;
    message.retain();
    this.#size++;
    this.#bytes += message.content.length;
    this.#noteExpiry(message);
    this.#context.account.charge(DELIVERY_BYTES);
    const { subscriptionId, parts, isInitial } = init;
    this.#queue.push({ message, subscriptionId, parts, isInitial, order: this.#order++, redeliver: 0 });
    return true;
  }

  /** Whether one more delivery with so much content fits; what has expired makes room first. */
  hasRoom(contentBytes: number): boolean {
    if (this.#fits(contentBytes)) return true;
    const now = this.#context.now();
    if (this.#nextExpiry > now) return false;
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    this.removeAll(({ message }) => {
      if (message.isGone(now)) return true;
      this.#noteExpiry(message);
      return false;
    });
    return this.#fits(contentBytes);
  }

  /** Drops what has waited longest until so much content fits; false when there is nothing left to drop. */
  makeRoom(contentBytes: number): boolean {
    while (!this.hasRoom(contentBytes)) {
      const oldest = this.#queue.shiftOldest();
      if (!oldest) return false;
      this.done(oldest);
    }
    return true;
  }

  /** Calls `onRoom` once, as soon as something was done or dropped. Returns a function that takes this back. */
  awaitRoom(onRoom: () => void): () => void {
    this.#onRoom.push(onRoom);
    return () => {
      this.#onRoom = this.#onRoom.filter((other) => other !== onRoom);
    };
  }

  /** What `take` would return first. */
  peek(): Delivery | undefined {
    return this.#queue.peek();
  }

  /** Takes the first ones, at most `maxEntries` and, one aside, `maxBytes` of content; leaves out what nobody may get any more. */
  take(maxEntries: number, maxBytes: number): Delivery[] {
    const now = this.#context.now();
    const taken: Delivery[] = [];
    let bytes = 0;
    for (let next = this.#queue.peek(); next && taken.length < maxEntries; next = this.#queue.peek()) {
      bytes += next.message.content.length;
      if (taken.length > 0 && bytes > maxBytes) break;
      this.#queue.shift();
      if (next.message.isGone(now)) this.done(next);
      else taken.push(next);
    }
    return taken;
  }

  /** What was taken goes back to its place, to be delivered once more. */
  putBack(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) delivery.redeliver++;
    this.#queue.putBack(deliveries);
  }

  /** What was taken has been delivered, or is given up. */
  done(delivery: Delivery): void {
    this.#size--;
    this.#bytes -= delivery.message.content.length;
    this.#context.account.release(DELIVERY_BYTES);
    delivery.message.release();
    if (this.#onRoom.length > 0) this.#announceRoom();
  }

  /** Drops the waiting deliveries that `isUnwanted` says; returns them, in order. */
  removeAll(isUnwanted: (delivery: Delivery) => boolean): Delivery[] {
    const removed = this.#queue.removeAll(isUnwanted);
    for (const delivery of removed) this.done(delivery);
    return removed;
  }

  #announceRoom(): void {
    const waiting = this.#onRoom;
    this.#onRoom = [];
    for (const onRoom of waiting) onRoom();
  }

  #fits(contentBytes: number): boolean {
    return this.#size < this.bounds.maxEntries && this.#bytes + contentBytes <= this.bounds.maxBytes;
  }

  #noteExpiry(message: Message): void {
    if (message.qos.forceDestroy) this.#nextExpiry = Math.min(this.#nextExpiry, message.expiresAt);
  }
}
