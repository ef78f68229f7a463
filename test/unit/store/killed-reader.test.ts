import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb-store.ts';
import { entry, LANE } from '../../helpers/store-contract.ts';

const COMMITS = 400;
const CONTENT_BYTES = 40_000;

/** Reads like `xmlblaster store backup`, and is killed in the middle of it. */
const READER = `
  import { open } from 'lmdb';
  open({ path: process.argv[1], noSubdir: true }).useReadTransaction();
  process.kill(process.pid, 'SIGKILL');
`;

test('a backup that was killed does not keep the room of later messages from being used again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-reader-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const store = await openLmdbStore(directory, createLogger('silent'));
  store.recover();
  const file = join(directory, 'data.mdb');
  const cwd = new URL('../../..', import.meta.url);
  const reader = spawn(process.execPath, ['--input-type=module', '-e', READER, file], { cwd, stdio: 'inherit' });
  expect(await once(reader, 'exit')).toEqual([null, 'SIGKILL']);
  for (let order = 0; order < COMMITS; order++) {
    store.add(LANE, entry(order, 'x'.repeat(CONTENT_BYTES)));
    if (order > 0) store.remove(LANE, order - 1);
    await store.commit();
  }
  await store.close();
  expect(statSync(file).size).toBeLessThan((COMMITS * CONTENT_BYTES) / 2);
});
