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
 * timer costs one small object and fires at most 50 ms late. Starting and cancelling take constant time.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: Set<WheelTimer>[] = Array.from({ length: SLOTS }, () => new Set());
  #lastTick: number;
  #size = 0;
  #stopTicking: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastTick = this.#tickAt(clock.now());
  }

  /** The number of timers that wait. */
  get size(): number {
    return this.#size;
  }

  /** Calls `run` once, `delayMs` from now (not before the next tick, however small). */
  start(delayMs: number, run: () => void): Timer {
    const now = this.#clock.now();
    if (this.#size === 0) this.#lastTick = this.#tickAt(now);
    const deadline = now + Math.max(0, delayMs);
    const tick = Math.max(Math.ceil(deadline / TICK_MS), this.#lastTick + 1);
    const slot = this.#slots[tick % SLOTS] as Set<WheelTimer>;
    const timer = new WheelTimer(tick, run, () => {
      if (!slot.delete(timer)) return;
      this.#size--;
      if (this.#size === 0) this.close();
    });
    slot.add(timer);
    this.#size++;
    this.#stopTicking ??= this.#clock.every(TICK_MS, () => this.#advance());
    return timer;
  }

  /** Stops the ticking; timers that still wait never fire. */
  close(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  #tickAt(ms: number): number {
    return Math.floor(ms / TICK_MS);
  }

  #advance(): void {
    const tick = this.#tickAt(this.#clock.now());
    const from = Math.max(this.#lastTick + 1, tick - SLOTS + 1);
    this.#lastTick = Math.max(tick, this.#lastTick);
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
