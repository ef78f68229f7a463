import type { TimerWheel } from '../base/timer-wheel.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey, TopicQos } from '../model/message.ts';
import { isSystemOid } from '../model/system-topics.ts';
import type { BrokerLimits } from './broker-options.ts';
import { History } from './history.ts';
import type { MemoryAccount } from './memory-account.ts';
import { BYTES_PER_KEY_CHAR } from './message.ts';
import type { Persistence } from './persistence.ts';
import { Topic, type TopicEvents, type TopicOptions } from './topic.ts';

/** What one topic costs beside its key and its messages, in bytes (measured by `npm run bench -- memory`). */
const TOPIC_BYTES = 1_200;
/** What a key takes in the index of topics, per character (measured by `npm run bench -- xpath`); one of very short attributes takes more. */
const INDEX_BYTES_PER_KEY_CHAR = 4;

export interface TopicsContext {
  readonly limits: BrokerLimits;
  readonly account: MemoryAccount;
  readonly timers: TimerWheel;
  readonly persistence: Persistence;
  readonly now: () => number;
}

export interface TopicsEvents {
  onCreated(topic: Topic): void;
  /** It was erased or died, and is not among the topics any more. */
  onRemoved(topic: Topic): void;
  /** A topic died because nobody needed it for its destroyDelay. */
  onDeath(topic: Topic): void;
}

/** All topics by oid, in the order they were made; moves them through their states and lets the unreferenced die. */
export class Topics {
  readonly #limits: BrokerLimits;
  readonly #account: MemoryAccount;
  readonly #timers: TimerWheel;
  readonly #events: TopicsEvents;
  readonly #persistence: Persistence;
  readonly #now: () => number;
  readonly #topics = new Map<string, Topic>();
  readonly #topicEvents: TopicEvents;
  readonly #defaultOptions: TopicOptions;
  readonly #softErased = new Set<Topic>();
  #keyOrder = 0;

  constructor({ limits, account, timers, persistence, now }: TopicsContext, events: TopicsEvents) {
    this.#limits = limits;
    this.#account = account;
    this.#timers = timers;
    this.#persistence = persistence;
    this.#now = now;
    this.#events = events;
    this.#defaultOptions = {
      readonly: false,
      destroyDelayMs: limits.destroyDelayMs,
      createDomEntry: true,
      historyMaxEntries: limits.maxHistoryEntries,
      historyMaxBytes: Number.POSITIVE_INFINITY,
      storeMaxEntries: Number.POSITIVE_INFINITY,
      storeMaxBytes: Number.POSITIVE_INFINITY,
    };
    this.#topicEvents = { onIdle: (topic) => this.checkReferences(topic) };
  }

  get size(): number {
    return this.#topics.size;
  }

  /** How many topics ever got a key: the number of the next one. */
  get keyOrder(): number {
    return this.#keyOrder;
  }

  get(oid: string): Topic | undefined {
    return this.#topics.get(oid);
  }

  /** All topics, also while others come and go. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** @throws BrokerError `resource.exhaust` when it would be one too many; the broker's own topics always fit. */
  getOrCreate(oid: string): Topic {
    const known = this.#topics.get(oid);
    if (known) return known;
    if (!isSystemOid(oid)) this.#requireRoom(oid);
    return this.#add(oid);
  }

  /** One of an earlier life of the broker: it is there whatever the bounds are now, as what it has would be lost otherwise. */
  recover(oid: string): Topic {
    return this.#topics.get(oid) ?? this.#add(oid);
  }

  /** One that was erased in an earlier life of the broker while updates of it waited; it is not among the topics. */
  recoverErased(key: MsgKey, isDestroyed: boolean): Topic {
    const topic = this.#create(key.oid);
    topic.key = key;
    topic.isDestroyed = isDestroyed;
    topic.state = isDestroyed ? 'DEAD' : 'SOFT_ERASED';
    if (!isDestroyed) this.#softErased.add(topic);
    return topic;
  }

  #add(oid: string): Topic {
    const topic = this.#create(oid);
    this.#topics.set(oid, topic);
    this.#account.charge(bytesOf(topic));
    this.#events.onCreated(topic);
    return topic;
  }

  #create(oid: string): Topic {
    const context = { now: this.#now, timers: this.#timers };
    const history = new History(context, () => this.#persistence.queueOf(topic.recordId));
    const topic: Topic = new Topic(oid, this.#defaultOptions, history, this.#topicEvents);
    return topic;
  }

  /** Gives an UNCONFIGURED topic its key and its options. */
  configure(topic: Topic, key: MsgKey, qos: TopicQos | undefined, creator: string): void {
    this.#account.release(bytesOf(topic));
    topic.key = key;
    topic.keyOrder = this.#keyOrder++;
    topic.creator = creator;
    topic.configure(qos);
    topic.state = 'ALIVE';
    this.#account.charge(bytesOf(topic));
  }

  /** A publish: the topic lives again, whatever it was waiting for. */
  revive(topic: Topic): void {
    topic.state = 'ALIVE';
    topic.destroyTimer?.cancel();
    topic.destroyTimer = undefined;
  }

  /** Takes a topic out; its routes stay readable, so that those who listened can be told. */
  remove(topic: Topic, isForced: boolean): void {
    if (isGone(topic)) return;
    topic.state = 'DEAD';
    topic.isDestroyed = isForced;
    topic.destroyTimer?.cancel();
    this.#topics.delete(topic.oid);
    this.#account.release(bytesOf(topic));
    topic.history.close();
    this.#events.onRemoved(topic);
    if (!isForced && topic.hasMessages) {
      topic.state = 'SOFT_ERASED';
      this.#softErased.add(topic);
    }
    this.#persistence.topicRemoved(topic);
  }

  /** Erased topics of which updates are still on their way. */
  get softErased(): Iterable<Topic> {
    return this.#softErased;
  }

  /** Called whenever a topic may have lost its last message or exact subscriber. The broker's own topics stay. */
  checkReferences(topic: Topic): void {
    if (topic.state === 'SOFT_ERASED' && !topic.hasMessages) {
      topic.state = 'DEAD';
      this.#softErased.delete(topic);
    }
    if (isGone(topic) && !topic.isStored) this.#persistence.forgetTopic(topic);
    if (isGone(topic) || topic.isReferenced || isSystemOid(topic.oid)) return;
    if (topic.state === 'UNCONFIGURED') {
      if (topic.routes.size === 0) this.remove(topic, false);
      return;
    }
    topic.state = 'UNREFERENCED';
    const { destroyDelayMs } = topic.options;
    if (destroyDelayMs < 0 || topic.destroyTimer) return;
    if (destroyDelayMs === 0) this.#die(topic);
    else topic.destroyTimer = this.#timers.start(destroyDelayMs, () => this.#die(topic));
  }

  #requireRoom(oid: string): void {
    if (this.#topics.size >= this.#limits.maxTopics) {
      throw new BrokerError('resource.exhaust', `The broker has ${this.#limits.maxTopics} topics (--max-topics); erase some`);
    }
    this.#account.require(TOPIC_BYTES + oid.length);
  }

  #die(topic: Topic): void {
    if (topic.state !== 'UNREFERENCED') return;
    this.remove(topic, false);
    this.#events.onDeath(topic);
  }
}

/** Out of the registry: for everybody but the updates on their way it does not exist any more. */
export function isGone({ state }: Topic): boolean {
  return state === 'DEAD' || state === 'SOFT_ERASED';
}

function bytesOf(topic: Topic): number {
  // A key is there as text and as a tree: together some four times its length.
  return (
    TOPIC_BYTES + topic.oid.length + (topic.key ? topic.key.xml.length * (BYTES_PER_KEY_CHAR + INDEX_BYTES_PER_KEY_CHAR) : 0)
  );
}
