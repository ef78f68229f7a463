import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runKey } from '../../../src/store/lmdb/lane-table.ts';
import { type FilledStore, fillStores, placesOf } from '../../helpers/filled-stores.ts';
import { type DamagedFile, damage, damages, flipped } from '../../helpers/store-damage.ts';
import { changed, linesOf, type StoreLines } from '../../helpers/store-lines.ts';
import { type Readable, type StoreContent, StoreReader, type Visit } from '../../helpers/store-reader.ts';

/** `STORE_DAMAGES=5000 npx vitest run test/unit/store/damaged-store.test.ts` */
const RUNS = Number(process.env['STORE_DAMAGES'] ?? 200);
const MS_PER_RUN = 500;
const MAX_NAMES = 20;
const PAGE_BYTES = 4_096;
/** In each of the first two pages. */
const COMMIT_NUMBER_AT = 152;
const BITS = [1, 2, 4, 8, 16, 32, 64, 128];

const root = join(import.meta.dirname, '../../..');
const base = mkdtempSync(join(tmpdir(), 'xmlblaster-damaged-'));
const reader = new StoreReader();
let stores: readonly FilledStore[] = [];
let count = 0;
const outcomes = { whole: 0, lost: 0, refused: 0 };

beforeAll(async () => {
  // The reader is a process without vitest: it needs what is built.
  execFileSync(process.execPath, ['scripts/ready.mjs'], { cwd: root, stdio: 'ignore' });
  stores = await fillStores(base);
}, 120_000);

afterAll(() => {
  reader.close();
  rmSync(base, { recursive: true, force: true });
});

test(
  'whatever happens to the file, only what was written is read, and what is lost is reported',
  async () => {
    const keepEvery = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.nat(stores.length - 1), damages, keepEvery, async (pick, how, keepEvery) => {
        const store = stores[pick] as FilledStore;
        outcomes[await checkDamaged(store, damage(store, how), keepEvery)]++;
      }),
      { numRuns: RUNS },
    );
    expect(Math.min(...Object.values(outcomes)), JSON.stringify(outcomes)).toBeGreaterThan(0);
  },
  30_000 + RUNS * MS_PER_RUN,
);

/** Wherever `bytes` stand, the byte at `at` is another one. */
const PLACES: readonly (readonly [what: string, bytes: Buffer, at: number, xor: number])[] = [
  ['the number of the format', Buffer.from('{"format":2'), 10, 1],
  ['the number that checksums begin with', Buffer.from('"salt":'), 7, 1],
  ['the key of the format', Buffer.from('format{"format"'), 0, 1],
  ['the name of the table of the format', Buffer.from('meta\0'), 0, 1],
  ['the name of the table of records', Buffer.from('records\0'), 3, 1],
  ['the name of the table of runs', Buffer.from('runs\0'), 2, 8],
  ['the length of a key', Buffer.from([4, 0, 0, 0, 0, 1, 0x0d, 0xb7]), 0, 7],
];

test.each(PLACES)('a flipped byte in %s keeps the broker from starting', async (_, bytes, at, xor) => {
  const store = named('one commit');
  const { file } = flipEverywhere(store, bytes, at, xor);
  const { error } = await visit(file, undefined);
  expect(error?.message).toMatch(/^The store in \S+ is damaged \(.*\): restore a backup, or choose another directory/);
});

test('no flipped bit in the number of a commit brings back what was before it without a word', async () => {
  for (const store of stores) {
    for (const at of [COMMIT_NUMBER_AT, PAGE_BYTES + COMMIT_NUMBER_AT]) {
      for (const bit of BITS) await checkDamaged(store, flipped(store, [{ at, xor: bit }]), undefined);
    }
  }
});

test('a run under a wrong key hides no entry of another one', async () => {
  const store = named('many commits');
  const runs = [...new Set([...store.values.values()].flat())].filter((value) => value.startsWith('run 1/5 '));
  const key = runKey({ queueId: 1, priority: 5 }, Number(runs[2]?.split(' ').at(-1)));
  for (const bit of BITS) await checkDamaged(store, flipEverywhere(store, key, key.length - 1, bit), 2);
});

function named(name: string): FilledStore {
  return stores.find((store) => store.name === name) as FilledStore;
}

function flipEverywhere(store: FilledStore, bytes: Buffer, at: number, xor: number): DamagedFile {
  const places = placesOf(store.file, bytes);
  expect(places).not.toEqual([]);
  const flips = places.map((place) => ({ at: place + at, xor }));
  return { ...flipped(store, flips), flips: 1 };
}

async function checkDamaged(
  store: FilledStore,
  damaged: DamagedFile,
  keepEvery: number | undefined,
): Promise<keyof typeof outcomes> {
  try {
    return check(store, damaged, await visit(damaged.file, keepEvery));
  } catch (error) {
    throw new Error(`${store.name}, ${damaged.what}: ${(error as Error).message}`, { cause: error });
  }
}

async function visit(file: Buffer, keepEvery: number | undefined): Promise<Visit> {
  const directory = join(base, `${count++}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'data.mdb'), file);
  try {
    return await reader.visit(directory, keepEvery);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function check(store: FilledStore, { record, flips }: DamagedFile, visit: Visit): keyof typeof outcomes {
  if (visit.error) {
    expect(visit.error.name, visit.error.stack).toBe('StoreError');
    expect(visit.error.message).toMatch(/^[A-Z][^\n]*$/);
    expect(record, `refused: ${visit.error.message}`).toBeUndefined();
    return 'refused';
  }
  // What is read then is what was written before.
  if (visit.lines.some((line) => line.startsWith('The last commit'))) return 'lost';
  const written = linesOf(store.content);
  const read = linesOf(visit.read);
  expectPart(read, written);
  const lost = missing(written, read);
  if (lost.length > 0) expect(visit.lines.length, `lost without a word: ${lost[0]}`).toBeGreaterThan(0);
  const said = `lost ${lost.length}: ${lost.slice(0, MAX_NAMES)}`;
  if (flips === 1) expect(commonValues(store, lost), said).not.toEqual([]);
  if (record) expect(new Set(lost.map((name) => messageIn(written.get(name)))).size, said).toBeLessThanOrEqual(1);
  if (visit.second) checkSecond(store, visit);
  return lost.length > 0 ? 'lost' : 'whole';
}

/** Of what was there, everything is there in the next life, too. */
function checkSecond({ content }: FilledStore, { read, second, changes }: Readable): void {
  const after = linesOf(second as StoreContent);
  expectPart(after, linesOf(changed(content, changes)));
  expect(missing(linesOf(changed(read, changes)), after), 'lost while living on').toEqual([]);
}

/** The values of LMDB that all of these need. */
function commonValues({ values }: FilledStore, names: readonly string[]): readonly string[] {
  if (names.length === 0) return ['any'];
  return names.map((name) => values.get(name) ?? []).reduce((common, each) => common.filter((value) => each.includes(value)));
}

/** What two entries of one message have in common, in whatever queues they are: all but label and state. */
function messageIn(line: string | undefined): string {
  return JSON.stringify(JSON.parse(line ?? '[]').slice(2));
}

function missing(from: StoreLines, there: StoreLines): string[] {
  return [...from.keys()].filter((name) => !there.has(name));
}

function expectPart(part: StoreLines, all: StoreLines): void {
  for (const [name, line] of part) if (line !== all.get(name)) throw new Error(`this was never written: ${name} ${line}`);
}
