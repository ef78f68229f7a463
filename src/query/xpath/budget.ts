/** Steps one evaluation may take unless the caller says otherwise. */
const DEFAULT_MAX_STEPS = 100_000;

/** An evaluation took more steps than its budget allows; the expression's owner is to blame, not the topic's publisher. */
export class XPathBudgetError extends Error {
  constructor(maxSteps: number) {
    super(`XPath evaluation exceeds its budget of ${maxSteps} steps`);
    this.name = 'XPathBudgetError';
  }
}

/**
 * What evaluations may still cost. One step is one node visited, one node sorted, one value compared or converted, or a block of characters
 * read (64 where the engine copies or compares, fewer where our own loops look at each one): some 10 to 50 ns of work.
 * Costs depend on expression and document only, never on caches, so the same pair always ends the same way.
 *
 * Measured on Node 20 with 60 hostile expressions over 64 kB keys of up to 16,000 elements: 100,000 steps end within 5 ms, within
 * 12 ms where the code runs for the first time.
 */
export class Budget {
  readonly maxSteps: number;
  #left: number;

  /** @param maxSteps steps before `spend` throws; several evaluations may share one budget. */
  constructor(maxSteps: number = DEFAULT_MAX_STEPS) {
    this.maxSteps = maxSteps;
    this.#left = maxSteps;
  }

  /** Steps spent so far. */
  get spent(): number {
    return this.maxSteps - this.#left;
  }

  /** @throws XPathBudgetError when more than `maxSteps` steps have been spent. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new XPathBudgetError(this.maxSteps);
  }
}
