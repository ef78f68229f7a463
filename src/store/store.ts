import type { PublishQos } from '../model/message.ts';
import type { Timestamp } from '../model/timestamp.ts';

/** A persistent message as it is stored: enough to make it again. */
export interface MessageRecord {
  readonly oid: string;
  /** The whole `<key>` element. */
  readonly keyXml: string;
  readonly content: Buffer;
  readonly qos: PublishQos;
  readonly sender: string;
  readonly rcvTimestamp: Timestamp;
}

/**
 * Where persistent state is kept. Changes are collected and become durable together at the next `commit`; what one turn of the
 * event loop changes shares one commit.
 *
 * Every implementation passes test/helpers/store-contract.ts.
 */
export interface Store {
  /** Whether what was committed survives the end of the process. */
  readonly isDurable: boolean;
  /** Adds or replaces the message of this timestamp. */
  putMessage(record: MessageRecord): void;
  /** Forgets a message; one that is not there is no error. */
  deleteMessage(rcvTimestamp: Timestamp): void;
  /**
   * Resolves when everything put and deleted before this call is safe, in the order of the calls.
   *
   * Rejects with a BrokerError `resource.…` when that is impossible; none of the changes of this commit has happened then.
   */
  commit(): Promise<void>;
  /** The committed messages, oldest first. */
  messages(): AsyncIterable<MessageRecord>;
  /** Commits what is left and lets go of all resources; no other call may follow. */
  close(): Promise<void>;
}
