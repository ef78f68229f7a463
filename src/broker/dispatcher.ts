import type { Timer, TimerWheel } from '../base/timer-wheel.ts';
import type { BrokerError } from '../model/error.ts';
import { BoundedQueue } from './bounded-queue.ts';
import type { ConsumableQueue } from './consumable-queue.ts';
import type { DeliveryCounters } from './counters.ts';
import type { Delivery, DeliveryInit } from './delivery.ts';
import type { DispatchLoop } from './dispatch-loop.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import type { CallbackChannel, ChannelEnd } from './ports.ts';
import type { QueueBounds } from './queue-bounds.ts';

/** How long a queue may wait for a channel that was lost, and what becomes of it then. */
interface Grace {
  readonly endsAt: number;
  readonly onOver: () => void;
}

/** How many of those that wait the store is told of at a time: a commit for each would be slow. */
const MARKED_AT_ONCE = 256;

export interface DispatcherContext {
  readonly timers: TimerWheel;
  readonly loop: DispatchLoop;
  readonly account: MemoryAccount;
  readonly counters: DeliveryCounters;
  readonly now: () => number;
  /** The queue has become shorter. */
  readonly onRoom?: () => void;
}

/**
 * Hands one session's queue to whatever channel the session has, and keeps what was handed out until it is acknowledged.
 * Channels come and go; nothing is lost because one went away.
 */
export class Dispatcher {
  readonly queue: BoundedQueue;
  /** False: channels that push take nothing; whoever asks for updates gets them. */
  isActive = true;
  /** Deliveries handed out so far. */
  updates = 0;
  readonly #context: DispatcherContext;
  /** Handed out and not acknowledged, in this order: ascending by cursor. */
  #unacknowledged: Delivery[] = [];
  #channel: CallbackChannel | undefined;
  #error: BrokerError | undefined;
  #cursor = 0;
  #grace: Grace | undefined;
  #graceTimer: Timer | undefined;
  #collectTimer: Timer | undefined;
  /** Made when first used: most sessions need none. */
  #jobSources: Set<ConsumableQueue> | undefined;

  constructor(bounds: QueueBounds, context: DispatcherContext) {
    this.queue = new BoundedQueue(bounds, context);
    this.#context = context;
  }

  get hasChannel(): boolean {
    return this.#channel !== undefined;
  }

  /** Whether somebody waits for updates right now. */
  get isAwaited(): boolean {
    return this.#channel?.isSignOfLife === true;
  }

  /** Whether one more delivery would leave at once. */
  get isReady(): boolean {
    return this.#channel !== undefined && this.#channel.capacity > this.queue.waiting;
  }

  /** `source` has messages for whoever is ready for one. */
  addJobSource(source: ConsumableQueue): void {
    this.#jobSources = (this.#jobSources ?? new Set()).add(source);
  }

  removeJobSource(source: ConsumableQueue): void {
    this.#jobSources?.delete(source);
  }

  /** Queues a message; false when the queue is full (the caller decides what becomes of the message). */
  enqueue(init: DeliveryInit): boolean {
    if (!this.queue.push(init, this.#channel !== undefined)) return false;
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
    this.#offerJobs();
    this.dispatch();
  }

  /** For a channel that does not wait: what it would be handed first can be handed out at once when this has resolved. */
  prepare(maxEntries: number, maxBytes: number): Promise<void> | undefined {
    return this.queue.mark(maxEntries, maxBytes);
  }

  /** Ends `channel` if it is the session's channel still. What it was handed stays unacknowledged. */
  detach(channel: CallbackChannel | undefined, end: ChannelEnd): void {
    if (!channel || this.#channel !== channel) return;
    this.#channel = undefined;
    this.#collectTimer?.cancel();
    this.#collectTimer = undefined;
    channel.close(end);
    this.queue.recallJobs();
  }

  /** The channel was lost and the client said how long to wait for it: without a new channel within `graceMs`, `onOver` is called. */
  expectChannel(graceMs: number, onOver: () => void): void {
    if (this.#channel) return;
    this.#grace = { endsAt: this.#context.now() + graceMs, onOver };
    this.#watchGrace();
  }

  /** Ends the channel, whichever it is. */
  close(end: ChannelEnd): void {
    this.detach(this.#channel, end);
  }

  /** Removes what was handed out as number `cursor` and before. Old and unknown cursors remove nothing. */
  acknowledge(cursor: number): void {
    this.#done(this.#takeHandedOut(0, cursor));
  }

  /** Removes exactly what was handed out as numbers `first` to `last`; returns it. */
  settle(first: number, last: number): Delivery[] {
    const done = this.#takeHandedOut(first, last);
    this.#done(done);
    return done;
  }

  /** What was handed out as numbers `first` to `last` goes back to its place; it is handed out again when the channel takes it. */
  giveBack(first: number, last: number): void {
    this.queue.putBack(this.#takeHandedOut(first, last));
    this.queue.recallJobs();
  }

  /** The client is gone, and nothing will be acknowledged any more: others may get what only this session has. */
  recallJobs(): void {
    this.#returnUnacknowledged();
    this.queue.recallJobs();
  }

  /** Tells the subscriber of an error: at once if it listens, else when it listens again. The first one counts. */
  fail(error: BrokerError): void {
    this.#error ??= error;
    if (this.#channel) this.wake();
  }

  /** Dispatches soon, together with all else that this turn of the event loop brings; not while deliveries are collected. */
  wake(): void {
    this.#offerJobs();
    if (this.#collectTimer || (this.queue.waiting === 0 && !this.#error)) return;
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
    while (channel === this.#channel && this.queue.waiting > 0) {
      const { capacity } = channel;
      const batch = this.queue.take(capacity, channel.maxBytes, true);
      if (batch.length === 0) {
        if (capacity > 0) void this.prepare(Math.max(capacity, MARKED_AT_ONCE), channel.maxBytes)?.then(() => this.wake());
        return;
      }
      this.updates += batch.length;
      this.#context.counters.updates += batch.length;
      for (const delivery of batch) {
        delivery.cursor = ++this.#cursor;
        this.#unacknowledged.push(delivery);
      }
      channel.update(batch, this.#cursor, this.queue.waiting);
    }
  }

  /** Drops everything, for a session that ends; `onDropped` gets what nobody got and nobody will get, the most of it at once. */
  clear(onDropped: (message: Message) => void): void {
    this.#endGrace();
    this.queue.close();
    this.#returnUnacknowledged();
    this.queue.clear(onDropped);
  }

  /** Drops the waiting deliveries that nobody may get any more. */
  sweep(): void {
    this.queue.sweep();
  }

  #done(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.queue.done(delivery);
    this.#context.onRoom?.();
  }

  #offerJobs(): void {
    if (this.#jobSources) for (const source of this.#jobSources) source.offer(this);
  }

  #takeHandedOut(first: number, last: number): Delivery[] {
    const handedOut = this.#unacknowledged;
    let start = 0;
    while (start < handedOut.length && (handedOut[start] as Delivery).cursor < first) start++;
    let end = start;
    while (end < handedOut.length && (handedOut[end] as Delivery).cursor <= last) end++;
    return handedOut.splice(start, end - start);
  }

  /** At once, or when the channel has collected enough, or for long enough. */
  #wakeFor({ collectTimeMs = 0, batchEntries = 1 }: CallbackChannel): void {
    if (collectTimeMs > 0 && this.queue.waiting < batchEntries) {
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

  #returnUnacknowledged(): void {
    if (this.#unacknowledged.length === 0) return;
    const returned = this.#unacknowledged;
    this.#unacknowledged = [];
    this.queue.putBack(returned);
  }
}
