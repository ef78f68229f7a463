import { describe, expect, test } from 'vitest';
import { DEFAULT_PUBLISH_QOS } from '../../src/model/message.ts';
import type { Lane, LaneSummary, MessageRecord, Recovery, Store, StoredEntry } from '../../src/store/store.ts';

/** How the contract gets at a kind of store. */
export interface StoreKind {
  /** Makes an empty one. */
  create(): Store | Promise<Store>;
  /** Closes a store and opens what it left behind; undefined: it leaves nothing behind. */
  readonly reopen?: (store: Store) => Promise<Store>;
}

export const LANE: Lane = { queueId: 7, priority: 5 };

/** What the broker relies on in every store (src/store/store.ts). */
export function describeStore(name: string, { create, reopen }: StoreKind): void {
  const using = (act: (store: Store) => Promise<void>) => async () => {
    const store = await create();
    store.recover();
    await act(store);
    await store.close();
  };

  describe(`${name} keeps the contract of a store:`, () => {
    test('it is empty at first', async () => {
      const store = await create();
      expect(store.recover()).toEqual({ records: [], lanes: [], topics: new Map() });
      expect(contentsOf(store)).toEqual([]);
      await store.close();
    });

    test(
      'what was added is there after the commit, and not before',
      using(async (store) => {
        store.add(LANE, entry(1, 'a'));
        expect(contentsOf(store)).toEqual([]);
        await store.commit();
        expect(contentsOf(store)).toEqual(['1 a']);
      }),
    );

    test(
      'what was removed is gone after the commit, and not before',
      using(async (store) => {
        for (const order of [1, 2]) store.add(LANE, entry(order, 'x'));
        await store.commit();
        store.remove(LANE, 1);
        expect(contentsOf(store)).toEqual(['1 x', '2 x']);
        await store.commit();
        expect(contentsOf(store)).toEqual(['2 x']);
      }),
    );

    test(
      'a message keeps all its parts, and an entry its own',
      using(async (store) => {
        const whole = wholeMessage();
        store.add(LANE, { order: 2 ** 48 - 1, label: "é😀'<", state: 65_535, message: whole });
        await store.commit();
        const [read] = store.read(LANE, 0, 10, 1_000_000).entries;
        expect(read).toEqual({
          order: 2 ** 48 - 1,
          label: "é😀'<",
          state: 65_535,
          message: { ...whole, stored: read?.message.stored },
        });
      }),
    );

    test(
      'a lane reads back in the order of its entries, in whatever order they came',
      using(async (store) => {
        for (const order of [5, 0, 3]) store.add(LANE, entry(order, 'x'));
        await store.commit();
        for (const order of [4, 2 ** 40, 1]) store.add(LANE, entry(order, 'y'));
        await store.commit();
        expect(contentsOf(store)).toEqual(['0 x', '1 y', '3 x', '4 y', '5 x', `${2 ** 40} y`]);
      }),
    );

    test(
      'lanes are apart: by queue, and by priority',
      using(async (store) => {
        const lanes = [LANE, { queueId: 7, priority: 9 }, { queueId: 7, priority: 0 }, { queueId: 4_294_967_295, priority: 5 }];
        lanes.forEach((lane, at) => {
          store.add(lane, entry(1, `${at}`));
        });
        await store.commit();
        expect(lanes.flatMap((lane) => contentsOf(store, lane))).toEqual(['1 0', '1 1', '1 2', '1 3']);
        store.remove(LANE, 1);
        await store.commit();
        expect(lanes.flatMap((lane) => contentsOf(store, lane))).toEqual(['1 1', '1 2', '1 3']);
      }),
    );

    test(
      'a lane is read in parts of so many entries, or so many bytes, but at least one entry',
      using(async (store) => {
        for (let order = 0; order < 1_000; order++) store.add(LANE, entry(order, 'x'.repeat(10)));
        await store.commit();
        const orders: number[] = [];
        for (let from: number | undefined = 0; from !== undefined; ) {
          const part = store.read(LANE, from, 7, 10_000);
          expect(part.entries.length).toBeLessThanOrEqual(7);
          orders.push(...part.entries.map(({ order }) => order));
          from = part.next;
        }
        expect(orders).toEqual(Array.from({ length: 1_000 }, (_, order) => order));
        expect(store.read(LANE, 0, 100, 1).entries).toHaveLength(1);
        expect(store.read(LANE, 0, 100, 35).entries.length).toBeLessThan(10);
        expect(store.read(LANE, 998, 100, 10_000).entries.map(({ order }) => order)).toEqual([998, 999]);
        expect(store.read(LANE, 1_000, 100, 10_000)).toEqual({ entries: [], damaged: [], next: undefined });
      }),
    );

    test(
      'a state changes, before and after the commit',
      using(async (store) => {
        for (const order of [1, 2]) store.add(LANE, entry(order, 'x'));
        store.setState(LANE, 1, 8);
        await store.commit();
        store.setState(LANE, 2, 9);
        await store.commit();
        expect(store.read(LANE, 0, 9, 9_999).entries.map(({ state }) => state)).toEqual([8, 9]);
      }),
    );

    test(
      'what is not there can be removed, changed and deleted without an error',
      using(async (store) => {
        store.remove(LANE, 1);
        store.setState(LANE, 2, 1);
        store.deleteRecord(3);
        await store.commit();
        expect(contentsOf(store)).toEqual([]);
      }),
    );

    test(
      'an entry that is removed before the commit was never there',
      using(async (store) => {
        store.add(LANE, entry(1, 'x'));
        store.setState(LANE, 1, 3);
        store.remove(LANE, 1);
        store.setState(LANE, 1, 4);
        await store.commit();
        expect(contentsOf(store)).toEqual([]);
      }),
    );

    test(
      'a message stands in many queues, and stays until the last one lets it go',
      using(async (store) => {
        const message = messageOf('shared');
        const lanes = [1, 2, 3].map((queueId) => ({ queueId, priority: 5 }));
        const [first, second, third] = lanes as [Lane, Lane, Lane];
        store.add(first, { order: 1, label: '', state: 0, message });
        await store.commit();
        store.add(second, { order: 1, label: '', state: 0, message });
        await store.commit();
        store.remove(first, 1);
        await store.commit();
        const [read] = store.read(second, 0, 1, 9_999).entries as [StoredEntry];
        store.add(third, { ...read, order: 5 });
        store.remove(second, 1);
        await store.commit();
        expect(lanes.flatMap((lane) => contentsOf(store, lane))).toEqual(['5 shared']);
        store.remove(third, 5);
        await store.commit();
        // Nobody has it any more, but who still holds the message may queue it again.
        store.add(first, { order: 9, label: '', state: 0, message: read.message });
        store.add(second, { order: 9, label: '', state: 0, message });
        await store.commit();
        expect(lanes.flatMap((lane) => contentsOf(store, lane))).toEqual(['9 shared', '9 shared']);
      }),
    );

    test(
      'what is read says which entries are one message, and those who queued it know it, too',
      using(async (store) => {
        const message = messageOf('shared');
        const other = messageOf('shared');
        store.add(LANE, { order: 1, label: '', state: 0, message });
        store.add({ ...LANE, queueId: 8 }, { order: 1, label: '', state: 0, message });
        await store.commit();
        store.add({ ...LANE, queueId: 9 }, { order: 1, label: '', state: 0, message });
        store.add({ ...LANE, queueId: 9 }, { order: 2, label: '', state: 0, message: other });
        await store.commit();
        const read = [7, 8, 9].flatMap((queueId) => entriesOf(store, { ...LANE, queueId })).map((entry) => entry.message.stored);
        expect(read).toEqual([message.stored, message.stored, message.stored, other.stored]);
        expect(message.stored).toBeDefined();
        expect(read[0] === read[1] && read[1] === read[2]).toBe(true);
        expect(read[3]).not.toBe(read[2]);
        expect([message, other].map(({ stored }) => store.references(stored))).toEqual([3, 1]);
        store.remove({ ...LANE, queueId: 8 }, 1);
        store.remove({ ...LANE, queueId: 9 }, 2);
        await store.commit();
        expect([message, other].map(({ stored }) => store.references(stored))).toEqual([2, 0]);
      }),
    );

    test(
      'a commit without changes resolves',
      using(async (store) => {
        await expect(store.commit()).resolves.toBeUndefined();
      }),
    );

    test(
      'commits of one turn resolve in their order, each when its changes are there',
      using(async (store) => {
        const resolved: number[] = [];
        const commits = [1, 2, 3].map((order) => {
          store.add(LANE, entry(order, 'x'));
          return store.commit().then(() => {
            resolved.push(order);
            expect(contentsOf(store)).toContain(`${order} x`);
          });
        });
        await Promise.all(commits);
        expect(resolved).toEqual([1, 2, 3]);
        expect(contentsOf(store)).toEqual(['1 x', '2 x', '3 x']);
      }),
    );

    test(
      'what changes while a commit is under way comes with the next one',
      using(async (store) => {
        store.add(LANE, entry(1, 'x'));
        const first = store.commit();
        // Let it begin.
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
        store.remove(LANE, 1);
        store.add(LANE, entry(2, 'x'));
        const second = store.commit();
        await first;
        await second;
        expect(contentsOf(store)).toEqual(['2 x']);
      }),
    );

    test(
      'reading while commits are under way sees whole commits, never halves',
      using(async (store) => {
        for (let order = 0; order < 400; order++) store.add(LANE, entry(order, 'x'));
        await store.commit();
        for (let round = 1; round < 20; round++) {
          for (let order = 400 * round; order < 400 * (round + 1); order++) {
            store.add(LANE, entry(order + 10_000_000, 'x'));
            store.remove(LANE, order - 400 + (round > 1 ? 10_000_000 : 0));
          }
          let isDone = false;
          const commit = store.commit().then(() => {
            isDone = true;
          });
          while (!isDone) {
            expect(contentsOf(store)).toHaveLength(400);
            await new Promise((resolve) => setImmediate(resolve));
          }
          await commit;
        }
      }),
    );

    test('closing commits what is left', async () => {
      const store = await create();
      store.recover();
      let isCommitted = false;
      store.add(LANE, entry(1, 'x'));
      const commit = store.commit().then(() => {
        isCommitted = true;
      });
      store.add(LANE, entry(2, 'x'));
      await store.close();
      await commit;
      expect(isCommitted).toBe(true);
    });

    if (reopen) describeReopening(async () => await create(), reopen);
  });
}

function describeReopening(create: () => Promise<Store>, reopen: (store: Store) => Promise<Store>): void {
  test('what was committed or closed is there in the next life, with what it comes to', async () => {
    const store = await create();
    store.recover();
    store.putRecord({ id: 4_294_967_295, text: 'é\u0000😀' });
    store.putRecord({ id: 2, text: 'old' });
    store.putRecord({ id: 3, text: 'gone' });
    store.add(LANE, { ...entry(3, 'abc'), message: messageOf('abc', 8) });
    store.add(LANE, entry(1, 'x'));
    await store.commit();
    store.putRecord({ id: 2, text: '' });
    store.deleteRecord(3);
    store.add(LANE, entry(9, 'defg'));
    store.add({ queueId: 7, priority: 9 }, entry(1, 'z'));
    store.remove({ queueId: 7, priority: 9 }, 1);
    const next = await reopen(store);
    expect(sorted(next.recover())).toEqual({
      records: [
        { id: 2, text: '' },
        { id: 4_294_967_295, text: 'é\u0000😀' },
      ],
      lanes: [
        {
          ...LANE,
          entries: 3,
          bytes: 8,
          firstOrder: 1,
          lastOrder: 9,
          topics: new Map([
            [1, 2],
            [8, 1],
          ]),
        },
      ],
    });
    expect(contentsOf(next)).toEqual(['1 x', '3 abc', '9 defg']);
    await next.close();
  });

  test('what was removed in the next life is gone in the one after', async () => {
    const store = await create();
    store.recover();
    const message = messageOf('shared');
    for (const queueId of [1, 2]) store.add({ queueId, priority: 5 }, { order: 1, label: '', state: 0, message });
    store.add({ queueId: 1, priority: 5 }, { order: 2, label: '', state: 0, message: messageOf('x') });
    store.add({ queueId: 1, priority: 5 }, { order: 3, label: '', state: 0, message: messageOf('yy', 8) });
    const second = await reopen(store);
    expect(second.recover().topics).toEqual(
      new Map([
        [1, { messages: 2, bytes: 7 }],
        [8, { messages: 1, bytes: 2 }],
      ]),
    );
    for (const order of [2, 3]) second.remove({ queueId: 1, priority: 5 }, order);
    second.remove({ queueId: 1, priority: 5 }, 1);
    const third = await reopen(second);
    expect(third.recover().topics).toEqual(new Map([[1, { messages: 1, bytes: 6 }]]));
    expect([1, 2].flatMap((queueId) => contentsOf(third, { queueId, priority: 5 }))).toEqual(['1 shared']);
    await third.close();
  });
}

export function messageOf(content: string, topicId = 1): MessageRecord {
  return {
    topicId,
    keyXml: "<key oid='a'/>",
    content: Buffer.from(content),
    qos: QOS,
    sender: '/node/n/client/joe',
    rcvTimestamp: 1_700_000_000_000_000_001n,
    expiresAt: Number.POSITIVE_INFINITY,
    stored: undefined,
  };
}

const QOS = { ...DEFAULT_PUBLISH_QOS, persistent: true };

function wholeMessage(): MessageRecord {
  return {
    topicId: 4_294_967_295,
    keyXml: '<key oid="a\ud800😀">\r\n<b/></key>',
    content: Buffer.from([0, 255, 13, 10, 128]),
    qos: {
      priority: 9,
      persistent: true,
      lifeTimeMs: Number.POSITIVE_INFINITY,
      forceDestroy: false,
      forceUpdate: true,
      administrative: false,
      topic: { ...NO_TOPIC_QOS, historyMaxBytes: Number.POSITIVE_INFINITY, distributor: 'ConsumableQueue' },
      destinations: [{ name: { subject: 'joe', pubSessionId: 1 }, text: 'joe/1', forceQueuing: true }],
      subscribable: false,
      state: { id: 'ERASED', info: undefined },
      clientProperties: [{ name: '__proto__', value: ' ', type: 'int', charset: 'x' }],
    },
    sender: '/node/n/client/joe/-1',
    rcvTimestamp: 1_700_000_000_000_000_001n,
    expiresAt: 1_700_000_000_123,
    stored: undefined,
  };
}

const NO_TOPIC_QOS = {
  readonly: undefined,
  destroyDelayMs: undefined,
  createDomEntry: undefined,
  historyMaxEntries: undefined,
  historyMaxBytes: undefined,
  storeMaxEntries: undefined,
  storeMaxBytes: undefined,
};

export function entry(order: number, content: string): StoredEntry {
  return { order, label: 'l', state: 0, message: messageOf(content) };
}

/** Every entry of a lane: its order and its content. */
export function contentsOf(store: Store, lane = LANE): string[] {
  return entriesOf(store, lane).map(({ order, message }) => `${order} ${message.content}`);
}

/** Reads a whole lane. */
export function entriesOf(store: Store, lane: Lane): StoredEntry[] {
  const entries: StoredEntry[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const part = store.read(lane, from, 64, 100_000);
    entries.push(...part.entries);
    from = part.next;
  }
  return entries;
}

/** Lanes have no order of their own. */
export function sorted({ records, lanes }: Pick<Recovery, 'records' | 'lanes'>): {
  records: Recovery['records'];
  lanes: LaneSummary[];
} {
  return { records, lanes: [...lanes].sort((a, b) => a.queueId - b.queueId || a.priority - b.priority) };
}
