import { expect, test } from 'vitest';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { describeStore, record, timestampsOf } from '../../helpers/store-contract.ts';
import { DelayedStore, FailingStore } from '../../helpers/store-doubles.ts';

describeStore('the memory store', () => new MemoryStore());
describeStore('a delayed store', () => {
  const store = new DelayedStore(new MemoryStore());
  store.open();
  return store;
});
describeStore('a failing store', () => new FailingStore(new MemoryStore()));

test('the memory store says that nothing in it survives', () => {
  expect(new MemoryStore().isDurable).toBe(false);
});

test('a delayed commit happens when the test says so, one after the other', async () => {
  const store = new DelayedStore(new MemoryStore());
  store.putMessage(record(1n));
  const first = store.commit();
  store.putMessage(record(2n));
  const second = store.commit();
  expect(store.waiting).toBe(2);
  store.release();
  await first;
  expect(await timestampsOf(store)).toEqual([1n]);
  store.release();
  await second;
  expect(await timestampsOf(store)).toEqual([1n, 2n]);
});

test('of a commit that fails nothing happens, neither then nor with the next one', async () => {
  const store = new FailingStore(new MemoryStore());
  store.putMessage(record(1n));
  await store.commit();
  store.isFull = true;
  store.putMessage(record(2n));
  store.deleteMessage(1n);
  await expect(store.commit()).rejects.toMatchObject({ code: 'resource.exhaust' });
  store.isFull = false;
  store.putMessage(record(3n));
  await store.commit();
  expect(await timestampsOf(store)).toEqual([1n, 3n]);
});
