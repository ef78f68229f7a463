import { expect, test } from 'vitest';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { contentsOf, describeStore, entry, LANE } from '../../helpers/store-contract.ts';
import { DelayedStore, FailingStore } from '../../helpers/store-doubles.ts';

/** What is in memory stays when nobody forgets it: the contract for a store that is opened again holds, too. */
const reopen = async (store: { close(): Promise<void> }) => {
  await store.close();
  return store as MemoryStore;
};

describeStore('the memory store', { create: () => new MemoryStore(), reopen });
describeStore('a delayed store', {
  create: () => {
    const store = new DelayedStore(new MemoryStore());
    store.open();
    return store;
  },
});
describeStore('a failing store', { create: () => new FailingStore(new MemoryStore()) });

test('the memory store says that nothing in it survives', () => {
  expect(new MemoryStore().isDurable).toBe(false);
});

test('a delayed commit happens when the test says so, one after the other', async () => {
  const store = new DelayedStore(new MemoryStore());
  store.add(LANE, entry(1, 'x'));
  const first = store.commit();
  store.add(LANE, entry(2, 'x'));
  const second = store.commit();
  expect(store.waiting).toBe(2);
  store.release();
  await first;
  expect(contentsOf(store)).toEqual(['1 x']);
  store.release();
  await second;
  expect(contentsOf(store)).toEqual(['1 x', '2 x']);
});

test('of a commit that fails nothing happens then, and everything with the next one', async () => {
  const store = new FailingStore(new MemoryStore());
  store.add(LANE, entry(1, 'x'));
  await store.commit();
  store.isFull = true;
  store.add(LANE, entry(2, 'x'));
  store.remove(LANE, 1);
  await expect(store.commit()).rejects.toMatchObject({ code: 'resource.exhaust' });
  expect(contentsOf(store)).toEqual(['1 x']);
  store.isFull = false;
  store.add(LANE, entry(3, 'x'));
  await store.commit();
  expect(contentsOf(store)).toEqual(['2 x', '3 x']);
});
