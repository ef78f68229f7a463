import type { Slicer } from '../../base/slicer.ts';
import type { StoredEntry } from '../store.ts';
import { seedOf } from './block.ts';
import type { Changes, EntryChange, LaneChanges } from './changes.ts';
import type { Write } from './environment.ts';
import { floorOf, type LaneTable, numberKey, runKey } from './lane-table.ts';
import { encodeRun, type RunEntry } from './run.ts';
import { type CommittedSegments, SegmentPlan } from './segment-plan.ts';
import { encodeStateRecord } from './state-record-block.ts';

/** What is committed, as a commit needs it. */
export interface Committed extends CommittedSegments {
  readonly lanes: LaneTable;
  readRun(lane: LaneChanges['lane'], firstOrder: number): readonly RunEntry[];
}

type OrderedChange = readonly [order: number, change: EntryChange];

interface ChangedRun {
  readonly lane: LaneChanges['lane'];
  readonly firstOrder: number;
  /** Undefined: it is gone. */
  readonly entries: readonly RunEntry[] | undefined;
}

const RUN_ENTRIES = 256;
/** A run that is shorter grows with what comes next. */
const SMALL_RUN_ENTRIES = 64;

/** What one commit writes, and what is true when it has succeeded. */
export class CommitPlan {
  readonly writes: Write[] = [];
  readonly runs: ChangedRun[] = [];
  readonly segments: SegmentPlan;
  readonly #committed: Committed;

  /** @param contentBytes about so much is to be written */
  constructor(committed: Committed, contentBytes: number) {
    this.#committed = committed;
    this.segments = new SegmentPlan(committed, contentBytes);
  }

  /** To be called once; what is committed must not change meanwhile. Changes of thousands of queues take several turns of the event loop. */
  async add({ records, lanes }: Changes, slicer: Slicer): Promise<void> {
    slicer.begin();
    for (const [id, text] of records) this.#planRecord(id, text);
    for (const lane of lanes.values()) await this.#planLane(lane, slicer);
    this.segments.finish();
    for (const write of this.segments.writes) this.writes.push(write);
  }

  #planRecord(id: number, text: string | undefined): void {
    const key = numberKey(id);
    this.#write('records', key, text === undefined ? undefined : encodeStateRecord(text, seedOf(this.#committed.salt, key)));
  }

  async #planLane({ lane, entries }: LaneChanges, slicer: Slicer): Promise<void> {
    const runs = this.#committed.lanes.runs(lane);
    const changes = ascending([...entries]);
    for (let at = 0; at < changes.length; ) {
      const from = at;
      const run = floorOf(runs, orderAt(changes, from));
      const end = runs[run + 1] ?? Number.POSITIVE_INFINITY;
      while (at < changes.length && orderAt(changes, at) < end) at++;
      this.#planRun(lane, runs[run], changes.slice(from, at));
      if (slicer.expired) await slicer.next();
    }
  }

  /** All changes from one run's first order to the next run's. `firstOrder` undefined: there is no run yet. */
  #planRun(lane: LaneChanges['lane'], firstOrder: number | undefined, changes: readonly OrderedChange[]): void {
    const before = firstOrder === undefined ? [] : this.#committed.readRun(lane, firstOrder);
    const isAppended = orderAt(changes, 0) > (before.at(-1)?.order ?? -1);
    if (isAppended && before.length >= SMALL_RUN_ENTRIES) {
      this.#writeRuns(lane, undefined, this.#merge([], changes));
    } else {
      this.#writeRuns(lane, firstOrder, this.#merge(before, changes));
    }
  }

  #merge(before: readonly RunEntry[], changes: readonly OrderedChange[]): RunEntry[] {
    const merged: RunEntry[] = [];
    let at = 0;
    for (const [order, change] of changes) {
      while (at < before.length && (before[at] as RunEntry).order < order) merged.push(before[at++] as RunEntry);
      const known = before[at]?.order === order ? before[at++] : undefined;
      if (typeof change === 'object') merged.push(this.#added(change));
      if (known && change === 'removed') this.segments.remove(known, known.bytes);
      if (known && typeof change === 'number') merged.push({ ...known, state: change });
    }
    while (at < before.length) merged.push(before[at++] as RunEntry);
    return merged;
  }

  #writeRuns(lane: LaneChanges['lane'], firstOrder: number | undefined, entries: readonly RunEntry[]): void {
    if (entries.length === 0 && firstOrder !== undefined) this.#writeRun(lane, firstOrder, undefined);
    for (let at = 0; at < entries.length; at += RUN_ENTRIES) {
      const part = entries.slice(at, at + RUN_ENTRIES);
      this.#writeRun(lane, at === 0 && firstOrder !== undefined ? firstOrder : (part[0] as RunEntry).order, part);
    }
  }

  #writeRun(lane: LaneChanges['lane'], firstOrder: number, entries: readonly RunEntry[] | undefined): void {
    const key = runKey(lane, firstOrder);
    this.#write('runs', key, entries && encodeRun(entries, seedOf(this.#committed.salt, key)));
    this.runs.push({ lane, firstOrder, entries });
  }

  #added({ order, label, state, message }: StoredEntry): RunEntry {
    const { segment, index } = this.segments.add(message);
    return { order, label, state, topicId: message.topicId, bytes: message.content.length, segment, index };
  }

  #write(table: Write['table'], key: Buffer, value: Buffer | undefined): void {
    this.writes.push({ table, key, value });
  }
}

function orderAt(changes: readonly OrderedChange[], at: number): number {
  return (changes[at] as OrderedChange)[0];
}

/** Mostly they are. */
function ascending(changes: OrderedChange[]): readonly OrderedChange[] {
  for (let at = 1; at < changes.length; at++) {
    if (orderAt(changes, at) < orderAt(changes, at - 1)) return changes.sort(([a], [b]) => a - b);
  }
  return changes;
}
