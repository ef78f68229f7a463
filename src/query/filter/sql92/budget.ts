/** Steps one evaluation may take: a step is an operator, or a character looked at; some 2 to 10 ns. */
const MAX_STEPS = 1_000_000;

/** What the evaluation of one condition may still cost, so that long values and long conditions together do not stall the broker. */
export class Sql92Budget {
  #left = MAX_STEPS;

  /** @throws Error when more than a million steps have been spent. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new Error(`the condition takes more than ${MAX_STEPS} steps on the properties of this message`);
  }
}
