import type { Timestamp } from '../model/timestamp.ts';
import type { MessageRecord } from '../store/store.ts';
import type { Message } from './message.ts';

/**
 * Messages in memory of which some queue has, or had, its entry in the store only: every queue that loads such an entry gets the same
 * message, so that memory has it once. It is forgotten with its last reference.
 */
export class LiveMessages {
  /** By what never changes: a message that is queued again may have got another place in the store. */
  readonly #messages = new Map<Timestamp, Message>();

  /** The message that is stored where this record was read. */
  find({ rcvTimestamp, stored }: MessageRecord): Message | undefined {
    const message = this.#messages.get(rcvTimestamp);
    return message?.stored === stored ? message : undefined;
  }

  /** A message that somebody refers to. Of several with one timestamp, which only a clock that was set back makes, it knows the last. */
  add(message: Message): void {
    this.#messages.set(message.rcvTimestamp, message);
    message.onReleased = this.#forget;
  }

  readonly #forget = (message: Message): void => {
    if (this.#messages.get(message.rcvTimestamp) === message) this.#messages.delete(message.rcvTimestamp);
  };
}
