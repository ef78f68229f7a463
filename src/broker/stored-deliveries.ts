import { DELIVERY_BYTES, type Delivery } from './delivery.ts';
import { type DeliveryQueue, FIRST_PLACE, type QueuePlace } from './delivery-queue.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import { DEFAULT_CACHE_BYTES, DEFAULT_CACHE_ENTRIES, type QueueBounds } from './queue-bounds.ts';
import { labelOf, stateOf, toDelivery } from './stored-delivery.ts';
import type { LoadedPart, StoredPart } from './stored-part.ts';
import type { StoredQueue } from './stored-queue.ts';

/** What comes back from there at a time. */
const LOADED_AT_ONCE = 500;
const LOADED_BYTES = 1024 * 1024;
/** How many that are good for nothing may be read in one turn of the event loop. */
const LEFT_OUT_PER_TURN = 1_000;

/** Whose deliveries they are. */
export interface StoredDeliveriesOwner {
  readonly bounds: QueueBounds;
  /** So much of what was in the store only is gone. */
  onSwept(entries: number, bytes: number): void;
}

/**
 * The deliveries of one queue that are in the store: writes down what becomes of them, and lets memory have no more than the first ones.
 * Deliveries that are not in the store are none of its business.
 */
export class StoredDeliveries {
  readonly #stored: StoredQueue;
  readonly #owner: StoredDeliveriesOwner;
  readonly #queue: DeliveryQueue;
  readonly #account: MemoryAccount;
  /** Those that are in memory, too. */
  #cached = 0;
  #cachedBytes = 0;
  #isUnloadDue = false;
  /** Under way. */
  #marking: Promise<void> | undefined;
  #leftOut = 0;
  #pause: Promise<void> | undefined;
  /** When the first of those that are in the store only vanishes (forceDestroy), ms since 1970; never later than true. */
  #nextExpiry: number;
  /** Under way. */
  #sweeps = 0;

  constructor(stored: StoredQueue, owner: StoredDeliveriesOwner, queue: DeliveryQueue, account: MemoryAccount) {
    this.#stored = stored;
    this.#owner = owner;
    this.#queue = queue;
    this.#account = account;
    this.#nextExpiry = stored.isRecovered ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** A delivery that is queued last of all. */
  add(delivery: Delivery): void {
    delivery.isStored = true;
    this.#stored.add(delivery.message.qos.priority, delivery.order, delivery.message, labelOf(delivery), stateOf(delivery));
    this.#cache(delivery);
    if (this.#isCacheFull && this.#stored.isDurable) this.#unloadLater(delivery.order);
  }

  /** It was delivered or dropped. */
  remove(delivery: Delivery): void {
    if (!delivery.isStored) return;
    this.#stored.remove(delivery.message.qos.priority, delivery.order, delivery.message);
    this.#uncache(delivery);
  }

  /** How often it was handed out, and whether it may be, has changed. */
  saveState(delivery: Delivery): void {
    if (delivery.isStored) this.#stored.setState(delivery.message.qos.priority, delivery.order, stateOf(delivery));
  }

  /** See `BoundedQueue.take`. While the broker ends nothing in the store leaves: nobody could tell afterwards. */
  mayLeave({ isStored, isMarked }: Delivery): boolean {
    return !isStored || (isMarked && this.#marking === undefined && !this.#stored.isClosed);
  }

  /** See `BoundedQueue.mark`. */
  mark(deliveries: readonly Delivery[]): Promise<void> | undefined {
    let hasChanged = false;
    for (const delivery of deliveries) hasChanged = this.#setMarked(delivery, true) || hasChanged;
    if (hasChanged) this.#marking = this.#commitMarks();
    return this.#marking;
  }

  /** See `BoundedQueue.unmark`. */
  unmark(): void {
    if (this.#cached === 0) return;
    for (const delivery of this.#queue.inMemory()) if (delivery.redeliver === 0) this.#setMarked(delivery, false);
  }

  /** Until it resolves, nothing is loaded: there was so much to leave out that others have their turn first. */
  get pause(): Promise<void> | undefined {
    return this.#pause;
  }

  /**
   * Brings back the beginning of a part; what is damaged, or nobody may get any more, is left out. Undefined in a pause, and while the
   * broker ends.
   */
  load(part: StoredPart): LoadedPart | undefined {
    if (this.#pause || this.#stored.isClosed) return undefined;
    const { entries, rest } = this.#stored.load(
      part,
      Math.min(LOADED_AT_ONCE, this.#maxEntries),
      Math.min(LOADED_BYTES, this.#maxBytes),
    );
    const deliveries = entries.map(toDelivery);
    for (const delivery of deliveries) {
      this.#account.charge(DELIVERY_BYTES);
      this.#cache(delivery);
    }
    this.#leftOut += part.entries - deliveries.length - (rest?.entries ?? 0);
    if (this.#leftOut >= LEFT_OUT_PER_TURN) this.#pause = this.#endPause();
    return { deliveries, rest };
  }

  /** A commit of all that is left out would take long, too. */
  async #endPause(): Promise<void> {
    await this.#stored.commit().catch(() => {}); // whoever reports a failing store has done so
    await this.#stored.nextTurn();
    this.#leftOut = 0;
    this.#pause = undefined;
  }

  /**
   * Takes out, little by little, what is in the store only and nobody may get any more. When the store takes no changes, the rest goes when
   * its turn comes.
   */
  async sweep(): Promise<void> {
    this.#sweeps++;
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (let place: QueuePlace | undefined = FIRST_PLACE; place && !this.#stored.isClosed; ) {
      const { entries, bytes, next } = this.#sweepFrom(place);
      place = next;
      if (entries > 0) {
        this.#owner.onSwept(entries, bytes);
        if (!(await this.#isCommitted())) break;
      }
      await this.#stored.breathe();
    }
    this.#sweeps--;
  }

  async #isCommitted(): Promise<boolean> {
    try {
      await this.#stored.commit();
      return true;
    } catch {
      this.#nextExpiry = Number.NEGATIVE_INFINITY; // whatever is left
      return false;
    }
  }

  /** Begins a sweep if something has expired and none is under way. */
  sweepExpired(now: number): void {
    if (this.#nextExpiry <= now && this.#sweeps === 0) void this.sweep();
  }

  #sweepFrom(place: QueuePlace): { readonly entries: number; readonly bytes: number; readonly next: QueuePlace | undefined } {
    let entries = 0;
    let bytes = 0;
    const next = this.#queue.sweepStored(place, (part) => {
      const swept = this.#stored.sweep(part);
      ({ entries, bytes } = swept);
      this.#nextExpiry = Math.min(this.#nextExpiry, swept.nextExpiry);
      return swept;
    });
    return { entries, bytes, next };
  }

  /** See `StoredQueue.drop`. */
  drop(parts: readonly StoredPart[], onDropped: (message: Message) => void): Promise<void> {
    return this.#stored.drop(parts, onDropped);
  }

  /** Whether it has changed. */
  #setMarked(delivery: Delivery, isMarked: boolean): boolean {
    if (!delivery.isStored || delivery.isMarked === isMarked || this.#stored.isClosed) return false;
    delivery.isMarked = isMarked;
    this.saveState(delivery);
    return true;
  }

  /** Until it resolves, nobody may rely on any mark: another one may ask to be handed what has just been marked. */
  #commitMarks(): Promise<void> {
    const marking = this.#stored
      .commit()
      .catch(() => {}) // whoever reports a failing store has done so
      .then(() => {
        if (this.#marking === marking) this.#marking = undefined;
      });
    return marking;
  }

  #cache({ message }: Delivery): void {
    this.#cached++;
    this.#cachedBytes += message.content.length;
  }

  #uncache({ message }: Delivery): void {
    this.#cached--;
    this.#cachedBytes -= message.content.length;
  }

  get #maxEntries(): number {
    return this.#owner.bounds.maxEntriesCache ?? DEFAULT_CACHE_ENTRIES;
  }

  get #maxBytes(): number {
    return this.#owner.bounds.maxBytesCache ?? DEFAULT_CACHE_BYTES;
  }

  get #isCacheFull(): boolean {
    return this.#cached > this.#maxEntries || this.#cachedBytes > this.#maxBytes;
  }

  /** As soon as the store has what is queued now. */
  #unloadLater(lastOrder: number): void {
    if (this.#isUnloadDue) return;
    this.#isUnloadDue = true;
    this.#stored.commit().then(
      () => this.#unload(lastOrder),
      () => {
        this.#isUnloadDue = false;
      },
    );
  }

  /** Forgets the last of those that wait and are safe, so that memory holds no more than the first ones. */
  #unload(lastOrder: number): void {
    this.#isUnloadDue = false;
    this.#queue.unload(
      (delivery) => {
        const { isStored, order, redeliver, parts, message } = delivery;
        if (!isStored || order > lastOrder || redeliver > 0 || parts.newestOnly) return false;
        this.#uncache(delivery);
        this.#noteExpiry(message);
        this.#account.release(DELIVERY_BYTES);
        this.#stored.unload(message);
        return true;
      },
      () => !this.#isCacheFull,
    );
  }

  #noteExpiry({ qos, expiresAt }: Message): void {
    if (qos.forceDestroy) this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
  }
}
