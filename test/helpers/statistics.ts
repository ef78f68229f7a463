import type { TestBroker } from './broker.ts';

/** How full the broker is, as its home page says. */
export interface Statistics {
  readonly topics: number;
  readonly sessions: number;
  readonly subscriptions: number;
  /** Of the memory bound. */
  readonly percent: number;
}

export async function readStatistics(broker: TestBroker): Promise<Statistics> {
  const { body } = await broker.get('/', { Accept: 'text/html' });
  const numberOf = (what: RegExp): number => {
    const found = what.exec(body)?.[1];
    if (found === undefined) throw new Error(`no ${what} in ${body}`);
    return Number(found.replaceAll(',', ''));
  };
  return {
    topics: numberOf(/([\d,]+)\stopics?/),
    sessions: numberOf(/([\d,]+)\ssessions?/),
    subscriptions: numberOf(/([\d,]+)\ssubscriptions?/),
    percent: numberOf(/([\d,]+)\s% of its memory/),
  };
}

/** Asks until the broker is as `isReached` wants it; each question waits for an answer, so the broker goes on meanwhile. */
export async function untilStatistics(broker: TestBroker, isReached: (statistics: Statistics) => boolean): Promise<void> {
  while (!isReached(await readStatistics(broker)));
}

/** Asks until that many subscriptions exist: the polls and streams that made them wait now. */
export function untilSubscribed(broker: TestBroker, count: number): Promise<void> {
  return untilStatistics(broker, ({ subscriptions }) => subscriptions === count);
}
