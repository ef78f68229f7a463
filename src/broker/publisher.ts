import type { TimerWheel } from '../base/timer-wheel.ts';
import { BrokerError } from '../model/error.ts';
import type { PublishUnit } from '../model/message.ts';
import type { PublishOutcome, PublishReply } from '../model/replies.ts';
import type { Timestamp } from '../model/timestamp.ts';
import type { PublishFilters } from '../query/filter/publish-filters.ts';
import type { Store } from '../store/store.ts';
import type { Deliveries } from './deliveries.ts';
import type { MemoryAccount } from './memory-account.ts';
import { Message } from './message.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';

/** What publishing needs of the engine. */
export interface PublisherContext {
  readonly topics: Topics;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly store: Store;
  readonly account: MemoryAccount;
  readonly timers: TimerWheel;
  readonly filters: PublishFilters;
  readonly now: () => number;
  readonly newTimestamp: () => Timestamp;
  /** Of a message whose publisher does not say; -1 = for ever. */
  readonly lifeTimeMs: number;
}

/** Longest life of a message, in ms (some 31,000 years): what is longer is for ever. */
const MAX_LIFE_TIME_MS = 1e15;

/**
 * The pipeline of a publish. All of it happens in one turn of the event loop, so messages keep their order; only the answer
 * waits, for the store, for the matching of a new topic, and for filters that are behind.
 */
export class Publisher {
  readonly #context: PublisherContext;

  constructor(context: PublisherContext) {
    this.#context = context;
  }

  /**
   * Returns a promise only when there is something to wait for; it rejects with whatever the store rejects with (then nobody who
   * has not been handed the message yet gets it).
   *
   * @throws BrokerError `user.publish.readonly`, `resource.exhaust`, and what a publish filter throws.
   */
  publish(unit: PublishUnit, sender: string): PublishOutcome | Promise<PublishOutcome> {
    const { account, filters, deliveries, newTimestamp } = this.#context;
    account.require(unit.content.length);
    const decision = filters.isEmpty ? { unit } : filters.decide(unit, sender, newTimestamp);
    if ('refusedAs' in decision) return decision;
    const accepted = this.accept(decision.unit, sender);
    const mustWait = accepted.message?.qos.persistent || accepted.topic.matching || deliveries.isBehind;
    return mustWait ? this.#settle(accepted) : accepted.reply;
  }

  async #settle({ message, topic, reply }: Accepted): Promise<PublishReply> {
    const { deliveries } = this.#context;
    if (message?.qos.persistent) await this.#commit(message, topic);
    if (topic.matching) await topic.matching.done;
    if (deliveries.isBehind) await deliveries.caughtUp();
    return reply;
  }

  /** The part of a publish that happens at once; the broker's own messages need no more. */
  accept(unit: PublishUnit, sender: string): Accepted {
    const { topics, newTimestamp } = this.#context;
    const topic = topics.getOrCreate(unit.key.oid);
    checkWritable(topic, unit);
    const rcvTimestamp = newTimestamp();
    const isNewTopic = topic.key === undefined;
    if (isNewTopic) this.#introduce(topic, unit, sender);
    else if (unit.qos.administrative) topic.configure(unit.qos.topic);
    const reply = (info: string | undefined): PublishReply => ({ oid: topic.oid, rcvTimestamp, info, isNewTopic });
    if (unit.qos.administrative) {
      topics.checkReferences(topic);
      return { message: undefined, topic, reply: reply('Administrative configuration request handled') };
    }
    const message = this.#stamp(unit, sender, rcvTimestamp, topic);
    this.#deliver(topic, message);
    return { message, topic, reply: reply(message.qos.persistent && !this.#context.store.isDurable ? NOT_DURABLE : undefined) };
  }

  /** A new topic meets the standing queries. */
  #introduce(topic: Topic, unit: PublishUnit, sender: string): void {
    const { topics, subscriptions } = this.#context;
    topics.configure(topic, unit.key, unit.qos.topic, sender);
    subscriptions.matchNewTopic(topic);
  }

  #stamp(unit: PublishUnit, sender: string, rcvTimestamp: Timestamp, topic: Topic): Message {
    const lifeTimeMs = unit.qos.lifeTimeMs ?? this.#context.lifeTimeMs;
    const isMortal = lifeTimeMs >= 0 && lifeTimeMs < MAX_LIFE_TIME_MS;
    const expiresAt = isMortal ? this.#context.now() + lifeTimeMs : Number.POSITIVE_INFINITY;
    return new Message(
      { key: unit.key, qos: unit.qos, content: unit.content, sender, rcvTimestamp, expiresAt },
      topic,
      this.#context.account,
    );
  }

  #deliver(topic: Topic, message: Message): void {
    const { topics, deliveries } = this.#context;
    topics.revive(topic);
    const isChanged = message.qos.forceUpdate !== false || !topic.newest?.content.equals(message.content);
    message.retain();
    if (message.qos.persistent) this.#persist(message);
    this.#remember(topic, message);
    if (isChanged) {
      for (const route of topic.routes.values()) deliveries.deliver(route.subscription, message, false);
      topic.matching?.published.push(message);
      if (topic.matching) message.retain();
    }
    message.release();
    topics.checkReferences(topic);
  }

  #remember(topic: Topic, message: Message): void {
    if (message.qos.lifeTimeMs === 0) return;
    topic.remember(message);
    if (message.expiresAt === Number.POSITIVE_INFINITY) return;
    message.expiryTimer = this.#context.timers.start(message.expiresAt - this.#context.now(), () => topic.forget(message));
  }

  #persist(message: Message): void {
    const { key, content, qos, sender, rcvTimestamp } = message;
    this.#context.store.putMessage({ oid: key.oid, keyXml: key.xml, content, qos, sender, rcvTimestamp });
  }

  async #commit(message: Message, topic: Topic): Promise<void> {
    try {
      await this.#context.store.commit();
    } catch (error) {
      message.withdraw();
      topic.forget(message);
      throw error;
    }
  }
}

/** A publish that has happened, as far as memory is concerned. */
interface Accepted {
  readonly message: Message | undefined;
  readonly topic: Topic;
  readonly reply: PublishReply;
}

const NOT_DURABLE = 'Accepted, but this broker keeps persistent messages in memory only: they do not survive a restart';

function checkWritable(topic: Topic, unit: PublishUnit): void {
  if (!topic.options.readonly || !topic.hasHistory || unit.qos.administrative) return;
  throw new BrokerError('user.publish.readonly', `The topic "${topic.oid}" is readonly and has its message already`);
}
