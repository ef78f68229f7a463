/** How long scans may keep the event loop per turn, in ms, all of them together. */
const SLICE_MS = 5;

/**
 * Shares the event loop between long scans and everybody else: a scan works until `expired`, then awaits `next()`. However many
 * scans there are, one of them works at a time, for at most 5 ms per turn of the event loop.
 */
export class Slicer {
  readonly #waiting: (() => void)[] = [];
  #sliceEnd = 0;
  #scheduled = false;

  /** Begins the work of this turn; call it before the first `expired` of a scan. */
  begin(): void {
    if (!this.#scheduled) this.#startSlice();
  }

  /** Whether the time of this turn is used up. */
  get expired(): boolean {
    return performance.now() >= this.#sliceEnd;
  }

  /** For loops that clients make long: resolves at once, or in a later turn when the time of this one is used up. */
  async breathe(): Promise<void> {
    this.begin();
    if (this.expired) await this.next();
  }

  /** Resolves in a later turn, first come first served. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #startSlice(): void {
    this.#sliceEnd = performance.now() + SLICE_MS;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    const resume = this.#waiting.shift();
    if (!resume) return;
    this.#startSlice();
    resume();
  }
}
