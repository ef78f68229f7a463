import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../src/base/logger.ts';
import { RECORD_HEADER_BYTES, seedOf, soundRecords } from '../../src/store/lmdb/block.ts';
import { Environment, type Table } from '../../src/store/lmdb/environment.ts';
import { saltOf } from '../../src/store/lmdb/format.ts';
import { parseRunKey } from '../../src/store/lmdb/lane-table.ts';
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { decodeRun } from '../../src/store/lmdb/run.ts';
import { backUpStore } from '../../src/store/lmdb/store-report.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Lane, MessageRecord, Store } from '../../src/store/store.ts';
import { entriesOf, messageOf } from './store-contract.ts';
import { laneName } from './store-lines.ts';
import type { StoreContent } from './store-reader.ts';

/** Where a record with a checksum of its own lies in the file. */
export interface RecordPlace {
  readonly table: Table;
  /** Free pages may still hold what they held: all places with these bytes. */
  readonly starts: readonly number[];
  readonly length: number;
}

/** A store that was closed: its file, and what it must hold. */
export interface FilledStore {
  readonly name: string;
  readonly file: Buffer;
  readonly content: StoreContent;
  readonly records: readonly RecordPlace[];
  /** Which values of LMDB each record and entry needs, by what store-lines.ts calls it. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** A run begins with the checksum of the whole. */
const RUN_SUM_BYTES = 4;

type Fill = (store: Store, commit: () => Promise<void>) => Promise<void>;

const LANES: readonly Lane[] = [
  { queueId: 1, priority: 5 },
  { queueId: 1, priority: 9 },
  { queueId: 2, priority: 0 },
  { queueId: 300, priority: 5 },
];

const FILLS: Readonly<Record<string, Fill>> = {
  async 'one commit'(store) {
    for (let id = 1; id < 5; id++) store.putRecord({ id, text: `record ${id}` });
    for (let order = 0; order < 20; order++) for (const lane of LANES.slice(0, 2)) add(store, lane, order, message(order, 700));
  },

  async 'many commits'(store, commit) {
    for (let round = 0; round < 30; round++) {
      store.putRecord({ id: (round % 7) + 1, text: `record ${round} `.repeat(round * 20) });
      for (let at = 0; at < 25; at++) {
        const number = round * 25 + at;
        const shared = message(number, (number * 37) % 900);
        for (const [index, lane] of LANES.entries()) if ((number + index) % 3 > 0) add(store, lane, number, shared);
      }
      await commit();
      for (let at = 0; at < 12; at++) store.remove(LANES[at % 4] as Lane, (round * 25 + at * 7) % (round * 20 + 1));
      for (let at = 0; at < 5; at++) store.setState(LANES[at % 4] as Lane, round * 25 + at, at + 1);
      await commit();
    }
  },

  async 'big messages'(store, commit) {
    for (let number = 0; number < 8; number++) {
      store.putRecord({ id: number + 1, text: 'text '.repeat(number * 700) });
      add(store, LANES[number % 3] as Lane, number, message(number, number * 9_000));
      if (number % 2 > 0) await commit();
    }
    for (let number = 10; number < 200; number++) add(store, LANES[0] as Lane, number, message(number, 900));
  },

  async 'many records and queues'(store, commit) {
    for (let id = 1; id <= 700; id++) {
      store.putRecord({ id, text: `record ${id}` });
      add(store, { queueId: id, priority: id % 10 }, id, message(id, 20));
      if (id % 100 === 0) await commit();
    }
    for (let id = 1; id <= 700; id += 3) store.deleteRecord(id);
  },
};

/** @param base a directory for them. */
export async function fillStores(base: string): Promise<FilledStore[]> {
  const stores = await Promise.all(Object.entries(FILLS).map(([name, fill]) => fillStore(join(base, name), name, fill)));
  const copied = stores[1] as FilledStore;
  const copy = join(base, 'a copy');
  await backUpStore(join(base, copied.name), copy);
  return [...stores, await describe('a copy', copy, copied.content)];
}

async function fillStore(directory: string, name: string, fill: Fill): Promise<FilledStore> {
  const model = new MemoryStore();
  const store = await openLmdbStore(directory, createLogger('silent'));
  store.recover();
  for (const each of [model, store]) {
    await fill(each, () => each.commit());
    await each.close();
  }
  const { records, lanes } = model.recover();
  const content = { records, lanes: lanes.map((lane) => ({ lane, entries: entriesOf(model, lane), damaged: [] })) };
  return await describe(name, directory, content);
}

async function describe(name: string, directory: string, content: StoreContent): Promise<FilledStore> {
  const path = join(directory, 'data.mdb');
  const file = readFileSync(path);
  const environment = new Environment(path);
  const salt = await saltOf(environment, directory);
  const records = (['records', 'runs', 'segments'] as const).flatMap((table) =>
    [...environment.entries(table)].flatMap(([key, block]) => {
      const blocks = placesOf(file, block);
      const sound = soundRecords(block, table === 'runs' ? RUN_SUM_BYTES : 0, seedOf(salt, key), () => {});
      return sound.map(({ start, end }): RecordPlace => {
        const from = start - RECORD_HEADER_BYTES;
        return { table, starts: blocks.map((at) => at + from), length: end - from };
      });
    }),
  );
  const values = new Map(content.records.map(({ id }) => [`record ${id}`, [`record ${id}`]]));
  for (const [key, block] of environment.entries('runs')) {
    const { lane, firstOrder } = parseRunKey(key);
    const run = `run ${laneName(lane)} ${firstOrder}`;
    for (const { order, segment } of decodeRun(block, seedOf(salt, key), () => {}))
      values.set(`${laneName(lane)} ${order}`, [run, `segment ${segment}`]);
  }
  await environment.close();
  return { name, file, content, records, values };
}

/** All places where the bytes begin. */
export function placesOf(file: Buffer, bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = file.indexOf(bytes); at >= 0; at = file.indexOf(bytes, at + 1)) places.push(at);
  return places;
}

function add(store: Store, lane: Lane, order: number, each: MessageRecord): void {
  store.add(lane, { order, label: order % 5 === 0 ? `label ${order % 100}` : 'label', state: order % 3, message: each });
}

/** Some have their topic and key alone, most share it with others. */
function message(number: number, bytes: number): MessageRecord {
  const topicId = number % 11 === 0 ? number + 1 : (number % 3) + 1;
  const made = messageOf(`message ${number} `.padEnd(bytes, `${number}`), topicId);
  return { ...made, keyXml: `<key oid='${topicId}'/>`, rcvTimestamp: made.rcvTimestamp + BigInt(number), expiresAt: number };
}
