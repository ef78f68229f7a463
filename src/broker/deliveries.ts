import type { Slicer } from '../base/slicer.ts';
import type { DeadMessages } from './dead-messages.ts';
import { isEraseNotice } from './erase-notice.ts';
import { FilteredDeliveries } from './filtered-deliveries.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import { overflowText } from './overflow.ts';
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
      deliver: (subscription, message, isInitial) => this.#pass(subscription, message, isInitial),
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
    const { session, qos, filters } = subscription;
    const isErased = isEraseNotice(message);
    if (isErased && !qos.notify) return;
    if (!isAllowed(subscription)) return;
    if (!isInitial && !isErased && !wants(subscription, message)) return;
    // What is queued twice is known by its order, so those who want no duplicates get nothing past the line.
    const mustLineUp = filters !== undefined || (!session.options.duplicateUpdates && this.#filtered.isWorking);
    if (mustLineUp) this.#filtered.take(subscription, message, isInitial);
    else this.#pass(subscription, message, isInitial);
  }

  /** The session is over: what it did not get becomes dead messages. */
  bury(session: Session, reason: string): void {
    session.dispatcher.clear((message) => this.#deadMessages.report(message, session, reason));
  }

  /** Nothing stands against it; of several subscriptions, the first brings the message to a session that wants no duplicates. */
  #pass(subscription: Subscription, message: Message, isInitial: boolean): void {
    const { session } = subscription;
    if (!session.options.duplicateUpdates && !isEraseNotice(message) && !isInitial) {
      if (session.lastQueued === message.rcvTimestamp) return;
      session.lastQueued = message.rcvTimestamp;
    }
    this.#enqueue(subscription, message, isInitial);
  }

  #enqueue({ id, session, qos }: Subscription, message: Message, isInitial: boolean): void {
    const { dispatcher, absoluteName } = session;
    const init = { message, subscriptionId: id, parts: qos, isInitial };
    if (dispatcher.enqueue(init)) return;
    const { bounds } = dispatcher.queue;
    const canDiscard = bounds.onOverflow === 'discardOldest' && dispatcher.queue.makeRoom(message.content.length);
    if (canDiscard && dispatcher.enqueue(init)) return;
    this.#deadMessages.report(message, session, overflowText(absoluteName, bounds.maxEntries, bounds.maxBytes));
  }
}

/** Whether a message that is published now is for this subscriber. */
export function wants({ session, qos }: Subscription, message: Message): boolean {
  return qos.local || message.sender !== session.absoluteName;
}

/** A right may have been taken away. */
export function isAllowed({ session, query }: Subscription): boolean {
  return session.principal.isAllowed('subscribe', query);
}
