import type { Logger } from '../base/logger.ts';
import type { LaneSummary, Recovery as StoreRecovery } from '../store/store.ts';
import type { BoundedQueue } from './bounded-queue.ts';
import type { Persistence } from './persistence.ts';
import type { Authenticator, KeyDecoder } from './ports.ts';
import {
  type BrokerRecord,
  parseRecord,
  type SessionRecord,
  type SubjectRecord,
  type SubscriptionRecord,
  type TopicRecord,
} from './records.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { StoredPart } from './stored-part.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Sweeper } from './sweeper.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';

export interface RecoveryContext {
  readonly persistence: Persistence;
  readonly topics: Topics;
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions;
  readonly sweeper: Sweeper;
  readonly authenticator: Authenticator;
  readonly decodeKey: KeyDecoder;
  readonly logger: Logger;
}

/** What an earlier life of the broker left, for the log. */
export interface Recovered {
  readonly topics: number;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly messages: number;
}

/** Brings back, before the first client comes, what the store has: topics, then who waits, then what waits for whom. */
export class Recovery {
  readonly #context: RecoveryContext;
  readonly #lanes = new Map<number, LaneSummary[]>();
  readonly #topics = new Map<number, Topic>();
  readonly #sessions = new Map<number, Session>();
  /** Records that cannot be brought back now: they, and what belongs to them, stay in the store as they are. */
  readonly #leftAlone = new Set<number>();

  constructor(context: RecoveryContext) {
    this.#context = context;
  }

  /** To be called once. What cannot be brought back is logged and left alone. */
  async run(): Promise<Recovered> {
    const { records, lanes, topics } = this.#context.persistence.store.recover();
    for (const lane of lanes) {
      this.#context.persistence.recoverId(lane.queueId); // its record may be damaged
      this.#lanes.set(lane.queueId, [...(this.#lanes.get(lane.queueId) ?? []), lane]);
    }
    const subscriptions: [number, SubscriptionRecord][] = [];
    for (const { id, text } of records) {
      this.#context.persistence.recoverId(id);
      this.#try(id, text, (record) => {
        if (record.kind === 'topic') this.#recoverTopic(id, record);
        else if (record.kind === 'session') this.#recoverSession(id, record);
        else if (record.kind === 'subject') this.#recoverSubject(id, record);
        else subscriptions.push([id, record]);
      });
    }
    for (const [id, record] of subscriptions) await this.#recoverSubscription(id, record);
    this.#countMessages(lanes, topics);
    this.#dropUnowned();
    const messages = lanes.reduce((sum, { entries }) => sum + entries, 0);
    return { topics: this.#topics.size, sessions: this.#sessions.size, subscriptions: subscriptions.length, messages };
  }

  #recoverTopic(id: number, { state, keyXml, qos, creator }: TopicRecord): void {
    const { decodeKey, persistence, subscriptions, topics } = this.#context;
    const key = decodeKey(keyXml);
    const topic = state === 'alive' ? topics.recover(key.oid) : topics.recoverErased(key, state === 'destroyed');
    persistence.recoverTopic(id, topic);
    this.#topics.set(id, topic);
    if (state !== 'alive') return;
    topics.configure(topic, key, qos, creator);
    subscriptions.matchNewTopic(topic); // nobody has subscribed yet, and whoever does will find it
    const [lane] = this.#takeLanes(id);
    if (lane) topic.history.recover(persistence.queueOf(id, lane.lastOrder), partOf(lane));
  }

  #recoverSubject(id: number, record: SubjectRecord): void {
    const { persistence, sessions } = this.#context;
    const lanes = this.#takeLanes(id);
    if (lanes.length === 0) {
      persistence.forget(id);
      return;
    }
    const subject = sessions.subjects.recover(record);
    subject.recordId = id;
    this.#recoverQueue(id, subject.queue, lanes);
  }

  /** One that did not ask to survive comes back only for what waits for it, as if that had just been sent to it. */
  #recoverSession(id: number, record: SessionRecord): void {
    const { authenticator, persistence, sessions } = this.#context;
    const lanes = this.#takeLanes(id);
    if (!record.options.persistent && lanes.length === 0) {
      persistence.forget(id);
      return;
    }
    const session = sessions.recover(id, record, authenticator.recall(record.user));
    this.#sessions.set(id, session);
    this.#recoverQueue(id, session.dispatcher.queue, lanes);
  }

  async #recoverSubscription(id: number, record: SubscriptionRecord): Promise<void> {
    const { logger, persistence, subscriptions } = this.#context;
    const session = this.#sessions.get(record.sessionId);
    try {
      if (session) await subscriptions.recover(session, record, id);
      else if (!this.#leftAlone.has(record.sessionId)) persistence.forget(id);
    } catch (error) {
      logger.error({ err: error }, `the subscription ${record.id} could not be brought back`);
    }
  }

  #recoverQueue(id: number, queue: BoundedQueue, lanes: readonly LaneSummary[]): void {
    const lastOrder = lastOf(lanes);
    queue.recover(this.#context.persistence.queueOf(id, lastOrder), lanes.map(partOf), lastOrder);
  }

  #takeLanes(id: number): readonly LaneSummary[] {
    const lanes = this.#lanes.get(id) ?? [];
    this.#lanes.delete(id);
    return lanes;
  }

  /** Topics without messages and subscribers live for their destroyDelay from now on. */
  #countMessages(lanes: readonly LaneSummary[], topics: StoreRecovery['topics']): void {
    for (const lane of lanes) for (const [id, entries] of lane.topics) this.#topics.get(id)?.recoverEntries(entries);
    for (const [id, count] of topics) this.#topics.get(id)?.recoverMessages(count);
    for (const topic of this.#topics.values()) {
      this.#context.topics.checkReferences(topic);
      if (topic.isDestroyed) this.#context.sweeper.start(topic);
    }
  }

  /** Queues of sessions and topics that ended while they were being emptied. */
  #dropUnowned(): void {
    const { persistence } = this.#context;
    for (const [id, lanes] of this.#lanes) {
      if (!this.#leftAlone.has(id)) void persistence.queueOf(id, lastOf(lanes)).drop(lanes.map(partOf), () => {});
    }
  }

  #try(id: number, text: string, recover: (record: BrokerRecord) => void): void {
    const { logger } = this.#context;
    try {
      const record = parseRecord(text);
      if (record) {
        recover(record);
        return;
      }
      logger.error(`the store has a record of an unknown kind (number ${id}): it is left alone`);
    } catch (error) {
      logger.error({ err: error }, `a record of the store could not be brought back (number ${id}): it is left alone`);
    }
    this.#leftAlone.add(id);
  }
}

function partOf({ priority, entries, bytes, firstOrder, lastOrder }: LaneSummary): StoredPart {
  return { isStoredPart: true, priority, order: firstOrder, lastOrder, entries, bytes };
}

function lastOf(lanes: readonly LaneSummary[]): number {
  return lanes.reduce((last, { lastOrder }) => Math.max(last, lastOrder), -1);
}
