import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Delivery } from '../../../src/broker/delivery.ts';
import { DeliveryQueue } from '../../../src/broker/delivery-queue.ts';
import { MemoryAccount } from '../../../src/broker/memory-account.ts';
import { Message, type MessageOwner } from '../../../src/broker/message.ts';
import { DEFAULT_PUBLISH_QOS } from '../../../src/model/message.ts';
import { createPlainKey } from '../../../src/model/msg-key.ts';

const owner: MessageOwner = { isDestroyed: false, key: undefined, messageHeld: () => {}, messageReleased: () => {} };
const account = new MemoryAccount(Number.POSITIVE_INFINITY);
const key = createPlainKey('a');

function delivery(order: number, priority: number): Delivery {
  const init = { key, content: Buffer.alloc(0), sender: '', rcvTimestamp: BigInt(order), expiresAt: Number.POSITIVE_INFINITY };
  const message = new Message({ ...init, qos: { ...DEFAULT_PUBLISH_QOS, priority } }, owner, account);
  return {
    message,
    order,
    subscriptionId: '',
    parts: { content: true, meta: true, updateOneway: false, newestOnly: false },
    isInitial: false,
    redeliver: 0,
    cursor: 0,
    job: undefined,
  };
}

/** The second implementation: sorted anew whenever somebody looks. */
class SortedList {
  items: Delivery[] = [];

  sorted(): Delivery[] {
    return this.items.sort((a, b) => b.message.qos.priority - a.message.qos.priority || a.order - b.order);
  }

  take(count: number): Delivery[] {
    return this.sorted().splice(0, count);
  }
}

type Step =
  | { readonly do: 'push'; readonly priorities: readonly number[] }
  | { readonly do: 'take'; readonly count: number }
  | { readonly do: 'putBack'; readonly count: number; readonly isReversed: boolean }
  | { readonly do: 'remove'; readonly index: number }
  | { readonly do: 'removeAll'; readonly modulus: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('push' as const), priorities: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }) }),
  fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ do: fc.constant('putBack' as const), count: fc.integer({ min: 0, max: 40 }), isReversed: fc.boolean() }),
  fc.record({ do: fc.constant('remove' as const), index: fc.nat(60) }),
  fc.record({ do: fc.constant('removeAll' as const), modulus: fc.integer({ min: 2, max: 5 }) }),
);

function take(queue: DeliveryQueue, count: number): Delivery[] {
  const taken: Delivery[] = [];
  while (taken.length < count) {
    const next = queue.peek();
    if (!next) break;
    expect(queue.shift()).toBe(next);
    taken.push(next);
  }
  return taken;
}

test('gives what a sorted list gives, whatever is taken, put back and removed in between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new DeliveryQueue();
      const list = new SortedList();
      const out: Delivery[] = [];
      let order = 0;
      for (const next of steps) {
        if (next.do === 'push') {
          for (const priority of next.priorities) {
            const pushed = delivery(order++, priority);
            queue.push(pushed);
            list.items.push(pushed);
          }
        } else if (next.do === 'take') {
          const taken = take(queue, next.count);
          expect(taken).toEqual(list.take(next.count));
          out.push(...taken);
        } else if (next.do === 'putBack') {
          const returned = out.splice(0, next.count);
          list.items.push(...returned);
          queue.putBack(next.isReversed ? returned.toReversed() : returned);
        } else if (next.do === 'remove') {
          const [removed] = list.sorted().splice(next.index, 1);
          if (removed) expect([queue.remove(removed), queue.remove(removed)]).toEqual([true, false]);
        } else {
          const isUnwanted = ({ order: number }: Delivery): boolean => number % next.modulus === 0;
          expect(queue.removeAll(isUnwanted)).toEqual(list.sorted().filter(isUnwanted));
          list.items = list.items.filter((item) => !isUnwanted(item));
        }
        expect(queue.size).toBe(list.items.length);
        expect([...queue]).toEqual(list.sorted());
      }
      expect(take(queue, Number.POSITIVE_INFINITY)).toEqual(list.sorted());
    }),
    { numRuns: 500 },
  );
});

test('a long queue that is taken from its head gives its memory back and keeps its order', () => {
  const queue = new DeliveryQueue();
  for (let order = 0; order < 10_000; order++) queue.push(delivery(order, 5));
  const first = take(queue, 5_000);
  queue.putBack(first);
  expect(take(queue, 10_000).map(({ order }) => order)).toEqual(Array.from({ length: 10_000 }, (_, order) => order));
  expect(queue.shift()).toBeUndefined();
});
