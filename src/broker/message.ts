import type { Timer } from '../base/timer-wheel.ts';
import type { ClientProperty } from '../model/client-property.ts';
import type { MsgKey, PublishQos, ReceivedMessage, SharedQos } from '../model/message.ts';
import type { Timestamp } from '../model/timestamp.ts';
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
  messageHeld(message: Message): void;
  messageReleased(message: Message): void;
}

/**
 * One published message. Content is one Buffer however many queues refer to it; with the last reference it gives the memory
 * account its bytes back.
 */
export class Message implements ReceivedMessage {
  readonly key: MsgKey;
  readonly content: Buffer;
  readonly qos: PublishQos;
  readonly sender: string;
  readonly rcvTimestamp: Timestamp;
  readonly expiresAt: number;
  /** Fires when the message expires; ends with the message. */
  expiryTimer: Timer | undefined;
  readonly #owner: MessageOwner;
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
    this.#owner = owner;
    this.#account = account;
    this.#metaBytes =
      bytesOfProperties(init.qos.clientProperties) +
      DESTINATION_BYTES * init.qos.destinations.length +
      (init.key === owner.key ? 0 : BYTES_PER_KEY_CHAR * init.key.xml.length);
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
    return this.#isWithdrawn || this.#owner.isDestroyed || (this.qos.forceDestroy === true && this.isExpired(nowMs));
  }

  /** It could not be stored: from now on nobody gets it. */
  withdraw(): void {
    this.#isWithdrawn = true;
  }

  retain(): void {
    if (this.#references++ > 0) return;
    this.#account.charge(this.bytes);
    this.#owner.messageHeld(this);
  }

  release(): void {
    if (--this.#references > 0) return;
    this.#account.release(this.bytes);
    this.expiryTimer?.cancel();
    this.#owner.messageReleased(this);
  }
}

/** What client properties cost. */
export function bytesOfProperties(properties: Iterable<ClientProperty>): number {
  let bytes = 0;
  for (const { name, value } of properties) bytes += PROPERTY_BYTES + 2 * (name.length + value.length);
  return bytes;
}
