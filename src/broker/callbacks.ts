import type { CallbackQos } from '../model/connect.ts';
import type { DeadMessages } from './dead-messages.ts';
import type { Delivery } from './delivery.ts';
import type { BrokerEvents } from './events.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** When a callback that is lost is tried for the first time; ms. */
export const FIRST_RETRY_MS = 400;

/** What becomes of sessions whose callback does not take its updates. */
export class Callbacks {
  readonly #sessions: Sessions;
  readonly #deadMessages: DeadMessages;
  readonly #events: BrokerEvents;

  constructor(sessions: Sessions, deadMessages: DeadMessages, events: BrokerEvents) {
    this.#sessions = sessions;
    this.#deadMessages = deadMessages;
    this.#events = events;
  }

  /**
   * The callback of `session` is gone. Unless its client comes back in time, what waits becomes dead messages and the session ends
   * (engine rules of the original: the first try to reach it again comes soon, the others after `delay`).
   */
  lost(session: Session, { retries, delayMs }: CallbackQos): void {
    this.polling(session);
    if (retries < 0 || session.isClosed) return;
    if (retries === 0) this.dead(session);
    else session.dispatcher.expectChannel(FIRST_RETRY_MS + (retries - 1) * delayMs, () => this.dead(session));
  }

  /** The callback of `session` is gone, and whoever calls it tries to reach it again. */
  polling(session: Session): void {
    session.dispatcher.recallJobs();
    if (!session.isClosed) this.#events.emit({ type: 'callbackState', session, state: 'POLLING' });
  }

  /** The callback of `session` can not be reached, and no retry is left: what waits becomes dead messages and the session ends. */
  dead(session: Session): void {
    this.#events.emit({ type: 'callbackState', session, state: 'DEAD' });
    this.#end(session, `The callback of ${session.absoluteName} is lost, and no retry is left`);
  }

  /** The client says that `session` is none of its own: what waits becomes dead messages and the session ends. */
  disowned(session: Session): void {
    this.#end(session, `The client of ${session.absoluteName} does not know its session`);
  }

  /** The client of `session` refused these updates: they become dead messages. */
  refused(session: Session, deliveries: readonly Delivery[], reason: string): void {
    for (const { message } of deliveries) this.#deadMessages.report(message, session, reason);
  }

  #end(session: Session, deathReason: string): void {
    this.#sessions.end(session, { deathReason, keepsSubjectQueue: true });
  }
}
