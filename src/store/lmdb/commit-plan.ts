import type { MessageRecord, StoredEntry } from '../store.ts';
import { seedOf } from './block.ts';
import type { Changes, EntryChange, LaneChanges } from './changes.ts';
import type { Write } from './environment.ts';
import { floorOf, type LaneTable, numberKey, runKey } from './lane-table.ts';
import { encodeRun, type RunEntry } from './run.ts';
import type { Segment } from './segment.ts';
import type { Place, ReferenceChange, ReferenceChanges, SegmentTable } from './segment-table.ts';
import { SegmentWriter } from './segment-writer.ts';
import { encodeStateRecord } from './state-record-block.ts';

/** What is committed, as a commit needs it. */
export interface Committed {
  readonly salt: number;
  readonly lanes: LaneTable;
  readonly segments: SegmentTable;
  /** The newest segment, as long as more may come into it. */
  readonly newest: NewestSegment | undefined;
  readRun(lane: LaneChanges['lane'], firstOrder: number): readonly RunEntry[];
  /** Undefined: it is missing, which was reported. */
  readSegment(segment: number): Segment | undefined;
}

export interface NewestSegment {
  readonly number: number;
  readonly writer: SegmentWriter;
}

type OrderedChange = readonly [order: number, change: EntryChange];

interface ChangedRun {
  readonly lane: LaneChanges['lane'];
  readonly firstOrder: number;
  /** Undefined: it is gone. */
  readonly entries: readonly RunEntry[] | undefined;
}

/** A segment is written when it has this many bytes; a message that is bigger has one of its own. */
const SEGMENT_BYTES = 288 * 1024;
/** A segment that is smaller is written again with what comes next: else one message per commit would make one segment each. */
const SMALL_SEGMENT_BYTES = 16 * 1024;
/** A segment of at least so many bytes is written again without its dead messages when those are more than three quarters. */
const COMPACT_BYTES = 64 * 1024;
const COMPACT_SHARE = 4;
/** More wait for the next change of theirs: reading them takes time. */
const COMPACT_PER_COMMIT = 8;
const RUN_ENTRIES = 256;
/** A run that is shorter grows with what comes next. */
const SMALL_RUN_ENTRIES = 64;

/** What one commit writes, and what is true when it has succeeded. */
export class CommitPlan {
  readonly writes: Write[] = [];
  readonly runs: ChangedRun[] = [];
  /** What happens to the references, by segment and index. */
  readonly references = new Map<number, Map<number, ReferenceChange>>();
  readonly #committed: Committed;
  readonly #contentBytes: number;
  readonly #placed = new Set<MessageRecord>();
  readonly #written: NewestSegment[] = [];
  /** New lengths; undefined: it is gone. */
  readonly lengths = new Map<number, number | undefined>();
  #segment: NewestSegment | undefined;
  #next: number;
  #compacted = 0;

  constructor(committed: Committed, changes: Changes) {
    this.#committed = committed;
    this.#contentBytes = changes.contentBytes;
    this.#next = committed.segments.next;
    for (const [id, text] of changes.records) this.#planRecord(id, text);
    for (const lane of changes.lanes.values()) this.#planLane(lane);
    this.#finishSegment();
    for (const { number, writer } of this.#written) this.#writeSegment(number, writer.finish());
    for (const [segment, changes] of this.references) this.#collect(segment, changes);
  }

  /** The newest segment when this is committed. */
  get newest(): NewestSegment | undefined {
    const newest = this.#written.at(-1) ?? this.#committed.newest;
    if (!newest || newest.writer.length >= SMALL_SEGMENT_BYTES) return undefined;
    const isGone = this.lengths.has(newest.number) && this.lengths.get(newest.number) === undefined;
    return isGone ? undefined : newest;
  }

  /** The commit has failed: no message is where it was to be. */
  undo(): void {
    for (const message of this.#placed) message.stored = undefined;
  }

  #planRecord(id: number, text: string | undefined): void {
    const key = numberKey(id);
    this.#write('records', key, text === undefined ? undefined : encodeStateRecord(text, seedOf(this.#committed.salt, key)));
  }

  #planLane({ lane, entries }: LaneChanges): void {
    const runs = this.#committed.lanes.runs(lane);
    const changes = ascending([...entries]);
    for (let at = 0; at < changes.length; ) {
      const from = at;
      const run = floorOf(runs, orderAt(changes, from));
      const end = runs[run + 1] ?? Number.POSITIVE_INFINITY;
      while (at < changes.length && orderAt(changes, at) < end) at++;
      this.#planRun(lane, runs[run], changes.slice(from, at));
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
      if (known && change === 'removed') this.#refer(known, -1, known.bytes);
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
    const { segment, index } = this.#placeOf(message);
    const bytes = message.content.length;
    this.#refer({ segment, index }, 1, bytes);
    return { order, label, state, topicId: message.topicId, bytes, segment, index };
  }

  #placeOf(message: MessageRecord): Place {
    const stored = message.stored as Place | undefined;
    if (stored && (this.#placed.has(message) || this.#committed.segments.isLive(stored))) return stored;
    const place = this.#store(message);
    message.stored = place;
    this.#placed.add(message);
    return place;
  }

  #store(message: MessageRecord): Place {
    const { length } = message.content;
    const segment = this.#segment;
    if (segment && (segment.writer.isFull || (segment.writer.length > 0 && segment.writer.length + length > SEGMENT_BYTES))) {
      this.#finishSegment();
    }
    this.#segment ??= this.#beginSegment(length);
    const { number, writer } = this.#segment;
    return { segment: number, index: writer.add(message) };
  }

  #beginSegment(bytes: number): NewestSegment {
    const { newest, salt } = this.#committed;
    const goesOn = newest !== undefined && this.#written.length === 0 && newest.writer.length + bytes <= SEGMENT_BYTES;
    const number = goesOn ? newest.number : this.#next++;
    const seed = seedOf(salt, numberKey(number));
    const capacity = Math.max(bytes, Math.min(this.#contentBytes, SEGMENT_BYTES)) + SMALL_SEGMENT_BYTES;
    return { number, writer: new SegmentWriter(seed, goesOn ? newest.writer : undefined, capacity) };
  }

  #finishSegment(): void {
    if (this.#segment) this.#written.push(this.#segment);
    this.#segment = undefined;
  }

  /** Deletes a segment that nobody needs any more, and makes one smaller that is mostly dead. */
  #collect(segment: number, changes: ReferenceChanges): void {
    if (this.lengths.has(segment)) return;
    const { segments } = this.#committed;
    const live = segments.liveAfter(segment, changes);
    if (live.messages === 0) {
      this.#writeSegment(segment, undefined);
    } else if (live.bytes * COMPACT_SHARE < SEGMENT_BYTES && (segments.length(segment) ?? COMPACT_BYTES) >= COMPACT_BYTES) {
      this.#compact(segment, live.bytes, changes);
    }
  }

  #compact(segment: number, liveBytes: number, changes: ReferenceChanges): void {
    if (this.#compacted >= COMPACT_PER_COMMIT) return;
    const { segments } = this.#committed;
    const known = segments.length(segment);
    if (known !== undefined && liveBytes * COMPACT_SHARE >= known) return;
    this.#compacted++;
    const whole = this.#committed.readSegment(segment);
    if (!whole) return;
    segments.setLength(segment, whole.block.length);
    if (whole.block.length < COMPACT_BYTES || liveBytes * COMPACT_SHARE >= whole.block.length) return;
    const differenceOf = (index: number) => changes.get(index)?.difference ?? 0;
    const kept = whole.keep((index) => segments.references(segment, index) + differenceOf(index) > 0);
    this.#writeSegment(segment, kept);
  }

  #writeSegment(segment: number, block: Buffer | undefined): void {
    this.#write('segments', numberKey(segment), block);
    this.lengths.set(segment, block?.length);
  }

  #refer({ segment, index }: Place, difference: number, bytes: number): void {
    const changes = this.references.get(segment) ?? new Map<number, ReferenceChange>();
    this.references.set(segment, changes);
    const change = changes.get(index);
    if (change) change.difference += difference;
    else changes.set(index, { difference, bytes });
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
