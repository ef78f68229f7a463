import type { Lane, StateRecord, StoredEntry } from '../store.ts';

/** What is to happen to an entry: it is added, gets another state, or goes. */
export type EntryChange = StoredEntry | number | 'removed';

export interface LaneChanges {
  readonly lane: Lane;
  /** By order. */
  readonly entries: Map<number, EntryChange>;
}

/** What is to be committed. What comes and goes before that leaves nothing behind. */
export class Changes {
  /** By id; undefined: it goes. */
  readonly records = new Map<number, string | undefined>();
  readonly lanes = new Map<number, LaneChanges>();
  /** Of all entries that are added: a content in two queues counts twice. */
  contentBytes = 0;

  get isEmpty(): boolean {
    return this.records.size === 0 && this.lanes.size === 0;
  }

  putRecord({ id, text }: StateRecord): void {
    this.records.set(id, text);
  }

  deleteRecord(id: number): void {
    this.records.set(id, undefined);
  }

  add(lane: Lane, entry: StoredEntry): void {
    this.#lane(lane).entries.set(entry.order, entry);
    this.contentBytes += entry.message.content.length;
  }

  setState(lane: Lane, order: number, state: number): void {
    const { entries } = this.#lane(lane);
    const change = entries.get(order);
    if (change === 'removed') return;
    entries.set(order, typeof change === 'object' ? { ...change, state } : state);
  }

  remove(lane: Lane, order: number): void {
    const { entries } = this.#lane(lane);
    const change = entries.get(order);
    if (typeof change === 'object') {
      entries.delete(order);
      this.contentBytes -= change.message.content.length;
    } else entries.set(order, 'removed');
    if (entries.size === 0) this.lanes.delete(laneNumber(lane));
  }

  /** Brings what was changed after these. */
  append(newer: Changes): void {
    for (const [id, text] of newer.records) this.records.set(id, text);
    for (const { lane, entries } of newer.lanes.values()) {
      for (const [order, change] of entries) {
        if (change === 'removed') this.remove(lane, order);
        else if (typeof change === 'number') this.setState(lane, order, change);
        else this.add(lane, change);
      }
    }
  }

  #lane(lane: Lane): LaneChanges {
    const number = laneNumber(lane);
    let changes = this.lanes.get(number);
    if (!changes) {
      changes = { lane, entries: new Map() };
      this.lanes.set(number, changes);
    }
    return changes;
  }
}

/** One number for queue and priority. */
export function laneNumber({ queueId, priority }: Lane): number {
  return queueId * 10 + priority;
}
