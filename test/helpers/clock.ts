import type { Clock } from '../../src/base/clock.ts';

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  readonly #ticking = new Set<{ readonly periodMs: number; readonly tick: () => void; next: number }>();

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  /** Whether nobody waits for time to pass. */
  get isIdle(): boolean {
    return this.#ticking.size === 0;
  }

  now(): number {
    return this.#now;
  }

  every(periodMs: number, tick: () => void): () => void {
    const entry = { periodMs, tick, next: this.#now + periodMs };
    this.#ticking.add(entry);
    return () => this.#ticking.delete(entry);
  }

  /** Moves time on by `ms`, calling everything that is due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#ticking].filter((entry) => entry.next <= end).sort((a, b) => a.next - b.next)[0];
      if (!due) break;
      this.#now = Math.max(this.#now, due.next);
      due.next += due.periodMs;
      due.tick();
    }
    this.#now = end;
  }
}

/** A clock that runs fifty times too fast: for tests of what waits, in which the waiting is not what is tested. */
export function hurriedClock(): Clock {
  const start = Date.now();
  return {
    now: () => start + 50 * (Date.now() - start),
    every(periodMs, tick) {
      const interval = setInterval(tick, periodMs / 50);
      return () => clearInterval(interval);
    },
  };
}
