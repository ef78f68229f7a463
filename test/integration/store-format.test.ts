import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { open } from 'lmdb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { contentsOf, entry, LANE } from '../helpers/store-contract.ts';

const root = join(import.meta.dirname, '../..');
const base = mkdtempSync(join(tmpdir(), 'xmlblaster-format-'));
const logger = createLogger('silent');
let count = 0;

beforeAll(() => void execFileSync(process.execPath, ['scripts/ready.mjs'], { cwd: root, stdio: 'ignore' }), 60_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. */
function xmlblaster(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(root, 'dist/main.js'), ...args], (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** A store with one message; returns its directory. */
async function filled(): Promise<string> {
  const directory = join(base, `${count++}`);
  const store = await openLmdbStore(directory, logger);
  store.recover();
  store.add(LANE, entry(1, 'kept'));
  await store.close();
  return directory;
}

/** What a broker of another version does to the file: `change` gets the table of the format, and all of LMDB. */
async function rewrite(directory: string, change: (format: Format) => object, newTable?: string): Promise<void> {
  const environment = open<Buffer, Buffer>({
    path: join(directory, 'data.mdb'),
    noSubdir: true,
    overlappingSync: false,
    maxDbs: 6,
  });
  const options = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const meta = environment.openDB<Buffer, Buffer>({ name: 'meta', ...options });
  const key = Buffer.from('format');
  await meta.put(key, Buffer.from(JSON.stringify(change(JSON.parse(String(meta.get(key))) as Format))));
  if (newTable !== undefined) {
    await environment.openDB({ name: 'runs', ...options }).drop();
    await environment.openDB<Buffer, Buffer>({ name: newTable, ...options }).put(key, key);
  }
  await environment.close();
}

interface Format {
  readonly format: number;
  readonly salt: number;
  readonly sum: number;
}

function newer({ format, salt }: Format): Format {
  return { format: format + 1, salt, sum: crc32(`${format + 1} ${salt}`) };
}

test.each([undefined, 'tables of its own'])('a store of a newer format is refused, and left as it is (%s)', async (newTable) => {
  const directory = await filled();
  await rewrite(directory, newer, newTable);
  const before = readFileSync(join(directory, 'data.mdb'));
  const sentence = `The store in ${directory} has format 3, this broker knows formats up to 2: start the newer broker that wrote it, or choose another directory with --data-dir`;
  const started = await xmlblaster('--port', '0', '--socket-port', 'off', '--data-dir', directory);
  expect(started).toMatchObject({ code: 1, stderr: '' });
  expect(started.stdout.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(started.stdout)).toMatchObject({ level: 60, msg: sentence });
  const copy = `${directory}-copy`;
  for (const args of [
    ['check', directory],
    ['stats', directory],
    ['backup', directory, copy],
  ])
    expect(await xmlblaster('store', ...args)).toEqual({ code: 1, stdout: '', stderr: `${sentence}\n` });
  expect(existsSync(copy)).toBe(false);
  expect(readFileSync(join(directory, 'data.mdb')).equals(before)).toBe(true);
});

test('a store of the first format is brought to this one, and what it holds is there', async () => {
  const directory = await filled();
  await rewrite(directory, ({ salt }) => ({ format: 1, salt }));
  for (let life = 0; life < 2; life++) {
    const store = await openLmdbStore(directory, logger);
    store.recover();
    expect(contentsOf(store)).toEqual(['1 kept']);
    await store.close();
  }
  expect(readFileSync(join(directory, 'data.mdb'), 'latin1')).toMatch(/\{"format":2,"salt":\d+,"sum":\d+\}/);
});
