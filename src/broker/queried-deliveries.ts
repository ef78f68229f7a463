import type { BoundedQueue } from './bounded-queue.ts';
import type { Delivery } from './delivery.ts';
import type { QueriedQueue, Taken } from './queried-queue.ts';

/** The queue of a session or a subject as queries see it: what has been handed out is not in it. */
export class QueriedDeliveries implements QueriedQueue {
  readonly #queue: BoundedQueue;
  readonly #taken = new Set<Delivery>();
  onChange: (() => void) | undefined;
  isClosed = false;

  constructor(queue: BoundedQueue) {
    this.#queue = queue;
  }

  get size(): number {
    this.#queue.dropExpired();
    return this.#queue.waiting;
  }

  load(maxEntries: number, maxBytes: number): Promise<void> | undefined {
    return this.#queue.load(maxEntries, maxBytes);
  }

  peek(maxEntries: number, maxBytes: number): readonly Delivery[] {
    this.#queue.dropExpired();
    return this.#queue.first(maxEntries, maxBytes);
  }

  async take(maxEntries: number, maxBytes: number): Promise<Taken> {
    const taken = this.#queue.take(maxEntries, maxBytes);
    for (const delivery of taken) this.#taken.add(delivery);
    await this.#queue.markTaken(taken);
    const entries = taken.filter((delivery) => this.#taken.has(delivery)); // else its owner has gone meanwhile
    return { entries, settle: (hasArrived) => this.#settle(entries, hasArrived) };
  }

  /** Its owner is gone; what was taken returns to the queue, to share its fate. */
  close(): void {
    this.#settle([...this.#taken], false);
    this.isClosed = true;
    this.onChange?.();
  }

  #settle(deliveries: readonly Delivery[], haveArrived: boolean): void {
    const taken = deliveries.filter((delivery) => this.#taken.delete(delivery));
    if (!haveArrived) this.#queue.putBack(taken);
    else for (const delivery of taken) this.#queue.done(delivery);
  }
}
