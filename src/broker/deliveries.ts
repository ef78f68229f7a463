import type { Slicer } from '../base/slicer.ts';
import type { DeadMessages } from './dead-messages.ts';
import { FilteredDeliveries } from './filtered-deliveries.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';

/** Puts messages into the queues of those who want them; what a full queue refuses becomes a dead message. */
export class Deliveries {
  readonly #deadMessages: DeadMessages;
  readonly #filtered: FilteredDeliveries;

  constructor(deadMessages: DeadMessages, slicer: Slicer, account: MemoryAccount) {
    this.#deadMessages = deadMessages;
    this.#filtered = new FilteredDeliveries({
      slicer,
      account,
      deliver: (subscription, message, isInitial) => this.#enqueue(subscription, message, isInitial),
      fail: ({ session }, message, error) => deadMessages.report(message, session, error.message),
    });
  }

  /** See `FilteredDeliveries.isBehind`. */
  get isBehind(): boolean {
    return this.#filtered.isBehind;
  }

  caughtUp(): Promise<void> {
    return this.#filtered.caughtUp();
  }

  deliver(subscription: Subscription, message: Message, isInitial: boolean): void {
    const { session, qos } = subscription;
    const isErased = message.qos.state?.id === 'ERASED';
    if (isErased && !qos.notify) return;
    if (!qos.local && !isInitial && !isErased && message.sender === session.absoluteName) return;
    if (subscription.filters) this.#filtered.take(subscription, subscription.filters, message, isInitial);
    else this.#enqueue(subscription, message, isInitial);
  }

  /** The session is over: what it did not get becomes dead messages. */
  bury(session: Session, reason: string): void {
    for (const { message } of session.dispatcher.clear()) this.#deadMessages.report(message, session, reason);
  }

  #enqueue({ id, session, qos }: Subscription, message: Message, isInitial: boolean): void {
    const isQueued = session.dispatcher.enqueue(message, id, qos, isInitial);
    if (!isQueued) this.#deadMessages.report(message, session, overflowReason(session));
  }
}

function overflowReason(session: Session): string {
  const { maxEntries, maxBytes } = session.dispatcher.bounds;
  return `The queue of ${session.absoluteName} is full (at most ${maxEntries} entries and ${maxBytes} bytes)`;
}
