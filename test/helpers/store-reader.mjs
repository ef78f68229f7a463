// A process of its own that opens stores which may be damaged: LMDB's own code could take the process with it. It gets { directory,
// keepEvery } and answers with what store-reader.ts describes.
import { openLmdbStore } from '../../dist/store/lmdb/lmdb-store.js';

const PART_ENTRIES = 64;
const PART_BYTES = 100_000;
/** Above all orders that a store is filled with. */
const NEW_ORDER = 2 ** 40;
const NEW_MESSAGES = 80;
const LANES_WITH_NEW = 3;

process.on('message', async ({ directory, keepEvery }) => process.send(await visit(directory, keepEvery)));

async function visit(directory, keepEvery) {
  const lines = [];
  try {
    const first = await inStore(directory, lines, (store, recovery) => {
      const read = readAll(store, recovery);
      return { read, changes: keepEvery === undefined ? [] : change(store, read, keepEvery) };
    });
    const second =
      keepEvery === undefined ? undefined : await inStore(directory, lines, (store, recovery) => readAll(store, recovery));
    return { ...first, second, lines };
  } catch (error) {
    return { lines, error: { name: error.name, message: error.message, stack: error.stack } };
  }
}

/** As server.ts and the broker do it: opened, recovered, used, closed. */
async function inStore(directory, lines, act) {
  const log = (line) => lines.push(line);
  const store = await openLmdbStore(directory, { error: log, warn: log });
  try {
    return act(store, store.recover());
  } finally {
    await store.close();
  }
}

function readAll(store, { records, lanes }) {
  return { records, lanes: lanes.map(({ queueId, priority }) => readLane(store, { queueId, priority })) };
}

function readLane(store, lane) {
  const read = { lane, entries: [], damaged: [] };
  for (let from = 0; from !== undefined; ) {
    const { entries, damaged, next } = store.read(lane, from, PART_ENTRIES, PART_BYTES);
    read.entries.push(...entries);
    read.damaged.push(...damaged);
    from = next;
  }
  return read;
}

/** What a broker does with what it finds: entries go, damaged ones first, others change, new ones come, an old message is queued again. */
function change(store, { records, lanes }, keepEvery) {
  const changes = [];
  const apply = (verb, ...args) => {
    changes.push([verb, ...structuredClone(args)]);
    store[verb](...args);
  };
  lanes.forEach(({ lane, entries, damaged }, number) => {
    for (const { order } of damaged) apply('remove', lane, order);
    entries.forEach(({ order }, at) => {
      if (at % keepEvery === 0) apply('setState', lane, order, 7);
      else apply('remove', lane, order);
    });
    const [first] = entries;
    if (!first || number >= LANES_WITH_NEW) return;
    apply('add', lane, { ...first, order: NEW_ORDER, label: 'again' });
    const message = { ...first.message, content: Buffer.from(`new ${lane.queueId}`), stored: undefined };
    for (let at = 1; at < NEW_MESSAGES; at++) apply('add', lane, { order: NEW_ORDER + at, label: 'new', state: 1, message });
  });
  apply('putRecord', { id: 2 ** 31, text: 'new' });
  if (records[0]) apply('putRecord', { id: records[0].id, text: 'changed' });
  return changes;
}
