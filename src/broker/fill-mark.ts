/**
 * Says once that a queue has reached a number of entries, and again only after it has been below. Queues that nobody watches have
 * none, and pay nothing.
 */
export class FillMark {
  readonly #limit: () => number;
  readonly #onReached: (size: number) => void;
  #isReached = false;

  /** `limit`: the entries now, since the bounds of a queue may change; `onReached` must be quick and must not throw. */
  constructor(limit: () => number, onReached: (size: number) => void) {
    this.#limit = limit;
    this.#onReached = onReached;
  }

  /** To be called whenever the size has changed. */
  check(size: number): void {
    const isReached = size >= this.#limit();
    if (isReached === this.#isReached) return;
    this.#isReached = isReached;
    if (isReached) this.#onReached(size);
  }
}
