import type { Timestamp } from '../model/timestamp.ts';
import type { MessageRecord } from '../store/store.ts';
import type { Message } from './message.ts';

/** A message that left memory, and how many entries it has. */
interface LeftMessage {
  readonly stored: unknown;
  readonly entries: number;
}

/**
 * Messages in memory of which some queue has, or had, its entry in the store only: every queue that loads such an entry gets the same
 * message, so that memory has it once. It is forgotten with its last reference.
 */
export class LiveMessages {
  /** By what never changes: a message that is queued again may have got another place in the store. */
  readonly #messages = new Map<Timestamp, Message>();
  /** Forgotten since the last commit, and between the last two: what became of their entries may not be committed yet. */
  #left = new Map<Timestamp, LeftMessage>();
  #leftBefore = new Map<Timestamp, LeftMessage>();

  /** The message that is stored where this record was read. */
  find({ rcvTimestamp, stored }: MessageRecord): Message | undefined {
    const message = this.#messages.get(rcvTimestamp);
    return message?.stored === stored ? message : undefined;
  }

  /** How many entries a message has that was forgotten a moment ago; undefined: as many as the store says. */
  entriesOf({ rcvTimestamp, stored }: MessageRecord): number | undefined {
    const left = this.#left.get(rcvTimestamp) ?? this.#leftBefore.get(rcvTimestamp);
    return left?.stored === stored ? left?.entries : undefined;
  }

  /** A message that somebody refers to. Of several with one timestamp, which only a clock that was set back makes, it knows the last. */
  add(message: Message): void {
    this.#messages.set(message.rcvTimestamp, message);
    message.onReleased = this.#forget;
  }

  /** A commit has succeeded. What was changed while it was under way comes with the next one. */
  committed(): void {
    this.#leftBefore = this.#left;
    this.#left = new Map();
  }

  readonly #forget = (message: Message): void => {
    const { rcvTimestamp, stored, entries } = message;
    if (this.#messages.get(rcvTimestamp) !== message) return;
    this.#messages.delete(rcvTimestamp);
    if (entries > 0) this.#left.set(rcvTimestamp, { stored, entries });
  };
}
