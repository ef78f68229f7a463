import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import { Slicer } from '../../../src/base/slicer.ts';
import { TimerWheel } from '../../../src/base/timer-wheel.ts';
import { DeliveryCounters } from '../../../src/broker/counters.ts';
import { DispatchLoop } from '../../../src/broker/dispatch-loop.ts';
import { Dispatcher } from '../../../src/broker/dispatcher.ts';
import { History } from '../../../src/broker/history.ts';
import { MemoryAccount } from '../../../src/broker/memory-account.ts';
import { Message, NO_TOPIC } from '../../../src/broker/message.ts';
import type { QueriedQueue, Taken } from '../../../src/broker/queried-queue.ts';
import { DEFAULT_PUBLISH_QOS } from '../../../src/model/message.ts';
import { createPlainKey } from '../../../src/model/msg-key.ts';
import { DEFAULT_QUERY_QOS } from '../../../src/model/query.ts';
import { ManualClock } from '../../helpers/clock.ts';

const key = createPlainKey('a');

interface Item {
  readonly number: number;
  readonly priority: number;
  readonly bytes: number;
}

/** The second implementation: an array that is sorted whenever somebody looks. */
class PlainQueue {
  items: Item[] = [];
  readonly #compare: (a: Item, b: Item) => number;

  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  first(maxEntries: number, maxBytes: number): Item[] {
    const sorted = [...this.items].sort(this.#compare);
    let count = Math.min(maxEntries, sorted.length);
    const bytes = (n: number) => sorted.slice(0, n).reduce((sum, item) => sum + item.bytes, 0);
    while (count > 1 && bytes(count) > maxBytes) count--;
    return sorted.slice(0, count);
  }
}

type Step =
  | { readonly do: 'add'; readonly priority: number; readonly bytes: number }
  | { readonly do: 'peek' | 'take'; readonly maxEntries: number; readonly maxBytes: number }
  | { readonly do: 'settle'; readonly hasArrived: boolean };

const bounds = { maxEntries: fc.nat(12), maxBytes: fc.nat(60) };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), priority: fc.nat(9), bytes: fc.nat(20) }),
  fc.record({ do: fc.constant('peek' as const), ...bounds }),
  fc.record({ do: fc.constant('take' as const), ...bounds }),
  fc.record({ do: fc.constant('settle' as const), hasArrived: fc.boolean() }),
);

/** A queue, how a message gets into it, and the order in which it shows them. */
interface Subject {
  readonly queue: QueriedQueue;
  add(message: Message): void;
  compare(a: Item, b: Item): number;
}

function createSessionQueue(account: MemoryAccount): Subject {
  const clock = new ManualClock();
  const loop = new DispatchLoop(new Slicer(), createLogger('silent'));
  const limits = { maxEntries: 1_000, maxBytes: 1_000_000, onOverflow: 'deadMessage' } as const;
  const dispatcher = new Dispatcher(limits, {
    loop,
    account,
    counters: new DeliveryCounters(),
    timers: new TimerWheel(clock),
    now: () => clock.now(),
  });
  return {
    queue: dispatcher.queue.queried,
    add: (message) => void dispatcher.enqueue({ message, subscriptionId: 's', parts: DEFAULT_QUERY_QOS, isInitial: false }),
    compare: (a, b) => b.priority - a.priority || a.number - b.number,
  };
}

function createHistory(): Subject {
  const history = new History({ now: () => 0, timers: new TimerWheel(new ManualClock()) });
  return {
    queue: history,
    add: (message) => history.remember(message, 1_000, 1_000_000),
    compare: (a, b) => b.number - a.number,
  };
}

async function run(createSubject: (account: MemoryAccount) => Subject, steps: readonly Step[]): Promise<void> {
  const account = new MemoryAccount(Number.POSITIVE_INFINITY);
  const { queue, add, compare } = createSubject(account);
  const plain = new PlainQueue(compare);
  const taken: { readonly taken: Taken; readonly items: readonly Item[] }[] = [];
  const numbersOf = (entries: readonly { readonly message: { readonly rcvTimestamp: bigint } }[]) =>
    entries.map(({ message }) => Number(message.rcvTimestamp));
  const settle = (hasArrived: boolean): void => {
    const oldest = taken.shift();
    oldest?.taken.settle(hasArrived);
    if (oldest && !hasArrived) plain.items.push(...oldest.items);
  };
  for (const [number, next] of steps.entries()) {
    if (next.do === 'add') {
      const qos = { ...DEFAULT_PUBLISH_QOS, priority: next.priority };
      const init = { key, qos, content: Buffer.alloc(next.bytes), sender: '', rcvTimestamp: BigInt(number) };
      add(new Message({ ...init, expiresAt: Number.POSITIVE_INFINITY }, NO_TOPIC, account));
      plain.items.push({ number, priority: next.priority, bytes: next.bytes });
    } else if (next.do === 'settle') settle(next.hasArrived);
    else {
      const items = plain.first(next.maxEntries, next.maxBytes);
      const expected = items.map((item) => item.number);
      expect(numbersOf(queue.peek(next.maxEntries, next.maxBytes))).toEqual(expected);
      if (next.do === 'peek') continue;
      const out = await queue.take(next.maxEntries, next.maxBytes);
      expect(numbersOf(out.entries)).toEqual(expected);
      taken.push({ taken: out, items });
      plain.items = plain.items.filter((item) => !items.includes(item));
    }
    expect(queue.size).toBe(plain.items.length);
  }
  while (taken.length > 0) settle(true);
  (await queue.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).settle(true);
  expect(account.heldBytes).toBe(0);
}

test.each([
  ['the queue of a session', createSessionQueue],
  ['the history of a topic', createHistory],
])('%s shows and gives what a plain array does, whatever is given back', async (_, createSubject) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), (steps) => run(createSubject, steps)),
    { numRuns: 500 },
  );
});
