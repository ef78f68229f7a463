import type { Lane } from '../../src/store/store.ts';
import type { Change, StoreContent } from './store-reader.ts';

/** What every record and entry says, whole; by the record's number, or the lane and the order of the entry. Entries in their order. */
export type StoreLines = ReadonlyMap<string, string>;

/** @throws Error when an entry is out of order, or there twice. */
export function linesOf({ records, lanes }: StoreContent): StoreLines {
  const lines = new Map(records.map(({ id, text }) => [`record ${id}`, JSON.stringify([text])]));
  for (const { lane, entries } of lanes) {
    let last = -1;
    for (const { order, label, state, message } of entries) {
      const name = `${laneName(lane)} ${order}`;
      if (order <= last) throw new Error(`${name} comes after ${last}`);
      last = order;
      const { content, rcvTimestamp, stored: _, ...rest } = message;
      lines.set(name, JSON.stringify([label, state, Buffer.from(content).toString('latin1'), `${rcvTimestamp}`, rest]));
    }
  }
  return lines;
}

export function laneName({ queueId, priority }: Lane): string {
  return `${queueId}/${priority}`;
}

/** What must be there when the changes have happened. */
export function changed({ records, lanes }: StoreContent, changes: readonly Change[]): StoreContent {
  const texts = new Map(records.map(({ id, text }) => [id, text]));
  const queues = new Map(
    lanes.map(({ lane, entries }) => [laneName(lane), new Map(entries.map((entry) => [entry.order, entry]))]),
  );
  for (const change of changes) {
    if (change[0] === 'putRecord') {
      texts.set(change[1].id, change[1].text);
      continue;
    }
    const queue = queues.get(laneName(change[1]));
    if (change[0] === 'add') queue?.set(change[2].order, change[2]);
    if (change[0] === 'remove') queue?.delete(change[2]);
    const entry = change[0] === 'setState' ? queue?.get(change[2]) : undefined;
    if (entry) queue?.set(entry.order, { ...entry, state: change[3] as number });
  }
  return {
    records: [...texts].map(([id, text]) => ({ id, text })),
    lanes: lanes.map(({ lane }) => ({
      lane,
      entries: [...(queues.get(laneName(lane))?.values() ?? [])].sort((a, b) => a.order - b.order),
      damaged: [],
    })),
  };
}
