import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Delivery } from '../../../src/broker/delivery.ts';
import { DeliveryQueue, FIRST_PLACE, type QueuePlace } from '../../../src/broker/delivery-queue.ts';
import { MemoryAccount } from '../../../src/broker/memory-account.ts';
import { Message, NO_TOPIC } from '../../../src/broker/message.ts';
import type { LoadedPart, StoredPart, SweptPart } from '../../../src/broker/stored-part.ts';
import { DEFAULT_PUBLISH_QOS } from '../../../src/model/message.ts';
import { createPlainKey } from '../../../src/model/msg-key.ts';

const account = new MemoryAccount(Number.POSITIVE_INFINITY);
const key = createPlainKey('a');

function delivery(order: number, priority: number): Delivery {
  const init = { key, content: Buffer.alloc(0), sender: '', rcvTimestamp: BigInt(order), expiresAt: Number.POSITIVE_INFINITY };
  const message = new Message({ ...init, qos: { ...DEFAULT_PUBLISH_QOS, priority } }, NO_TOPIC, account);
  return {
    message,
    order,
    subscriptionId: '',
    parts: { content: true, meta: true, updateOneway: false, newestOnly: false },
    isInitial: false,
    redeliver: 0,
    cursor: 0,
    job: undefined,
    isStored: true,
    isMarked: false,
  };
}

/** What the queue has let go of; it gives back as many as it likes at a time. */
class Shelf {
  readonly #deliveries = new Set<Delivery>();

  /** Those that have not been handed out yet may go. */
  put(delivery: Delivery): boolean {
    if (delivery.redeliver > 0) return false;
    this.#deliveries.add(delivery);
    return true;
  }

  has(delivery: Delivery): boolean {
    return this.#deliveries.has(delivery);
  }

  load(part: StoredPart): LoadedPart {
    const { order, entries } = part;
    const all = this.#of(part);
    expect(all).toHaveLength(entries);
    const deliveries = all.slice(0, 1 + (order % 7));
    for (const each of deliveries) this.#deliveries.delete(each);
    const next = all[deliveries.length];
    return { deliveries, rest: next && { ...part, order: next.order, entries: entries - deliveries.length } };
  }

  /** Of the first ones of a part, those go that are multiples of `modulus`. */
  sweep(part: StoredPart, modulus: number): SweptPart {
    const all = this.#of(part);
    const seen = all.slice(0, 1 + (part.order % 7));
    const gone = seen.filter(({ order }) => order % modulus === 0);
    for (const each of gone) this.#deliveries.delete(each);
    return { entries: gone.length, bytes: 0, next: all[seen.length]?.order };
  }

  #of({ priority, order, lastOrder }: StoredPart): Delivery[] {
    const isOfPart = (each: Delivery): boolean =>
      each.message.qos.priority === priority && each.order >= order && each.order <= lastOrder;
    return [...this.#deliveries].filter(isOfPart).sort((a, b) => a.order - b.order);
  }
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
  | { readonly do: 'removeAll'; readonly modulus: number }
  | { readonly do: 'unload'; readonly count: number; readonly modulus: number }
  | { readonly do: 'sweep'; readonly count: number; readonly modulus: number }
  | { readonly do: 'look' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('push' as const), priorities: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }) }),
  fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ do: fc.constant('putBack' as const), count: fc.integer({ min: 0, max: 40 }), isReversed: fc.boolean() }),
  fc.record({ do: fc.constant('remove' as const), index: fc.nat(60) }),
  fc.record({ do: fc.constant('removeAll' as const), modulus: fc.integer({ min: 2, max: 5 }) }),
  fc.record({ do: fc.constant('unload' as const), count: fc.nat(60), modulus: fc.integer({ min: 2, max: 20 }) }),
  fc.record({ do: fc.constant('sweep' as const), count: fc.nat(30), modulus: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('look' as const) }),
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
      const shelf = new Shelf();
      const queue = new DeliveryQueue((part) => shelf.load(part));
      const list = new SortedList();
      const out: Delivery[] = [];
      let order = 0;
      let place: QueuePlace | undefined;
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
          for (const each of returned) each.redeliver++;
          list.items.push(...returned);
          queue.putBack(next.isReversed ? returned.toReversed() : returned);
        } else if (next.do === 'remove') {
          const removed = list.sorted()[next.index];
          if (!removed || shelf.has(removed)) continue;
          list.items.splice(next.index, 1);
          expect([queue.remove(removed), queue.remove(removed)]).toEqual([true, false]);
        } else if (next.do === 'unload') {
          let left = next.count;
          queue.unload(
            (each) => left > 0 && each.order % next.modulus !== 0 && shelf.put(each) && left-- > 0,
            () => left <= 0,
          );
        } else if (next.do === 'sweep') {
          for (let left = next.count; left > 0; left--) {
            const before = list.items.filter((each) => shelf.has(each));
            place = queue.sweepStored(place ?? FIRST_PLACE, (part) => shelf.sweep(part, next.modulus));
            const gone = new Set(before.filter((each) => !shelf.has(each)));
            list.items = list.items.filter((each) => !gone.has(each));
          }
        } else if (next.do === 'look') {
          expect([...queue]).toEqual(list.sorted());
        } else {
          const isUnwanted = (each: Delivery): boolean => each.order % next.modulus === 0 && !shelf.has(each);
          expect(queue.removeAll(isUnwanted)).toEqual(list.sorted().filter(isUnwanted));
          list.items = list.items.filter((item) => !isUnwanted(item));
        }
        expect(queue.size).toBe(list.items.length);
      }
      expect(take(queue, Number.POSITIVE_INFINITY)).toEqual(list.sorted());
    }),
    { numRuns: 500 },
  );
});

test('a sweep sees all that is stored, wherever it stands', () => {
  const shelf = new Shelf();
  const queue = new DeliveryQueue((part) => shelf.load(part));
  const all = Array.from({ length: 300 }, (_, order) => delivery(order, order % 10));
  for (const each of all) queue.push(each);
  queue.unload(
    (each) => each.order % 11 !== 0 && shelf.put(each),
    () => false,
  );
  let place: QueuePlace | undefined = FIRST_PLACE;
  while (place) place = queue.sweepStored(place, (part) => shelf.sweep(part, 2));
  const stay = all.filter(({ order }) => order % 11 === 0 || order % 2 !== 0);
  expect(queue.size).toBe(stay.length);
  expect(new Set(take(queue, 300))).toEqual(new Set(stay));
});

test('a long queue that is taken from its head gives its memory back and keeps its order', () => {
  const queue = new DeliveryQueue(() => ({ deliveries: [], rest: undefined }));
  for (let order = 0; order < 10_000; order++) queue.push(delivery(order, 5));
  const first = take(queue, 5_000);
  queue.putBack(first);
  expect(take(queue, 10_000).map(({ order }) => order)).toEqual(Array.from({ length: 10_000 }, (_, order) => order));
  expect(queue.shift()).toBeUndefined();
});
