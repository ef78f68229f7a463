import type { Logger } from '../base/logger.ts';
import { Lru } from '../base/lru.ts';
import type { Slicer } from '../base/slicer.ts';
import { shuttingDown } from '../model/error.ts';
import type { MsgKey } from '../model/message.ts';
import type { DamagedEntry, MessageRecord, Store } from '../store/store.ts';
import { LiveMessages } from './live-messages.ts';
import type { MemoryAccount } from './memory-account.ts';
import { Message, NO_TOPIC } from './message.ts';
import type { KeyDecoder } from './ports.ts';
import { type BrokerRecord, sessionRecord, subjectRecord, subscriptionRecord, topicRecord } from './records.ts';
import type { Session } from './session.ts';
import { StoredQueue } from './stored-queue.ts';
import type { Subject } from './subject.ts';
import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

/** Keys of loaded messages that are remembered: messages of one topic share it. */
const MAX_KEYS = 1_000;
const MAX_KEY_CHARS = 4 * 1024 * 1024;

export interface PersistenceContext {
  readonly store: Store;
  readonly decodeKey: KeyDecoder;
  readonly account: MemoryAccount;
  readonly slicer: Slicer;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Keeps in the store what is to survive the end of the process: gives numbers to records, writes them, turns what is read into messages. */
export class Persistence {
  readonly store: Store;
  readonly slicer: Slicer;
  /** Ms since 1970. */
  readonly startedAt: number;
  readonly #context: PersistenceContext;
  readonly #topics = new Map<number, Topic>();
  readonly #keys = new Lru<string, MsgKey>(MAX_KEYS, MAX_KEY_CHARS);
  readonly #live = new LiveMessages();
  #lastId = 0;
  isClosed = false;
  #hasChanged = false;
  #isCommitDue = false;
  #isFailing = false;
  /** The last commit, as the store promised it, and as others get it. */
  #stored: Promise<void> | undefined;
  #commit: Promise<void> = Promise.resolve();

  constructor(context: PersistenceContext) {
    this.#context = context;
    this.store = context.store;
    this.slicer = context.slicer;
    this.startedAt = context.now();
  }

  get isDurable(): boolean {
    return this.store.isDurable;
  }

  /** The broker ends: what happens to queues from now on is of this process only. */
  close(): Promise<void> {
    this.isClosed = true;
    this.#hasChanged = false;
    return this.store.close();
  }

  /** Something changed in the store. It gets committed by itself, together with what else changes in this turn of the event loop. */
  changed(): void {
    this.#hasChanged = true;
    if (this.#isCommitDue) return;
    this.#isCommitDue = true;
    setImmediate(() => {
      this.#isCommitDue = false;
      if (this.#hasChanged) this.commit().catch(() => {}); // it has been logged, and the changes are part of the next commit
    });
  }

  /** See `Store.commit`. Rejects when the broker ends: what is changed then is not stored, and nobody may be told that it is. */
  commit(): Promise<void> {
    if (this.isClosed) return Promise.reject(shuttingDown());
    this.#hasChanged = false;
    const stored = this.store.commit();
    if (stored === this.#stored) return this.#commit; // a promise for each publish would cost more than the rest
    this.#stored = stored;
    this.#commit = this.#report(stored);
    return this.#commit;
  }

  async #report(stored: Promise<void>): Promise<void> {
    try {
      await stored;
      this.#live.committed();
      if (this.#isFailing) this.#context.logger.info('the store takes changes again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#context.logger.error({ err: error }, 'the store takes no changes');
      this.#isFailing = true;
      throw error;
    }
  }

  /** The number of a record of an earlier life of the broker: new ones are higher. */
  recoverId(id: number): void {
    this.#lastId = Math.max(this.#lastId, id);
  }

  recoverTopic(id: number, topic: Topic): void {
    topic.recordId = id;
    this.#topics.set(id, topic);
  }

  saveTopic(topic: Topic): void {
    if (topic.recordId === 0) this.recoverTopic(++this.#lastId, topic);
    this.#put(topic.recordId, topicRecord(topic, 'alive'));
  }

  /** It was erased or died; its record stays as long as queues have something of it. */
  topicRemoved(topic: Topic): void {
    if (topic.recordId === 0) return;
    if (!topic.isStored) this.forgetTopic(topic);
    else this.#put(topic.recordId, topicRecord(topic, topic.isDestroyed ? 'destroyed' : 'erased'));
  }

  forgetTopic(topic: Topic): void {
    if (!this.#topics.delete(topic.recordId)) return;
    this.forget(topic.recordId);
    topic.recordId = 0;
  }

  /** Adds or renews the record of a session. */
  saveSession(session: Session, subject: Subject): void {
    const record = JSON.stringify(sessionRecord(session, subject));
    if (record === session.savedRecord) return; // a poll states everything again
    session.savedRecord = record;
    if (session.recordId === 0) session.recordId = ++this.#lastId;
    this.#putText(session.recordId, record);
  }

  saveSubject(subject: Subject): void {
    if (subject.recordId === 0) subject.recordId = ++this.#lastId;
    this.#put(subject.recordId, subjectRecord(subject));
  }

  saveSubscription(subscription: Subscription): void {
    subscription.recordId = ++this.#lastId;
    this.#put(subscription.recordId, subscriptionRecord(subscription));
  }

  /** Forgets the record of this number, if it is one. */
  forget(id: number): void {
    if (id === 0 || this.isClosed) return;
    this.store.deleteRecord(id);
    this.changed();
  }

  /** The queue of the record of this number; `lastRecovered` is the order of the last entry that was there when the broker started. */
  queueOf(id: number, lastRecovered?: number): StoredQueue {
    return new StoredQueue(id, this, lastRecovered);
  }

  /** Whether nobody may get it any more, see `Message.isGone`. */
  isGone({ topicId, qos, expiresAt }: MessageRecord): boolean {
    if (this.#topics.get(topicId)?.isDestroyed === true) return true;
    return qos.forceDestroy === true && expiresAt <= this.#context.now();
  }

  /** An entry whose message cannot be read was in the store only, and is no more. */
  damaged({ topicId, bytes }: DamagedEntry): void {
    this.#topics.get(topicId)?.entryDamaged(bytes);
  }

  /** The message of a record that was read: the one that is in memory, or else a new one. It has a reference that is the caller's. */
  loadMessage(record: MessageRecord): Message {
    const message = this.#live.find(record) ?? this.#toMessage(record);
    message.retain();
    this.#live.add(message);
    return message;
  }

  /** A queue leaves its entry of this message to the store, and the reference to it. */
  unloadMessage(message: Message): void {
    this.#live.add(message);
    message.release();
  }

  #toMessage(record: MessageRecord): Message {
    const { topicId, keyXml, content, qos, sender, rcvTimestamp, expiresAt, stored } = record;
    const topic = this.#topics.get(topicId);
    const key = topic?.key && topic.key.xml === keyXml ? topic.key : this.#keyOf(keyXml);
    const init = { key, content: Buffer.from(content), qos, sender, rcvTimestamp, expiresAt };
    const message = new Message(init, topic ?? NO_TOPIC, this.#context.account);
    message.stored = stored;
    message.entries = this.#live.entriesOf(record) ?? this.store.references(stored);
    return message;
  }

  #keyOf(xml: string): MsgKey {
    const known = this.#keys.get(xml);
    if (known) return known;
    const key = this.#context.decodeKey(xml);
    this.#keys.set(xml, key, xml.length);
    return key;
  }

  #put(id: number, record: BrokerRecord): void {
    this.#putText(id, JSON.stringify(record));
  }

  #putText(id: number, text: string): void {
    if (this.isClosed) return;
    this.store.putRecord({ id, text });
    this.changed();
  }
}
