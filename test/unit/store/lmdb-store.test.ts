import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import type { Lane, MessageRecord, Store } from '../../../src/store/store.ts';
import { describeStore, entriesOf, messageOf, sorted } from '../../helpers/store-contract.ts';

const base = mkdtempSync(join(tmpdir(), 'xmlblaster-store-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const logger = createLogger('silent');
const directories = new Map<Store, string>();
let count = 0;

async function openIn(directory: string): Promise<Store> {
  const store = await openLmdbStore(directory, logger);
  directories.set(store, directory);
  return store;
}

const create = () => openIn(join(base, `${count++}`));

async function reopen(store: Store): Promise<Store> {
  await store.close();
  return await openIn(directories.get(store) as string);
}

describeStore('the LMDB store', { create, reopen });

const lanes: readonly Lane[] = [
  { queueId: 1, priority: 0 },
  { queueId: 1, priority: 9 },
  { queueId: 2, priority: 5 },
];

type Step =
  | {
      readonly kind: 'add';
      readonly lanes: readonly number[];
      readonly order: number;
      readonly content: string;
      readonly label: string;
    }
  | { readonly kind: 'addMany'; readonly lane: number; readonly count: number; readonly bytes: number }
  | { readonly kind: 'again'; readonly lane: number; readonly pick: number }
  | { readonly kind: 'remove' | 'setState'; readonly lane: number; readonly pick: number }
  | { readonly kind: 'removeMany'; readonly lane: number; readonly from: number; readonly count: number; readonly step: number }
  | { readonly kind: 'record'; readonly id: number; readonly text: string | undefined }
  | { readonly kind: 'commit' | 'begin' | 'reopen' };

const lane = fc.nat(lanes.length - 1);
const pick = fc.nat(100_000);
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        lanes: fc.uniqueArray(lane, { minLength: 1 }),
        order: fc.nat(2 ** 31 - 1),
        content: fc.string({ maxLength: 50 }),
        label: fc.string({ maxLength: 9 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('addMany' as const),
        lane,
        count: fc.integer({ min: 1, max: 400 }),
        bytes: fc.nat(3_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), lane, pick }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'setState' as const), lane, pick }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('removeMany' as const),
        lane,
        from: pick,
        count: fc.integer({ min: 1, max: 800 }),
        step: fc.integer({ min: 1, max: 2 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('record' as const),
        id: fc.nat(5),
        text: fc.option(fc.string(), { nil: undefined }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'begin' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  ),
  { maxLength: 40, size: 'max' },
);

test('the LMDB store holds what the memory store holds, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const pair = new Pair(new MemoryStore(), await create());
      for (const step of list) await pair.do(step);
      await pair.finish();
    }),
    { numRuns: 40, endOnFailure: true },
  );
}, 60_000);

/** Two stores that get the same changes. */
class Pair {
  readonly #model: Store;
  #store: Store;
  readonly #orders = lanes.map(() => new Set<number>());
  readonly #next = lanes.map(() => 0);

  constructor(model: Store, store: Store) {
    this.#model = model;
    this.#store = store;
    this.#store.recover();
  }

  async do(step: Step): Promise<void> {
    if (step.kind === 'add') this.#add(step.lanes, step.order, step.content, step.label);
    if (step.kind === 'addMany') {
      for (let at = 0; at < step.count; at++) {
        const order = 2 ** 32 + (this.#next[step.lane] as number);
        this.#next[step.lane] = (this.#next[step.lane] as number) + 1;
        this.#add([step.lane], order, `${order}`.padEnd(step.bytes), 'many');
      }
    }
    if (step.kind === 'again') this.#again(step.lane, step.pick);
    if (step.kind === 'remove') this.#removeMany(step.lane, step.pick, 1, 1);
    if (step.kind === 'removeMany') this.#removeMany(step.lane, step.from, step.count, step.step);
    if (step.kind === 'setState') {
      for (const store of this.#both)
        store.setState(lanes[step.lane] as Lane, this.#pick(step.lane, step.pick), step.pick % 65_536);
    }
    if (step.kind === 'record') {
      for (const store of this.#both) {
        if (step.text === undefined) store.deleteRecord(step.id);
        else store.putRecord({ id: step.id, text: step.text });
      }
    }
    if (step.kind === 'begin') {
      for (const store of this.#both) void store.commit();
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (step.kind === 'commit') await this.#commit();
    if (step.kind === 'reopen') await this.#reopen();
  }

  async finish(): Promise<void> {
    await this.#reopen();
    await this.#store.close();
  }

  get #both(): readonly Store[] {
    return [this.#model, this.#store];
  }

  #add(where: readonly number[], order: number, content: string, label: string): void {
    for (const store of this.#both) {
      const message = { ...messageOf(content, (order % 3) + 1), expiresAt: order };
      for (const at of where) {
        if (!this.#orders[at]?.has(order)) store.add(lanes[at] as Lane, { order, label, state: 0, message });
      }
    }
    for (const at of where) this.#orders[at]?.add(order);
  }

  /** Queues messages again that were read. */
  #again(at: number, seed: number): void {
    const order = 2 ** 33 + seed;
    if (this.#orders[at]?.has(order)) return;
    const from = lanes[seed % lanes.length] as Lane;
    const read = this.#both.map((store) => store.read(from, 0, 1, 9_999).entries[0]?.message);
    // With a commit under way one may be ahead of the other.
    if (!read[0] || !read[1] || !read[0].content.equals(read[1].content)) return;
    this.#both.forEach((store, index) => {
      store.add(lanes[at] as Lane, { order, label: 'again', state: 1, message: read[index] as MessageRecord });
    });
    this.#orders[at]?.add(order);
  }

  #removeMany(at: number, from: number, howMany: number, step: number): void {
    const orders = [...(this.#orders[at] as Set<number>)];
    for (let index = 0; index < howMany && orders.length > 0; index++) {
      const order = orders[(from + index * step) % orders.length] as number;
      for (const store of this.#both) store.remove(lanes[at] as Lane, order);
    }
  }

  #pick(at: number, seed: number): number {
    const orders = [...(this.#orders[at] as Set<number>)];
    return orders[seed % Math.max(1, orders.length)] ?? seed;
  }

  async #commit(): Promise<void> {
    for (const store of this.#both) await store.commit();
    this.#compare();
  }

  async #reopen(): Promise<void> {
    await this.#model.commit();
    this.#store = await reopen(this.#store);
    expect(sorted(this.#store.recover())).toEqual(sorted(this.#model.recover()));
    this.#compare();
  }

  #compare(): void {
    for (const each of lanes) expect(entriesOf(this.#store, each).map(plain)).toEqual(entriesOf(this.#model, each).map(plain));
  }
}

function plain({ message, ...entry }: { readonly message: MessageRecord }): object {
  return { ...entry, message: { ...message, content: message.content.toString(), stored: undefined } };
}
