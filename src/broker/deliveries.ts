import type { DeadMessages } from './dead-messages.ts';
import type { Message } from './message.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';

/** Puts messages into the queues of those who want them; what a full queue refuses becomes a dead message. */
export class Deliveries {
  readonly #deadMessages: DeadMessages;

  constructor(deadMessages: DeadMessages) {
    this.#deadMessages = deadMessages;
  }

  deliver(subscription: Subscription, message: Message, isInitial: boolean): void {
    const { session, qos } = subscription;
    const isErased = message.qos.state?.id === 'ERASED';
    if (isErased && !qos.notify) return;
    if (!session.principal.isAllowed('subscribe', subscription.query)) return; // a right may have been taken away
    if (!qos.local && !isInitial && !isErased && message.sender === session.absoluteName) return;
    const isQueued = session.dispatcher.enqueue(message, subscription.id, qos, isInitial);
    if (!isQueued) this.#deadMessages.report(message, session, overflowReason(session));
  }

  /** The session is over: what it did not get becomes dead messages. */
  bury(session: Session, reason: string): void {
    for (const { message } of session.dispatcher.clear()) this.#deadMessages.report(message, session, reason);
  }
}

function overflowReason(session: Session): string {
  const { maxEntries, maxBytes } = session.dispatcher.bounds;
  return `The queue of ${session.absoluteName} is full (at most ${maxEntries} entries and ${maxBytes} bytes)`;
}
