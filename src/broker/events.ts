import type { Session } from './session.ts';
import type { Subject } from './subject.ts';
import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

/** What happens in the broker, for those who watch it: administration, metrics. Nothing here happens per message. */
export type BrokerEvent =
  /** A new session, not one that goes on. */
  | { readonly type: 'connect'; readonly session: Session }
  /** A session is over, and has left the registry. */
  | { readonly type: 'disconnect'; readonly session: Session }
  /** Somebody is known since now, or is not any more: has neither sessions nor messages that wait. */
  | { readonly type: 'subjectAlive' | 'subjectDead'; readonly subject: Subject }
  | { readonly type: 'callbackState'; readonly session: Session; readonly state: 'ALIVE' | 'POLLING' | 'DEAD' }
  | { readonly type: 'subscribe' | 'unSubscribe'; readonly subscription: Subscription }
  | { readonly type: 'topicAlive' | 'topicDead'; readonly topic: Topic }
  /** A client erases; `topicDead` follows. */
  | { readonly type: 'erase'; readonly topic: Topic; readonly session: Session };

type Listener = (event: BrokerEvent) => void;

/** Tells those who watch; they are called in the middle of what happens, so they must be quick and must not throw. */
export class BrokerEvents {
  readonly #listeners: Listener[] = [];

  subscribe(listener: Listener): void {
    this.#listeners.push(listener);
  }

  emit(event: BrokerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
