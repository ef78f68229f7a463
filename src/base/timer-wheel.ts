import type { Clock } from './clock.ts';

/** How late a timer may fire, in ms. */
const TICK_MS = 50;
const SLOTS = 1024;

/** A timer that waits in the wheel; `cancel` may be called any number of times. */
export interface Timer {
  cancel(): void;
}

/**
 * All timers of the broker: polls, sessions, message expiry, topics that die later. One interval of the clock drives them; a
 * timer costs one small object and fires some 50 ms late at most. Starting and cancelling take constant time.
 *
 * A clock that jumps ahead makes timers due at once; one that steps back does not delay them.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: Set<WheelTimer>[] = Array.from({ length: SLOTS }, () => new Set());
  /** Ms that it has been ticking, steps back of the clock left out, and the clock's time at which that was so. */
  #elapsedMs = 0;
  #clockMs = 0;
  #lastTick = 0;
  #size = 0;
  #stopTicking: (() => void) | undefined;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of timers that wait. */
  get size(): number {
    return this.#size;
  }

  /** Calls `run` once, `delayMs` from now (not before the next tick, however small). */
  start(delayMs: number, run: () => void): Timer {
    this.#startTicking();
    const deadline = this.#elapsed() + Math.max(0, delayMs);
    const tick = Math.max(Math.ceil(deadline / TICK_MS), this.#lastTick + 1);
    const slot = this.#slots[tick % SLOTS] as Set<WheelTimer>;
    const timer = new WheelTimer(tick, run, () => {
      if (!slot.delete(timer)) return;
      this.#size--;
      if (this.#size === 0) this.#pause();
    });
    slot.add(timer);
    this.#size++;
    return timer;
  }

  /** Stops the ticking for good; timers that still wait never fire. */
  close(): void {
    this.#isClosed = true;
    this.#pause();
  }

  #startTicking(): void {
    if (this.#stopTicking || this.#isClosed) return;
    this.#elapsedMs = this.#lastTick * TICK_MS;
    this.#clockMs = this.#clock.now();
    this.#stopTicking = this.#clock.every(TICK_MS, () => this.#advance());
  }

  #pause(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  #elapsed(): number {
    const now = this.#clock.now();
    this.#elapsedMs += Math.max(0, now - this.#clockMs);
    this.#clockMs = now;
    return this.#elapsedMs;
  }

  #advance(): void {
    const tick = Math.floor(this.#elapsed() / TICK_MS);
    const from = Math.max(this.#lastTick + 1, tick - SLOTS + 1);
    this.#lastTick = tick;
    for (let t = from; t <= tick; t++) {
      for (const timer of this.#slots[t % SLOTS] ?? []) if (timer.tick <= tick) timer.fire();
    }
  }
}

class WheelTimer implements Timer {
  readonly tick: number;
  readonly #run: () => void;
  readonly #remove: () => void;

  constructor(tick: number, run: () => void, remove: () => void) {
    this.tick = tick;
    this.#run = run;
    this.#remove = remove;
  }

  fire(): void {
    this.#remove();
    this.#run();
  }

  cancel(): void {
    this.#remove();
  }
}
