import type { Timer } from '../base/timer-wheel.ts';
import type { ClientProperty } from '../model/client-property.ts';
import type { MsgKey, PublishQos, ReceivedMessage, SharedQos } from '../model/message.ts';
import type { Timestamp } from '../model/timestamp.ts';
import type { MessageRecord } from '../store/store.ts';
import type { MemoryAccount } from './memory-account.ts';

/** What a message costs beside its content, in bytes (objects, timestamps, map entries). */
const OVERHEAD_BYTES = 512;

/** A key is there as text and as a tree. */
export const BYTES_PER_KEY_CHAR = 4;
const PROPERTY_BYTES = 128;
const DESTINATION_BYTES = 480;

type MessageInit = Omit<ReceivedMessage, 'sharedQos'>;

/** The topic as its messages see it. */
export interface MessageOwner {
  /** Erased with forceDestroy: whatever still waits in queues is not delivered. */
  readonly isDestroyed: boolean;
  /** Messages that bring the same key share it. */
  readonly key: MsgKey | undefined;
  /** Its record in the store; 0: it has none. */
  readonly recordId: number;
  /** The first reference in memory, and the last one; what has entries then waits in the store. */
  messageHeld(message: Message): void;
  messageReleased(message: Message): void;
  /** A queue has one of its messages in the store, or has it no more. */
  entryStored(): void;
  entryForgotten(): void;
}

/**
 * One published message. Content is one Buffer however many queues refer to it; with the last reference it gives the memory
 * account its bytes back.
 */
export class Message implements ReceivedMessage, MessageRecord {
  readonly key: MsgKey;
  readonly content: Buffer;
  readonly qos: PublishQos;
  readonly sender: string;
  readonly rcvTimestamp: Timestamp;
  readonly expiresAt: number;
  readonly owner: MessageOwner;
  /** Fires when the message expires; ends with the message. */
  expiryTimer: Timer | undefined;
  stored: unknown = undefined;
  /** How many entries queues have of it in the store. */
  entries = 0;
  /** Called when the last reference is gone. */
  onReleased: ((message: Message) => void) | undefined;
  /** Its place in the stored history of its topic; below 0: it has none. */
  historyOrder = -1;
  /** A consumer may have got it before the broker started. */
  mayHaveBeenHandedOut = false;
  readonly #account: MemoryAccount;
  readonly #metaBytes: number;
  sharedQos: SharedQos | undefined;
  #references = 0;
  #isWithdrawn = false;

  constructor(init: MessageInit, owner: MessageOwner, account: MemoryAccount) {
    this.key = init.key;
    this.content = init.content;
    this.qos = init.qos;
    this.sender = init.sender;
    this.rcvTimestamp = init.rcvTimestamp;
    this.expiresAt = init.expiresAt;
    this.owner = owner;
    this.#account = account;
    this.#metaBytes =
      bytesOfProperties(init.qos.clientProperties) +
      DESTINATION_BYTES * init.qos.destinations.length +
      (init.key === owner.key ? 0 : BYTES_PER_KEY_CHAR * init.key.xml.length);
  }

  get topicId(): number {
    return this.owner.recordId;
  }

  get keyXml(): string {
    return this.key.xml;
  }

  get bytes(): number {
    return this.content.length + OVERHEAD_BYTES + this.#metaBytes;
  }

  /** Whether its life time is over: no topic shows it any more. */
  isExpired(nowMs: number): boolean {
    return this.expiresAt <= nowMs;
  }

  /** Whether even those must not get it who have it queued. An expired message without forceDestroy is still delivered. */
  isGone(nowMs: number): boolean {
    return this.#isWithdrawn || this.owner.isDestroyed || (this.qos.forceDestroy === true && this.isExpired(nowMs));
  }

  /** It could not be stored: from now on nobody gets it. */
  withdraw(): void {
    this.#isWithdrawn = true;
  }

  retain(): void {
    if (this.#references++ > 0) return;
    this.#account.charge(this.bytes);
    this.owner.messageHeld(this);
  }

  release(): void {
    if (--this.#references > 0) return;
    this.#account.release(this.bytes);
    this.expiryTimer?.cancel();
    this.onReleased?.(this);
    this.owner.messageReleased(this);
  }
}

/** Owns messages that outlive their topic, or whose topic was lost: they are delivered all the same. */
export const NO_TOPIC: MessageOwner = {
  isDestroyed: false,
  key: undefined,
  recordId: 0,
  messageHeld: () => {},
  messageReleased: () => {},
  entryStored: () => {},
  entryForgotten: () => {},
};

/** What client properties cost. */
export function bytesOfProperties(properties: Iterable<ClientProperty>): number {
  let bytes = 0;
  for (const { name, value } of properties) bytes += PROPERTY_BYTES + 2 * (name.length + value.length);
  return bytes;
}
