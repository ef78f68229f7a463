import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb-store.ts';
import { entry, LANE } from '../../helpers/store-contract.ts';
import { StoreReader } from '../../helpers/store-reader.ts';

const root = join(import.meta.dirname, '../../..');
const base = mkdtempSync(join(tmpdir(), 'xmlblaster-lock-'));
const sound = join(base, 'sound');
const reader = new StoreReader();
let count = 0;

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/ready.mjs'], { cwd: root, stdio: 'ignore' });
  const store = await openLmdbStore(sound, createLogger('silent'));
  store.recover();
  store.add(LANE, entry(1, 'kept'));
  await store.close();
}, 60_000);

afterAll(() => {
  reader.close();
  rmSync(base, { recursive: true, force: true });
});

const FILES = ['lock.mdb', 'lock.mdb-lock', 'data.mdb-lock'];
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'is gone': (path) => rmSync(path),
  'is empty': (path) => truncateSync(path),
  'is cut off': (path) => truncateSync(path, 4_096),
  'is all zeros': (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length)),
  'is noise': (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length, 'noise')),
  'is of another version': (path) => writeFileSync(path, readFileSync(path).fill(9, 28, 29)),
};

/** What lies beside the data, and says who uses it, means nothing once nobody does: a crash may leave anything of it. */
describe.each(FILES)('a store opens and is whole when %s', (file) => {
  test.each(Object.entries(DAMAGES))('%s', async (_, damage) => {
    const directory = join(base, `${count++}`);
    cpSync(sound, directory, { recursive: true });
    damage(join(directory, file));
    const visit = await reader.visit(directory, 1);
    expect(visit).toMatchObject({ read: { lanes: [{ entries: [{ order: 1 }] }] }, lines: [] });
  });
});

test.each(Object.entries(DAMAGES))('who has a store keeps it when lock.mdb %s', async (_, damage) => {
  const directory = join(base, `${count++}`);
  cpSync(sound, directory, { recursive: true });
  const store = await openLmdbStore(directory, createLogger('silent'));
  store.recover();
  const path = join(directory, 'lock.mdb');
  // Another file in its place: who has the first one must not notice.
  const other = readFileSync(path);
  rmSync(path);
  writeFileSync(path, other);
  damage(path);
  const sentence = `The store in ${directory} is in use by process ${process.pid}: `;
  expect(await reader.visit(directory, undefined)).toMatchObject({
    error: { name: 'StoreError', message: expect.stringContaining(sentence) },
  });
  await store.close();
  expect(await reader.visit(directory, undefined)).toMatchObject({ read: { lanes: [{ entries: [{ order: 1 }] }] } });
});
