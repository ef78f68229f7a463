import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb-store.ts';
import { runStoreCommand } from '../../../src/store/store-command.ts';
import { contentsOf, entry, LANE } from '../../helpers/store-contract.ts';

const base = mkdtempSync(join(tmpdir(), 'xmlblaster-store-command-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const logger = createLogger('silent');
let count = 0;

async function filled() {
  const directory = join(base, `${count++}`);
  const store = await openLmdbStore(directory, logger);
  store.recover();
  for (let order = 0; order < 20; order++) store.add(LANE, entry(order, `content ${order} `.padEnd(1_000, 'x')));
  store.putRecord({ id: 1, text: 'a record' });
  await store.commit();
  return { directory, store };
}

test('a sound store is checked, counted and copied', async () => {
  const { directory, store } = await filled();
  await store.close();
  expect(await runStoreCommand('check', [directory])).toEqual({
    isGood: true,
    text: `Checked ${directory}: 1 records, 20 messages, 20 entries in 1 lanes, all sound`,
  });
  expect((await runStoreCommand('stats', [directory])).text).toMatch(/^entries +20$/m);
});

test('a store is copied while a broker uses it, but not checked', async () => {
  const { directory, store } = await filled();
  const target = `${directory}-copy`;
  expect(await runStoreCommand('check', [directory])).toMatchObject({
    isGood: false,
    text: expect.stringContaining('is in use'),
  });
  expect(await runStoreCommand('backup', [directory, target])).toMatchObject({ isGood: true });
  expect(await runStoreCommand('backup', [directory, target])).toMatchObject({
    isGood: false,
    text: expect.stringContaining('exists'),
  });
  const copy = await openLmdbStore(target, logger);
  copy.recover();
  expect(contentsOf(copy)).toEqual(contentsOf(store));
  await copy.close();
  await store.close();
});

test('where there is no store the sentence says so', async () => {
  const file = join(base, 'a file');
  writeFileSync(file, '');
  for (const verb of ['check', 'stats', 'backup'] as const) {
    for (const place of [join(base, 'nowhere'), file]) {
      expect(await runStoreCommand(verb, [place, join(base, 'copy')])).toMatchObject({
        isGood: false,
        text: expect.stringMatching(/^There is no store in /),
      });
    }
  }
});

test.skipIf(process.getuid?.() === 0)('where nobody may look the sentence says so', async () => {
  const { directory, store } = await filled();
  await store.close();
  chmodSync(directory, 0);
  const result = await runStoreCommand('stats', [directory]);
  chmodSync(directory, 0o700);
  expect(result).toMatchObject({ isGood: false, text: expect.stringContaining('permission denied') });
});

test('a flipped byte in a message costs that message only, and is reported', async () => {
  const { directory, store } = await filled();
  await store.close();
  const data = readFileSync(join(directory, 'data.mdb'));
  // LMDB's pages have rests of other pages in their free room: each place that may be the message's.
  for (let at = data.indexOf('content 7 '); at >= 0; at = data.indexOf('content 7 ')) data[at] = 0;
  writeFileSync(join(directory, 'data.mdb'), data);
  const { isGood, text } = await runStoreCommand('check', [directory]);
  expect(isGood).toBe(false);
  expect(text).toContain('the message of entry 7 in queue 7, priority 5');
  const damaged = await openLmdbStore(directory, logger);
  damaged.recover();
  expect(contentsOf(damaged).map((line) => Number(line.split(' ')[0]))).toEqual(
    [...Array(20).keys()].filter((order) => order !== 7),
  );
  expect(damaged.damaged).toBe(1);
  await damaged.close();
});

test('a flipped byte in the pages of LMDB is found before they are used', async () => {
  const { directory, store } = await filled();
  await store.close();
  const copy = `${directory}-damaged`;
  cpSync(directory, copy, { recursive: true });
  const file = openSync(join(copy, 'data.mdb'), 'r+');
  writeSync(file, Buffer.from([0xff]), 0, 1, 48);
  const sentence = /^The store in .* is damaged \(.*\): restore a backup/;
  await expect(openLmdbStore(copy, logger)).rejects.toThrow(sentence);
  for (const verb of ['check', 'stats', 'backup'] as const) {
    const text = expect.stringMatching(sentence);
    expect(await runStoreCommand(verb, [copy, `${copy}-copy`])).toEqual({ isGood: false, text });
  }
});

test('a last commit that its number disowns is reported', async () => {
  const { directory, store } = await filled();
  await store.close();
  const path = join(directory, 'data.mdb');
  const data = readFileSync(path);
  const [first, second] = [152, 4_248].map((at) => ({ at, number: data.readUInt32LE(at) })) as [CommitNumber, CommitNumber];
  const newest = first.number > second.number ? first : second;
  data.writeUInt32LE(newest.number - 2, newest.at);
  writeFileSync(path, data);
  const { isGood, text } = await runStoreCommand('check', [directory]);
  expect([isGood, text]).toEqual([false, expect.stringContaining('the last commit: its write failed, or it is damaged')]);
});

interface CommitNumber {
  readonly at: number;
  readonly number: number;
}

test('a part of a page behind the last one, as a power cut leaves it, is no damage', async () => {
  const { directory, store } = await filled();
  await store.close();
  appendFileSync(join(directory, 'data.mdb'), Buffer.alloc(512, 'x'));
  expect(await runStoreCommand('check', [directory])).toMatchObject({ isGood: true });
  const again = await openLmdbStore(directory, logger);
  again.recover();
  expect(contentsOf(again)).toHaveLength(20);
  await again.close();
});

test('a value that the file ends in is found before it is used', async () => {
  const { directory, store } = await filled();
  for (let order = 20; order < 30; order++) {
    store.add(LANE, entry(order, 'last '.repeat(20_000)));
    await store.commit();
  }
  await store.close();
  const path = join(directory, 'data.mdb');
  truncateSync(path, readFileSync(path).lastIndexOf('last '));
  expect(await runStoreCommand('check', [directory])).toMatchObject({
    isGood: false,
    text: expect.stringContaining('the file is too short'),
  });
});
