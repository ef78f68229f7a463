import type { ReceivedMessage } from '../../model/message.ts';
import type { CompiledFilter } from './content-filter.ts';

/** The filters of one subscription or get: a message must pass all of them, and those behind the first that refuses are not asked. */
export class FilterChain {
  /** What it holds. */
  readonly bytes: number;
  readonly #filters: readonly CompiledFilter[];

  constructor(filters: readonly CompiledFilter[]) {
    this.#filters = filters;
    this.bytes = filters.reduce((bytes, filter) => bytes + filter.bytes, 0);
  }

  /** A subscription has it from now on; every `hold` needs its `release`. */
  hold(): void {
    for (const { standing } of this.#filters) standing?.hold();
  }

  release(): void {
    for (const { standing } of this.#filters) standing?.release();
  }

  /**
   * @param receiver the absolute name of the session that is to get it.
   * @throws BrokerError when a filter fails.
   */
  passes(message: ReceivedMessage, receiver: string): boolean {
    for (const { matches } of this.#filters) if (!matches(message, receiver)) return false;
    return true;
  }
}
