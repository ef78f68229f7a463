import type { TimerWheel } from '../base/timer-wheel.ts';
import type { Session } from './session.ts';

/** Ends sessions that have given no sign of life for their time-out. */
export class SessionExpiry {
  readonly #timers: TimerWheel;
  readonly #now: () => number;
  readonly #onExpired: (session: Session) => void;

  constructor(timers: TimerWheel, now: () => number, onExpired: (session: Session) => void) {
    this.#timers = timers;
    this.#now = now;
    this.#onExpired = onExpired;
  }

  /** A sign of life. */
  touch(session: Session): void {
    session.lastSeenAt = this.#now();
  }

  /** By the time-out that the session has now. */
  watch(session: Session): void {
    session.expiryTimer?.cancel();
    this.#startTimer(session, session.options.timeoutMs);
  }

  /** A waiting poll or stream is a sign of life. */
  #startTimer(session: Session, delayMs: number): void {
    if (session.options.timeoutMs <= 0) return;
    session.expiryTimer = this.#timers.start(delayMs, () => {
      if (session.dispatcher.isAwaited) this.touch(session);
      const left = session.lastSeenAt + session.options.timeoutMs - this.#now();
      if (left > 0) this.#startTimer(session, left);
      else this.#onExpired(session);
    });
  }
}
