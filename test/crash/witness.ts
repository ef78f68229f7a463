import type { Event, Ledger } from './ledger.ts';
import type { Message } from './message.ts';

/** An event, and how far a log of something else had come by then. */
export interface Recorded {
  readonly event: Event;
  readonly at: number;
}

/** Tells the ledger what is seen, and writes it down if somebody wants to tell it to another ledger later. */
export class Witness {
  readonly ledger: Ledger;
  readonly #position: (() => number) | undefined;
  readonly recorded: Recorded[] = [];

  /** With `position` everything is written down together with what it says at that moment. */
  constructor(ledger: Ledger, position?: () => number) {
    this.ledger = ledger;
    this.#position = position;
  }

  note(event: Event): void {
    if (this.#position) this.recorded.push({ event, at: this.#position() });
    this.ledger.apply(event);
  }

  /** A message is about to be sent. */
  send(draft: Omit<Message, 'number' | 'life'>): Message {
    const message = { ...draft, number: this.ledger.nextNumber, life: this.ledger.life };
    this.note({ kind: 'sent', message });
    return message;
  }

  acked(message: Message, qos: readonly bigint[]): void {
    const [rcvTimestamp] = qos;
    if (rcvTimestamp === undefined)
      this.ledger.problem(`ANSWER: without rcvTimestamp to ${this.ledger.describe(message.number)}`);
    else this.note({ kind: 'acked', number: message.number, rcvTimestamp });
  }
}
