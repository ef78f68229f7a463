import type { TimerWheel } from '../base/timer-wheel.ts';
import { BrokerError } from '../model/error.ts';
import type { PublishUnit } from '../model/message.ts';
import type { PublishOutcome, PublishReply } from '../model/replies.ts';
import type { Timestamp } from '../model/timestamp.ts';
import type { PublishFilters } from '../query/filter/publish-filters.ts';
import type { Deliveries } from './deliveries.ts';
import type { MemoryAccount } from './memory-account.ts';
import { Message } from './message.ts';
import { overflowError } from './overflow.ts';
import type { Persistence } from './persistence.ts';
import type { PointToPoint, Receiver } from './point-to-point.ts';
import type { Session } from './session.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';

/** What publishing needs of the engine. */
export interface PublisherContext {
  readonly topics: Topics;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly pointToPoint: PointToPoint;
  readonly persistence: Persistence;
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
    const { filters, newTimestamp } = this.#context;
    if (filters.isEmpty) return this.#admit(unit, sender);
    const decision = filters.decide(unit, sender, newTimestamp);
    return 'refusedAs' in decision ? decision : this.#admit(decision.unit, sender);
  }

  /** The filters have let it in. */
  #admit(unit: PublishUnit, sender: string): PublishReply | Promise<PublishReply> {
    const { account, deliveries } = this.#context;
    account.require(unit.content.length);
    const full = this.#findFullQueue(unit);
    if (full) return this.#admitWhenThereIsRoom(unit, sender, full);
    const accepted = this.accept(unit, sender);
    if (accepted.topic.matching || deliveries.isBehind) return this.#commitWhenDelivered(accepted);
    return accepted.message?.qos.persistent ? this.#commit(accepted) : accepted.reply;
  }

  /** The first queue of a subscriber that is full, and whose client wants its publishers to know. */
  #findFullQueue({ key, content, qos }: PublishUnit): Session | undefined {
    if (qos.subscribable === false && qos.destinations.length > 0) return undefined;
    const topic = this.#context.topics.get(key.oid);
    if (!topic || topic.consumers) return undefined;
    for (const { subscription } of topic.routes.values()) {
      const { queue } = subscription.session.dispatcher;
      const { onOverflow } = queue.bounds;
      if ((onOverflow === 'exception' || onOverflow === 'block') && !queue.hasRoom(content.length)) return subscription.session;
    }
    return undefined;
  }

  /**
   * Waits for the queues that want their publishers to wait, at most `BLOCK_MS` in all. Meanwhile the memory account counts the
   * content, whatever becomes of the client.
   */
  async #admitWhenThereIsRoom(unit: PublishUnit, sender: string, firstFull: Session): Promise<PublishReply> {
    const { account, now, timers } = this.#context;
    const bytes = unit.content.length + WAITING_BYTES;
    const endsAt = now() + BLOCK_MS;
    for (let full: Session | undefined = firstFull; full; full = this.#findFullQueue(unit)) {
      const { queue } = full.dispatcher;
      const leftMs = endsAt - now();
      if (queue.bounds.onOverflow === 'exception' || leftMs <= 0) throw overflowError(full.absoluteName, queue);
      account.charge(bytes);
      await new Promise<void>((resolve) => {
        const timer = timers.start(leftMs, done);
        const forget = queue.awaitRoom(done);
        function done(): void {
          timer.cancel();
          forget();
          account.release(bytes);
          resolve();
        }
      });
    }
    return this.#admit(unit, sender);
  }

  async #commitWhenDelivered(accepted: Accepted): Promise<PublishReply> {
    const { deliveries } = this.#context;
    if (accepted.topic.matching) await accepted.topic.matching.done;
    if (deliveries.isBehind) await deliveries.caughtUp();
    return accepted.message?.qos.persistent ? await this.#commit(accepted) : accepted.reply;
  }

  /** The part of a publish that happens at once; the broker's own messages need no more. */
  accept(unit: PublishUnit, sender: string): Accepted {
    const { topics, newTimestamp, pointToPoint } = this.#context;
    const isPrivate = unit.qos.subscribable === false && unit.qos.destinations.length > 0;
    const { topic, receivers } = this.#place(unit, isPrivate);
    const rcvTimestamp = newTimestamp();
    const isNewTopic = topic.key === undefined;
    if (isNewTopic) this.#introduce(topic, unit, sender);
    else if (unit.qos.administrative) topic.configure(unit.qos.topic);
    const reply = (info: string | undefined): PublishReply => ({ oid: topic.oid, rcvTimestamp, info, isNewTopic });
    if (unit.qos.administrative) {
      topics.checkReferences(topic);
      if (topic.recordId > 0) this.#context.persistence.saveTopic(topic);
      return { message: undefined, topic, receivers, reply: reply('Administrative configuration request handled') };
    }
    const message = this.#stamp(unit, sender, rcvTimestamp, topic);
    topics.revive(topic);
    message.retain();
    if (message.qos.persistent && topic.recordId === 0) this.#context.persistence.saveTopic(topic);
    if (receivers.length > 0) pointToPoint.deliver(message, receivers);
    if (!isPrivate) this.#deliver(topic, message);
    message.release();
    topics.checkReferences(topic);
    return { message, topic, receivers, reply: reply(this.#infoOf(message, isPrivate)) };
  }

  /** Where it goes. Who was made for it does not stay when it cannot go there. */
  #place(unit: PublishUnit, isPrivate: boolean): { readonly topic: Topic; readonly receivers: readonly Receiver[] } {
    const { topics, pointToPoint } = this.#context;
    const isAddressed = unit.qos.destinations.length > 0 && !unit.qos.administrative;
    const receivers = isAddressed ? pointToPoint.resolve(unit) : NOBODY;
    try {
      const topic = topics.getOrCreate(unit.key.oid);
      if (!isPrivate) checkWritable(topic, unit);
      checkStore(topic, unit);
      return { topic, receivers };
    } catch (error) {
      pointToPoint.abandon(receivers);
      throw error;
    }
  }

  #infoOf({ qos }: Message, isPrivate: boolean): string | undefined {
    if (qos.persistent && !this.#context.persistence.isDurable) return NOT_DURABLE;
    return isPrivate ? 'PtP request handled' : undefined;
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

  /** To the topic's history and to its subscribers. */
  #deliver(topic: Topic, message: Message): void {
    const isChanged = message.qos.forceUpdate !== false || !topic.history.newest?.content.equals(message.content);
    if (message.qos.lifeTimeMs !== 0) topic.remember(message);
    if (topic.consumers) {
      topic.consumers.distribute();
      return;
    }
    if (!isChanged) return;
    for (const route of topic.routes.values()) this.#context.deliveries.deliver(route.subscription, message, false);
    if (!topic.matching) return;
    topic.matching.published.push(message);
    message.retain();
  }

  /** Waits with one promise each: a commit has many who wait. */
  #commit(accepted: Accepted): Promise<PublishReply> {
    return this.#context.persistence.commit().then(
      () => accepted.reply,
      (error: unknown) => {
        this.#withdraw(accepted);
        throw error;
      },
    );
  }

  #withdraw({ message, topic, receivers }: Accepted): void {
    if (!message) return;
    message.withdraw();
    topic.history.forget(message);
    for (const { subscription } of topic.routes.values()) subscription.session.dispatcher.sweep();
    this.#context.pointToPoint.sweep(receivers);
  }
}

/** A publish that has happened, as far as memory is concerned. */
interface Accepted {
  readonly message: Message | undefined;
  readonly topic: Topic;
  readonly receivers: readonly Receiver[];
  readonly reply: PublishReply;
}

const NOT_DURABLE = 'Accepted, but this broker keeps persistent messages in memory only: they do not survive a restart';

/** Longest time that a publish waits for subscribers whose queues are full and block; ms. */
const BLOCK_MS = 10_000;

/** What a waiting publish costs beside its content, in bytes (timer, promises, the request it came with). */
const WAITING_BYTES = 2_048;

const NOBODY: readonly Receiver[] = [];

function checkStore(topic: Topic, { qos, content }: PublishUnit): void {
  if (qos.administrative || topic.hasRoom(content.length)) return;
  const { storeMaxEntries, storeMaxBytes } = topic.options;
  throw new BrokerError(
    'resource.overflow.queue.entries',
    `The topic "${topic.oid}" has all the messages it may have (msgUnitStore: ${storeMaxEntries} entries, ${storeMaxBytes} bytes)`,
  );
}

function checkWritable(topic: Topic, unit: PublishUnit): void {
  if (!topic.options.readonly || topic.history.size === 0 || unit.qos.administrative) return;
  throw new BrokerError('user.publish.readonly', `The topic "${topic.oid}" is readonly and has its message already`);
}
