import { describe, expect, test } from 'vitest';
import { DEFAULT_PUBLISH_QOS } from '../../src/model/message.ts';
import type { MessageRecord, Store } from '../../src/store/store.ts';

/** What the broker relies on in every store (src/store/store.ts). `create` makes an empty one. */
export function describeStore(name: string, create: () => Store): void {
  describe(`${name} keeps the contract of a store:`, () => {
    test('it is empty at first', async () => {
      const store = create();
      expect(await timestampsOf(store)).toEqual([]);
      await store.close();
    });

    test('what was put is there after the commit, and not before', async () => {
      const store = create();
      store.putMessage(record(1n));
      expect(await timestampsOf(store)).toEqual([]);
      await store.commit();
      expect(await recordsOf(store)).toEqual([record(1n)]);
    });

    test('what was deleted is gone after the commit, and not before', async () => {
      const store = create();
      for (const timestamp of [1n, 2n]) store.putMessage(record(timestamp));
      await store.commit();
      store.deleteMessage(1n);
      expect(await timestampsOf(store)).toEqual([1n, 2n]);
      await store.commit();
      expect(await timestampsOf(store)).toEqual([2n]);
    });

    test('a message keeps all its parts', async () => {
      const store = create();
      const whole: MessageRecord = {
        oid: "a'<é😀",
        keyXml: '<key oid="a">\r\n<b/></key>',
        content: Buffer.from([0, 255, 13, 10, 128]),
        qos: { ...DEFAULT_PUBLISH_QOS, persistent: true, lifeTimeMs: 5, clientProperties: [{ name: '__proto__', value: ' ' }] },
        sender: '/node/n/client/joe/-1',
        rcvTimestamp: 1_700_000_000_000_000_001n,
      };
      store.putMessage(whole);
      await store.commit();
      expect(await recordsOf(store)).toEqual([whole]);
    });

    test('messages come oldest first, in whatever order they were put', async () => {
      const store = create();
      // Numbers beyond the exact ones of a double; as text they would sort differently.
      const timestamps = [9_007_199_254_740_995n, 5n, 10n, 9_007_199_254_740_993n, 9_007_199_254_740_994n];
      for (const timestamp of timestamps) store.putMessage(record(timestamp));
      await store.commit();
      expect(await timestampsOf(store)).toEqual([
        5n,
        10n,
        9_007_199_254_740_993n,
        9_007_199_254_740_994n,
        9_007_199_254_740_995n,
      ]);
    });

    test('a second put replaces the first', async () => {
      const store = create();
      store.putMessage(record(1n, 'old'));
      store.putMessage(record(1n, 'new'));
      await store.commit();
      store.putMessage(record(2n, 'old'));
      await store.commit();
      store.putMessage(record(2n, 'new'));
      await store.commit();
      expect((await recordsOf(store)).map(({ content }) => content.toString())).toEqual(['new', 'new']);
    });

    test('the changes of one commit happen in their order', async () => {
      const store = create();
      store.putMessage(record(1n));
      store.deleteMessage(1n);
      store.deleteMessage(2n);
      store.putMessage(record(2n));
      await store.commit();
      expect(await timestampsOf(store)).toEqual([2n]);
    });

    test('deleting what is not there is no error', async () => {
      const store = create();
      store.deleteMessage(1n);
      await store.commit();
      expect(await timestampsOf(store)).toEqual([]);
    });

    test('a commit without changes resolves', async () => {
      const store = create();
      await expect(store.commit()).resolves.toBeUndefined();
    });

    test('commits of one turn resolve in their order, each when its changes are there', async () => {
      const store = create();
      const resolved: string[] = [];
      const commits = [1n, 2n, 3n].map((timestamp) => {
        store.putMessage(record(timestamp));
        return store.commit().then(async () => {
          resolved.push(`${timestamp}`);
          expect(await timestampsOf(store)).toContain(timestamp);
        });
      });
      await Promise.all(commits);
      expect(resolved).toEqual(['1', '2', '3']);
      expect(await timestampsOf(store)).toEqual([1n, 2n, 3n]);
    });

    test('closing commits what is left', async () => {
      const store = create();
      let isCommitted = false;
      store.putMessage(record(1n));
      const commit = store.commit().then(() => {
        isCommitted = true;
      });
      store.putMessage(record(2n));
      await store.close();
      await commit;
      expect(isCommitted).toBe(true);
    });
  });
}

export function record(rcvTimestamp: bigint, content = 'x'): MessageRecord {
  return {
    oid: 'a',
    keyXml: "<key oid='a'/>",
    content: Buffer.from(content),
    qos: { ...DEFAULT_PUBLISH_QOS, persistent: true },
    sender: '/node/n/client/joe',
    rcvTimestamp,
  };
}

export async function recordsOf(store: Store): Promise<MessageRecord[]> {
  const records: MessageRecord[] = [];
  for await (const stored of store.messages()) records.push(stored);
  return records;
}

export async function timestampsOf(store: Store): Promise<bigint[]> {
  return (await recordsOf(store)).map(({ rcvTimestamp }) => rcvTimestamp);
}
