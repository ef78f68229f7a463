import { BoundedQueue, type BoundedQueueContext } from './bounded-queue.ts';
import type { DeliveryInit } from './delivery.ts';
import type { FillMark } from './fill-mark.ts';
import type { QueueBounds } from './queue-bounds.ts';
import type { Session } from './session.ts';
import type { StoredQueue } from './stored-queue.ts';

/** What its queue costs when it has one, in bytes. */
const QUEUE_BYTES = 1_000;

export interface SubjectInit {
  readonly name: string;
  readonly maxSessions: number;
  readonly bounds: QueueBounds;
  readonly context: BoundedQueueContext;
  readonly openStored: (subject: Subject) => StoredQueue;
}

/** One user: the sessions, and a queue of what was sent to all of them while there was none. */
export class Subject {
  readonly name: string;
  readonly sessions = new Map<number, Session>();
  /** How many sessions it may have; what the last connect said that said something. */
  maxSessions: number;
  /** An administrator lets it have no more sessions. */
  isLoginBlocked = false;
  /** Its record in the store; 0: it has none. */
  recordId = 0;
  /** See `BoundedQueue.openStored`. */
  readonly #openStored: () => StoredQueue;
  /** Ms since 1970 since when it is known. */
  readonly createdAt: number;
  #bounds: QueueBounds;
  readonly #context: BoundedQueueContext;
  /** Made when first used: most subjects never need one. */
  #queue: BoundedQueue | undefined;
  /** Whoever wants to know how full the queue is, once there is one. */
  fillMarks: readonly FillMark[] | undefined;

  constructor({ name, maxSessions, bounds, context, openStored }: SubjectInit) {
    this.name = name;
    this.#openStored = () => openStored(this);
    this.maxSessions = maxSessions;
    this.#bounds = bounds;
    this.#context = context;
    this.createdAt = context.now();
  }

  get bounds(): QueueBounds {
    return this.#bounds;
  }

  set bounds(bounds: QueueBounds) {
    this.#bounds = bounds;
    if (this.#queue) this.#queue.bounds = bounds;
  }

  get queue(): BoundedQueue {
    if (this.#queue) return this.#queue;
    this.#queue = new BoundedQueue(this.#bounds, this.#context);
    this.#queue.fillMarks = this.fillMarks;
    this.#queue.openStored = this.#openStored;
    this.#context.account.charge(QUEUE_BYTES);
    return this.#queue;
  }

  /** What waits for it; 0 without making a queue. */
  get queueSize(): number {
    return this.#queue?.size ?? 0;
  }

  get hasWaiting(): boolean {
    return this.#queue !== undefined && this.#queue.waiting > 0;
  }

  /** Whether anything would be lost without it. */
  get isNeeded(): boolean {
    return this.sessions.size > 0 || (this.#queue?.size ?? 0) > 0;
  }

  /** Whether one more message with so much content can be sent to it. */
  hasRoom(contentBytes: number): boolean {
    return this.receivers().some(({ dispatcher }) => dispatcher.queue.hasRoom(contentBytes)) || this.queue.hasRoom(contentBytes);
  }

  /** Sends a message to all its sessions, or queues it when no session takes it; false when the queue is full. */
  enqueue(init: DeliveryInit): boolean {
    return (!this.hasWaiting && this.#offer(init)) || this.queue.push(init);
  }

  /** Gives its sessions what waits for the subject, as far as they take it: every message to all of them. */
  flush(): void {
    while (this.hasWaiting) {
      const next = this.queue.peek();
      if (!next) void this.queue.load(1, Number.POSITIVE_INFINITY)?.then(() => this.flush());
      if (!next || !this.#offer(next)) return;
      for (const delivery of this.queue.take(1, Number.POSITIVE_INFINITY)) this.queue.done(delivery);
    }
  }

  /** Nobody gets what waits for the subject. */
  clear(): void {
    this.#queue?.clear(() => {});
  }

  /** Drops what waits and nobody may get any more. */
  sweep(): void {
    this.#queue?.sweep();
  }

  /** See `BoundedQueue.sweepStored`. */
  async sweepStored(): Promise<void> {
    await this.#queue?.sweepStored();
  }

  /** It is gone, until somebody of this name comes again. */
  close(): void {
    if (!this.#queue) return;
    this.#queue.close();
    this.#context.account.release(QUEUE_BYTES);
    this.#queue = undefined;
  }

  /** The sessions that take point-to-point messages and can get updates. */
  receivers(): Session[] {
    return [...this.sessions.values()].filter(({ isReachable, options }) => isReachable && options.ptp);
  }

  #offer(init: DeliveryInit): boolean {
    let isTaken = false;
    for (const { dispatcher } of this.receivers()) isTaken = dispatcher.enqueue(init) || isTaken;
    return isTaken;
  }
}
