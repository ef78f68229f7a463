import type { DeliveryInit } from './bounded-queue.ts';
import type { DeadMessages } from './dead-messages.ts';
import type { Message } from './message.ts';
import { overflowText } from './overflow.ts';
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
    if (!session.options.duplicateUpdates && !isErased && !isInitial) {
      if (session.lastQueued === message.rcvTimestamp) return;
      session.lastQueued = message.rcvTimestamp;
    }
    this.#enqueue(session, { message, subscriptionId: subscription.id, parts: qos, isInitial });
  }

  #enqueue(session: Session, init: DeliveryInit): void {
    const { dispatcher, absoluteName } = session;
    if (dispatcher.enqueue(init)) return;
    const { bounds } = dispatcher.queue;
    const canDiscard = bounds.onOverflow === 'discardOldest' && dispatcher.queue.makeRoom(init.message.content.length);
    if (canDiscard && dispatcher.enqueue(init)) return;
    this.#deadMessages.report(init.message, session, overflowText(absoluteName, bounds.maxEntries, bounds.maxBytes));
  }

  /** The session is over: what it did not get becomes dead messages. */
  bury(session: Session, reason: string): void {
    for (const { message } of session.dispatcher.clear()) this.#deadMessages.report(message, session, reason);
  }
}
