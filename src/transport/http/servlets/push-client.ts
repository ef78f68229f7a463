import type { Timer, TimerWheel } from '../../../base/timer-wheel.ts';
import type { Session } from '../../../broker/session.ts';
import type { BrowserSession } from './browser-sessions.ts';
import type { PushChannel } from './push-channel.ts';

/** Ms between two pings, and how many may stay unanswered; one more, and the client counts as gone. */
const PING_MS = 10_000;
const MAX_MISSING_PONGS = 2;

/** One applet, or one page, of a browser: its session, its stream, and whether it answers pings. */
export class PushClient {
  readonly browser: BrowserSession;
  /** What tells it from the others of its browser. */
  readonly name: string;
  readonly session: Session;
  /** Undefined: its stream has broken off; it may come back. */
  channel: PushChannel | undefined;
  readonly #timers: TimerWheel;
  #timer: Timer | undefined;
  #pings = 0;
  #missingPongs = 0;

  constructor(browser: BrowserSession, name: string, session: Session, timers: TimerWheel) {
    this.browser = browser;
    this.name = name;
    this.session = session;
    this.#timers = timers;
  }

  /** Begins to ping; `onGone` when it does not answer any more. */
  startPing(onGone: () => void): void {
    this.#timer = this.#timers.start(PING_MS, () => this.#ping(onGone));
  }

  stopPing(): void {
    this.#timer?.cancel();
  }

  /** It has answered. */
  pong(): void {
    this.#missingPongs = 0;
  }

  #ping(onGone: () => void): void {
    if (this.#missingPongs > MAX_MISSING_PONGS) {
      onGone();
      return;
    }
    this.#missingPongs++;
    this.channel?.ping(`refresh-${++this.#pings}`);
    this.startPing(onGone);
  }
}
