import type { Timer, TimerWheel } from '../base/timer-wheel.ts';
import type { BrokerError } from '../model/error.ts';
import { DELIVERY_BYTES, type Delivery, type DeliveryParts } from './delivery.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { DispatchLoop } from './dispatch-loop.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import type { CallbackChannel, ChannelEnd } from './ports.ts';

/** The bounds of a session's queue, waiting and unacknowledged deliveries together. */
export interface QueueBounds {
  readonly maxEntries: number;
  /** Content bytes. */
  readonly maxBytes: number;
}

/** How long a queue may wait for a channel that was lost, and what becomes of it then. */
interface Grace {
  readonly endsAt: number;
  readonly onOver: () => void;
}

export interface DispatcherContext {
  readonly timers: TimerWheel;
  readonly loop: DispatchLoop;
  readonly account: MemoryAccount;
  readonly now: () => number;
}

/**
 * Hands one session's queue to whatever channel the session has, and keeps what was handed out until it is acknowledged.
 * Channels come and go; nothing is lost because one went away.
 */
export class Dispatcher {
  bounds: QueueBounds;
  readonly #context: DispatcherContext;
  readonly #queue = new DeliveryQueue();
  /** Handed out and not acknowledged, oldest first, numbered as they were handed out. */
  #unacknowledged: { readonly delivery: Delivery; readonly cursor: number }[] = [];
  #channel: CallbackChannel | undefined;
  #error: BrokerError | undefined;
  #cursor = 0;
  #order = 0;
  #bytes = 0;
  #grace: Grace | undefined;
  #graceTimer: Timer | undefined;
  #collectTimer: Timer | undefined;
  /** When the first of the queued messages vanishes (forceDestroy), ms since 1970; never later than true. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(bounds: QueueBounds, context: DispatcherContext) {
    this.bounds = bounds;
    this.#context = context;
  }

  /** Deliveries that wait or are not acknowledged. */
  get size(): number {
    return this.#queue.size + this.#unacknowledged.length;
  }

  get hasChannel(): boolean {
    return this.#channel !== undefined;
  }

  /** Queues `message`; false when the queue is full (the caller decides what becomes of the message). */
  enqueue(message: Message, subscriptionId: string, parts: DeliveryParts, isInitial: boolean): boolean {
    if (!this.#hasRoom(message)) return false;
    this.#hold(message);
    this.#queue.push({ message, subscriptionId, parts, isInitial, order: this.#order++, redeliver: 0 });
    if (this.#channel) this.#wakeFor(this.#channel);
    else this.#watchGrace();
    return true;
  }

  /**
   * Makes `channel` the session's channel and ends the one before. What was acknowledged up to `acknowledged` is done; all else
   * that was handed out goes back to its place and is handed out again.
   */
  attach(channel: CallbackChannel, acknowledged?: number): void {
    this.detach(this.#channel, 'displaced');
    if (acknowledged !== undefined) this.acknowledge(acknowledged);
    this.#returnUnacknowledged();
    this.#channel = channel;
    this.#endGrace();
    this.dispatch();
  }

  /** Ends `channel` if it is the session's channel still. What it was handed stays unacknowledged. */
  detach(channel: CallbackChannel | undefined, end: ChannelEnd): void {
    if (!channel || this.#channel !== channel) return;
    this.#channel = undefined;
    this.#collectTimer?.cancel();
    this.#collectTimer = undefined;
    channel.close(end);
  }

  /**
   * The channel was lost and the client said how long to wait for it: without a new channel within `graceMs`, `onOver` is called;
   * unless `always`, only when there is something to deliver.
   */
  expectChannel(graceMs: number, always: boolean, onOver: () => void): void {
    if (this.#channel) return;
    this.#grace = { endsAt: this.#context.now() + graceMs, onOver };
    if (always || this.size > 0) this.#watchGrace();
  }

  /** Ends the channel, whichever it is. */
  close(end: ChannelEnd): void {
    this.detach(this.#channel, end);
  }

  /** Removes what was handed out as number `cursor` and before. Old and unknown cursors remove nothing. */
  acknowledge(cursor: number): void {
    const first = this.#unacknowledged.findIndex((handedOut) => handedOut.cursor > cursor);
    const done = this.#unacknowledged.splice(0, first < 0 ? this.#unacknowledged.length : first);
    for (const { delivery } of done) this.#letGo(delivery);
  }

  /** Removes exactly what was handed out as numbers `first` to `last`; returns it. */
  settle(first: number, last: number): Delivery[] {
    const done = this.#takeHandedOut(first, last);
    for (const delivery of done) this.#letGo(delivery);
    return done;
  }

  /** What was handed out as numbers `first` to `last` goes back to its place; it is handed out again when the channel takes it. */
  giveBack(first: number, last: number): void {
    this.#return(this.#takeHandedOut(first, last));
  }

  /** Tells the subscriber of an error: at once if it listens, else when it listens again. The first one counts. */
  fail(error: BrokerError): void {
    this.#error ??= error;
    if (this.#channel) this.wake();
  }

  /** Dispatches soon, together with all else that this turn of the event loop brings; not while deliveries are collected. */
  wake(): void {
    if (this.#collectTimer || (this.#queue.size === 0 && !this.#error)) return;
    this.#context.loop.schedule(this);
  }

  /** Hands out what the channel takes now. */
  dispatch(): void {
    const channel = this.#channel;
    if (!channel) return;
    if (this.#error) {
      const error = this.#error;
      this.#error = undefined;
      channel.fail(error);
    }
    while (channel === this.#channel && this.#queue.size > 0) {
      const batch = this.#take(channel.capacity, channel.maxBytes);
      if (batch.length === 0) return;
      for (const delivery of batch) this.#unacknowledged.push({ delivery, cursor: ++this.#cursor });
      channel.update(batch, this.#cursor, this.#queue.size);
    }
  }

  /** Drops everything, for a session that ends. Returns what nobody got. */
  clear(): Delivery[] {
    this.#endGrace();
    this.#returnUnacknowledged();
    return this.removeAll(() => true);
  }

  /** Drops the waiting deliveries that nobody may get any more. */
  sweep(): void {
    const now = this.#context.now();
    this.removeAll(({ message }) => message.isGone(now));
  }

  /** Drops the waiting deliveries that `isUnwanted` says. */
  removeAll(isUnwanted: (delivery: Delivery) => boolean): Delivery[] {
    const removed = this.#queue.removeAll(isUnwanted);
    for (const delivery of removed) this.#letGo(delivery);
    return removed;
  }

  #takeHandedOut(first: number, last: number): Delivery[] {
    let start = 0;
    while ((this.#unacknowledged[start]?.cursor ?? first) < first) start++;
    let end = start;
    while ((this.#unacknowledged[end]?.cursor ?? Number.POSITIVE_INFINITY) <= last) end++;
    return this.#unacknowledged.splice(start, end - start).map((handedOut) => handedOut.delivery);
  }

  /** At once, or when the channel has collected enough, or for long enough. */
  #wakeFor({ collectTimeMs = 0, batchEntries = 1 }: CallbackChannel): void {
    if (collectTimeMs > 0 && this.#queue.size < batchEntries) {
      this.#collectTimer ??= this.#context.timers.start(collectTimeMs, () => this.#endCollecting());
    } else this.#endCollecting();
  }

  #endCollecting(): void {
    this.#collectTimer?.cancel();
    this.#collectTimer = undefined;
    this.wake();
  }

  #watchGrace(): void {
    if (!this.#grace || this.#graceTimer) return;
    const { endsAt, onOver } = this.#grace;
    this.#graceTimer = this.#context.timers.start(endsAt - this.#context.now(), onOver);
  }

  #endGrace(): void {
    this.#graceTimer?.cancel();
    this.#graceTimer = undefined;
    this.#grace = undefined;
  }

  #take(capacity: number, maxBytes: number): Delivery[] {
    const now = this.#context.now();
    const batch: Delivery[] = [];
    let bytes = 0;
    for (let next = this.#queue.peek(); next && batch.length < capacity; next = this.#queue.peek()) {
      bytes += next.message.content.length;
      if (batch.length > 0 && bytes > maxBytes) break;
      this.#queue.shift();
      if (next.message.isGone(now)) this.#letGo(next);
      else batch.push(next);
    }
    return batch;
  }

  #returnUnacknowledged(): void {
    if (this.#unacknowledged.length === 0) return;
    const returned = this.#unacknowledged.map((handedOut) => handedOut.delivery);
    this.#unacknowledged = [];
    this.#return(returned);
  }

  #return(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) delivery.redeliver++;
    this.#queue.putBack(deliveries);
  }

  #hasRoom(message: Message): boolean {
    if (this.#fits(message)) return true;
    const now = this.#context.now();
    if (this.#nextExpiry > now) return false;
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    this.removeAll(({ message: queued }) => {
      if (queued.isGone(now)) return true;
      this.#noteExpiry(queued);
      return false;
    });
    return this.#fits(message);
  }

  #fits(message: Message): boolean {
    return this.size < this.bounds.maxEntries && this.#bytes + message.content.length <= this.bounds.maxBytes;
  }

  #noteExpiry(message: Message): void {
    if (message.qos.forceDestroy) this.#nextExpiry = Math.min(this.#nextExpiry, message.expiresAt);
  }

  #hold(message: Message): void {
    message.retain();
    this.#bytes += message.content.length;
    this.#noteExpiry(message);
    this.#context.account.charge(DELIVERY_BYTES);
  }

  #letGo(delivery: Delivery): void {
    delivery.message.release();
    this.#bytes -= delivery.message.content.length;
    this.#context.account.release(DELIVERY_BYTES);
  }
}
