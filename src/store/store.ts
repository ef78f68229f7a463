import type { PublishQos } from '../model/message.ts';
import type { Timestamp } from '../model/timestamp.ts';

/** A persistent message as it is stored: enough to make it again. Content is stored once, however many queues refer to it. */
export interface MessageRecord {
  /** The record of its topic. */
  readonly topicId: number;
  /** The whole `<key>` element. */
  readonly keyXml: string;
  /** What is read may be a part of something bigger: whoever keeps it copies it. */
  readonly content: Buffer;
  readonly qos: PublishQos;
  readonly sender: string;
  readonly rcvTimestamp: Timestamp;
  /** Ms since 1970; Infinity = never. */
  readonly expiresAt: number;
  /**
   * Where the store has it, as soon as a commit has begun that brings it: the store's own. Reading says the same (`===`) for the entries
   * of one message, and for no other message as long as an entry refers to it. The same object in several queues is one stored message.
   */
  stored: unknown;
}

/** The messages of one priority in one queue; they read back ascending by `order`. */
export interface Lane {
  /** Any record's number can be that of a queue. */
  readonly queueId: number;
  /** 0–9. */
  readonly priority: number;
}

/** What stands in a queue beside the message. */
export interface StoredEntry {
  /** Place in the lane: an integer from 0 to 2^48, never used twice in one lane. Mostly, but not always, ascending from `add` to `add`. */
  readonly order: number;
  /** What many entries have in common; the store knows nothing of it. At most 64 kB of UTF-8. */
  readonly label: string;
  /** What changes while it waits, 0–65,535; the store knows nothing of it. */
  readonly state: number;
  readonly message: MessageRecord;
}

/** What a lane holds that was committed by an earlier life of the broker. */
export interface LaneSummary extends Lane {
  readonly entries: number;
  /** Content bytes. */
  readonly bytes: number;
  readonly firstOrder: number;
  readonly lastOrder: number;
  /** How many entries are messages of which topic. */
  readonly topics: ReadonlyMap<number, number>;
}

/** A record of the broker: a topic, a session and the like. */
export interface StateRecord {
  /** A positive 32-bit integer. */
  readonly id: number;
  /** The store knows nothing of it. At most 16 MiB. */
  readonly text: string;
}

/** Messages, each counted once, and their content bytes. */
export interface MessageCount {
  readonly messages: number;
  readonly bytes: number;
}

export interface Recovery {
  /** Ascending by id. */
  readonly records: readonly StateRecord[];
  /** Of every lane that is not empty. */
  readonly lanes: readonly LaneSummary[];
  /** What the lanes have of which topic. */
  readonly topics: ReadonlyMap<number, MessageCount>;
}

export interface DamagedEntry {
  readonly order: number;
  /** The record of its topic. */
  readonly topicId: number;
  /** Of its content. */
  readonly bytes: number;
}

/** A part of a lane. */
export interface LanePart {
  /** Ascending by order. */
  readonly entries: readonly StoredEntry[];
  /** Entries whose message is damaged, which was reported: they are good for nothing but to be removed. */
  readonly damaged: readonly DamagedEntry[];
  /** There may be more entries from this order on; undefined: there are none. */
  readonly next: number | undefined;
}

/**
 * Where persistent state is kept: records, and messages in queues. Changes are collected and become durable together at the next
 * commit; what one turn of the event loop changes shares one commit, and what changes while one is under way shares the next. Reading
 * sees what is committed.
 *
 * Every implementation passes test/helpers/store-contract.ts.
 */
export interface Store {
  /** Whether what was committed survives the end of the process. */
  readonly isDurable: boolean;
  /** What earlier lives left behind; to be called once, before any change. */
  recover(): Recovery;
  /** Adds or replaces a record. */
  putRecord(record: StateRecord): void;
  /** Forgets a record; one that is not there is no error. What stands in a queue of this number stays. */
  deleteRecord(id: number): void;
  /** Queues a message. The message is kept as long as an entry refers to it. */
  add(lane: Lane, entry: StoredEntry): void;
  /** Changes the state of an entry; one that is not there is no error. */
  setState(lane: Lane, order: number, state: number): void;
  /** Takes an entry out; one that is not there is no error. */
  remove(lane: Lane, order: number): void;
  /**
   * Committed entries from `fromOrder` on, at most `maxEntries` and, the first one aside, `maxBytes` of content (a few more where that is
   * easier). Their changes that are not committed yet need not be seen.
   */
  read(lane: Lane, fromOrder: number, maxEntries: number, maxBytes: number): LanePart;
  /** How many committed entries refer to the message that is stored there (`MessageRecord.stored`). */
  references(stored: unknown): number;
  /**
   * Resolves when everything that was changed before this call is safe, in the order of the calls.
   *
   * Rejects with a BrokerError `resource.exhaust` when that is impossible now. What was changed is then kept, and is part of the next
   * commit: whoever does not want that takes it back (`remove`).
   */
  commit(): Promise<void>;
  /** Commits what is left and lets go of all resources; no other call may follow. */
  close(): Promise<void>;
}
