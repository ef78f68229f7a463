import type { Timer } from '../base/timer-wheel.ts';
import type { MsgKey, TopicQos } from '../model/message.ts';
import { DEFAULT_HISTORY, type HistoryQos } from '../model/query.ts';
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
  /** Nobody holds the message any more. */
  onReleased(message: Message): void;
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
  readonly #events: TopicEvents;
  readonly #history: Message[] = [];
  #historyBytes = 0;
  #heldMessages = 0;
  #heldBytes = 0;
  #exactRoutes = 0;

  constructor(oid: string, options: TopicOptions, events: TopicEvents) {
    this.oid = oid;
    this.options = options;
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
  }

  get hasHistory(): boolean {
    return this.#history.length > 0;
  }

  get newest(): Message | undefined {
    return this.#history.at(-1);
  }

  /** Adds to the history; the oldest ones make room. */
  remember(message: Message): void {
    if (this.options.historyMaxEntries === 0) return;
    message.retain();
    this.#history.push(message);
    this.#historyBytes += message.content.length;
    const { historyMaxEntries, historyMaxBytes } = this.options;
    while (this.#history.length > historyMaxEntries || (this.#historyBytes > historyMaxBytes && this.#history.length > 1)) {
      this.#drop(this.#history.shift());
    }
  }

  /** Takes one message out of the history. */
  forget(message: Message): void {
    const index = this.#history.indexOf(message);
    if (index < 0) return;
    this.#history.splice(index, 1);
    this.#drop(message);
  }

  clearHistory(): void {
    for (const message of this.#history.splice(0)) this.#drop(message);
  }

  /** The newest `numEntries` (below 0: all) of what it remembers, the expired left out. */
  select(history: HistoryQos | undefined, nowMs: number): Message[] {
    const { numEntries, newestFirst } = history ?? DEFAULT_HISTORY;
    const selected = numEntries < 0 ? [...this.#history] : this.#history.slice(Math.max(0, this.#history.length - numEntries));
    if (newestFirst) selected.reverse();
    return selected.filter((message) => !message.isExpired(nowMs));
  }

  addRoute(route: Route): void {
    this.routes.set(route.subscription, route);
    if (route.subscription.query.type === 'EXACT') this.#exactRoutes++;
  }

  removeRoute(subscription: Subscription): void {
    if (!this.routes.delete(subscription)) return;
    if (subscription.query.type === 'EXACT') this.#exactRoutes--;
    this.#events.onIdle(this);
  }

  /** Whether messages of it are somewhere. */
  get hasMessages(): boolean {
    return this.#heldMessages > 0;
  }

  /** Whether somebody subscribed to just this topic, or messages of it are somewhere. */
  get isReferenced(): boolean {
    return this.#heldMessages > 0 || this.#exactRoutes > 0;
  }

  /** Whether one more message with so much content fits into the bounds of its store. */
  hasRoom(contentBytes: number): boolean {
    const { storeMaxEntries, storeMaxBytes } = this.options;
    return this.#heldMessages < storeMaxEntries && this.#heldBytes + contentBytes <= storeMaxBytes;
  }

  messageHeld(message: Message): void {
    this.#heldMessages++;
    this.#heldBytes += message.content.length;
  }

  #drop(message: Message | undefined): void {
    if (!message) return;
    this.#historyBytes -= message.content.length;
    message.release();
  }

  messageReleased(message: Message): void {
    this.#heldMessages--;
    this.#heldBytes -= message.content.length;
    this.#events.onReleased(message);
    this.#events.onIdle(this);
  }
}
