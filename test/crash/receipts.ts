import type { Message } from './message.ts';

/** What one delivery has wrong; the problem's first word says what kind. */
export interface Judgement {
  /** It is a repetition that does not say so: what was received before. */
  readonly unmarked?: string;
  readonly problem?: string;
}

/** What one subscriber has received and acknowledged, and what it is owed. */
export class Receipts {
  /** Messages that their publishers know to be safe, and that have not come yet. */
  readonly outstanding = new Set<number>();
  /** How often each message was received. */
  readonly #received: number[] = [];
  /** The event with which the acknowledgement of a message was known to have arrived; 0: it was not, or may have been lost in a crash. */
  readonly #acknowledgedAt: number[] = [];
  /** Acknowledged in this life. */
  #fresh: number[] = [];
  /** Of each lane (a publisher's messages of one priority), the last message that came for the first time. */
  readonly #lastFirst = new Map<string, number>();
  /** The same of what has come since the connection was opened, or since the last poll without acknowledgement. */
  readonly #lastInRun = new Map<string, number>();
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  owe(number: number): void {
    if (!this.#received[number]) this.outstanding.add(number);
  }

  /** From now on everything that is not acknowledged may come again. */
  open(): void {
    this.#lastInRun.clear();
  }

  acknowledged(numbers: readonly number[], event: number): void {
    for (const number of numbers) {
      this.#acknowledgedAt[number] ||= event;
      this.#fresh.push(number);
    }
  }

  /** The broker has ended: acknowledgements later than `safeUntil` may not have been written down. */
  ended(safeUntil: number): void {
    for (const number of this.#fresh) if ((this.#acknowledgedAt[number] ?? 0) >= safeUntil) this.#acknowledgedAt[number] = 0;
    this.#fresh = [];
    this.open();
  }

  received(message: Message, redeliver: number): Judgement {
    const { number } = message;
    const before = this.#received[number] ?? 0;
    this.#received[number] = before + 1;
    this.outstanding.delete(number);
    const problem = this.#acknowledgedAt[number]
      ? 'AGAIN: although it had acknowledged it for good'
      : this.#disorder(message, before === 0);
    return {
      ...(before > 0 && redeliver === 0 ? { unmarked: `received ${before} times before` } : {}),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #disorder({ publisher, priority, number }: Message, isFirst: boolean): string | undefined {
    const lane = `${publisher} ${priority}`;
    const lastFirst = this.#lastFirst.get(lane) ?? -1;
    const lastInRun = this.#lastInRun.get(lane) ?? -1;
    this.#lastInRun.set(lane, number);
    if (isFirst) this.#lastFirst.set(lane, Math.max(lastFirst, number));
    if (isFirst && number < lastFirst)
      return `DISORDER: for the first time although ${lastFirst} had come before to ${this.#name}`;
    if (number <= lastInRun) return `DISORDER: although ${lastInRun} had just come`;
    return undefined;
  }
}
