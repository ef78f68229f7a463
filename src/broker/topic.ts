import type { Timer } from '../base/timer-wheel.ts';
import type { MsgKey, TopicQos } from '../model/message.ts';
import type { MessageCount } from '../store/store.ts';
import { ConsumableQueue } from './consumable-queue.ts';
import type { History } from './history.ts';
import type { Message, MessageOwner } from './message.ts';
import type { Subscription } from './subscription.ts';

/**
 * - UNCONFIGURED: somebody subscribed to the oid, nobody has published; it has no key yet and no query sees it.
 * - ALIVE: it has a key, and messages or exact subscribers.
 * - UNREFERENCED: it has neither; after `destroyDelay` it dies, a publish revives it.
 * - SOFT_ERASED: erased, out of reach of everybody; updates that were queued before are still on their way.
 * - DEAD: erased or died, nothing is left of it.
 */
export type TopicState = 'UNCONFIGURED' | 'ALIVE' | 'UNREFERENCED' | 'SOFT_ERASED' | 'DEAD';

/** How a subscription reaches one topic: directly (EXACT), or as one of the matches of a query. */
export interface Route {
  readonly subscription: Subscription;
  /** Its id for unSubscribe: the subscription's own, or `<parent>:<ns>` for a match. */
  readonly id: string;
}

/** A new topic meets more queries than fit into one slice: who matches late gets what was published in the meantime. */
export interface TopicMatching {
  readonly done: Promise<void>;
  readonly published: Message[];
}

export interface TopicEvents {
  /** It may have lost its last message or exact subscriber. */
  onIdle(topic: Topic): void;
}

export interface TopicOptions {
  readonly readonly: boolean;
  readonly destroyDelayMs: number;
  readonly createDomEntry: boolean;
  readonly historyMaxEntries: number;
  readonly historyMaxBytes: number;
  /** Of all its messages, wherever they wait. */
  readonly storeMaxEntries: number;
  readonly storeMaxBytes: number;
}

/** All messages of one oid: its key, its history, and who gets what is published. */
export class Topic implements MessageOwner {
  readonly oid: string;
  /** The key of the first publish; undefined while UNCONFIGURED. Later keys do not change it. */
  key: MsgKey | undefined;
  /** Broker-wide number of the moment it got its key: tells a scan what was there before it began. */
  keyOrder = 0;
  options: TopicOptions;
  state: TopicState = 'UNCONFIGURED';
  isDestroyed = false;
  /** Absolute name of the session whose publish gave it its key. */
  creator = '';
  /** Runs while it waits for its death. */
  destroyTimer: Timer | undefined;
  /** While a new topic is being matched against many queries. */
  matching: TopicMatching | undefined;
  readonly routes = new Map<Subscription, Route>();
  readonly history: History;
  /** Undefined: every subscriber gets every message. */
  consumers: ConsumableQueue | undefined;
  /** Its record in the store; 0 as long as it has none: it has not had a persistent message. */
  recordId = 0;
  /** What all queues have of it in the store. */
  #storedEntries = 0;
  readonly #events: TopicEvents;
  #heldMessages = 0;
  #heldBytes = 0;
  /** Messages that are in the store only. */
  #unloadedMessages = 0;
  #unloadedBytes = 0;
  #exactRoutes = 0;

  constructor(oid: string, options: TopicOptions, history: History, events: TopicEvents) {
    this.oid = oid;
    this.options = options;
    this.history = history;
    this.#events = events;
  }

  /** Takes over what `qos` says; what it does not say stays as it is. */
  configure(qos: TopicQos | undefined): void {
    if (!qos) return;
    this.options = {
      readonly: qos.readonly ?? this.options.readonly,
      destroyDelayMs: qos.destroyDelayMs ?? this.options.destroyDelayMs,
      createDomEntry: qos.createDomEntry ?? this.options.createDomEntry,
      historyMaxEntries: Math.max(0, qos.historyMaxEntries ?? this.options.historyMaxEntries),
      historyMaxBytes: qos.historyMaxBytes ?? this.options.historyMaxBytes,
      storeMaxEntries: qos.storeMaxEntries ?? this.options.storeMaxEntries,
      storeMaxBytes: qos.storeMaxBytes ?? this.options.storeMaxBytes,
    };
    if (qos.distributor === 'ConsumableQueue' && !this.consumers) this.#startConsumableQueue();
  }

  /** Adds to the history; the oldest ones make room. */
  remember(message: Message): void {
    this.history.remember(message, this.options.historyMaxEntries, this.options.historyMaxBytes);
  }

  addRoute(route: Route): void {
    this.routes.set(route.subscription, route);
    if (route.subscription.query.type === 'EXACT') this.#exactRoutes++;
    this.consumers?.join(route.subscription);
  }

  removeRoute(subscription: Subscription): void {
    if (!this.routes.delete(subscription)) return;
    this.consumers?.leave(subscription);
    if (subscription.query.type === 'EXACT') this.#exactRoutes--;
    this.#events.onIdle(this);
  }

  /** Subscriptions of just this topic. */
  get exactRoutes(): number {
    return this.#exactRoutes;
  }

  /** Whether messages of it are somewhere. */
  get hasMessages(): boolean {
    return this.#heldMessages > 0 || this.#storedEntries > 0;
  }

  /** Whether the store has something of it that refers to its record. */
  get isStored(): boolean {
    return this.#storedEntries > 0;
  }

  /** Whether somebody subscribed to just this topic, or messages of it are somewhere. */
  get isReferenced(): boolean {
    return this.hasMessages || this.#exactRoutes > 0;
  }

  /** Whether one more message with so much content fits into the bounds of its store. */
  hasRoom(contentBytes: number): boolean {
    const { storeMaxEntries, storeMaxBytes } = this.options;
    const messages = this.#heldMessages + this.#unloadedMessages;
    return messages < storeMaxEntries && this.#heldBytes + this.#unloadedBytes + contentBytes <= storeMaxBytes;
  }

  messageHeld(message: Message): void {
    this.#heldMessages++;
    this.#heldBytes += message.content.length;
    if (message.entries > 0) this.#countUnloaded(-1, -message.content.length);
  }

  messageReleased(message: Message): void {
    this.#heldMessages--;
    this.#heldBytes -= message.content.length;
    if (message.entries > 0) this.#countUnloaded(1, message.content.length);
    this.#events.onIdle(this);
  }

  entryStored(): void {
    this.#storedEntries++;
  }

  entryForgotten(): void {
    this.#storedEntries--;
    this.#events.onIdle(this);
  }

  /** An entry in the store only was good for nothing. Whether others have the same message nobody knows: the bounds count too few rather than too many. */
  entryDamaged(contentBytes: number): void {
    if (this.#unloadedMessages > 0) this.#countUnloaded(-1, -Math.min(contentBytes, this.#unloadedBytes));
    this.entryForgotten();
  }

  /** What a queue of an earlier life of the broker left in the store. */
  recoverEntries(entries: number): void {
    this.#storedEntries += entries;
  }

  /** What all of them left. */
  recoverMessages({ messages, bytes }: MessageCount): void {
    this.#countUnloaded(messages, bytes);
  }

  #countUnloaded(messages: number, bytes: number): void {
    this.#unloadedMessages += messages;
    this.#unloadedBytes += bytes;
  }

  #startConsumableQueue(): void {
    this.consumers = new ConsumableQueue(this.history);
    for (const subscription of this.routes.keys()) this.consumers.join(subscription);
  }
}
