import type { MessageRecord } from '../store.ts';
import { seedOf } from './block.ts';
import type { Write } from './environment.ts';
import { numberKey } from './lane-table.ts';
import type { Segment } from './segment.ts';
import {
  type Place,
  placeNumber,
  placeOf,
  type ReferenceChange,
  type ReferenceChanges,
  type SegmentTable,
} from './segment-table.ts';
import { SegmentWriter } from './segment-writer.ts';

/** The segments that are committed. */
export interface CommittedSegments {
  readonly salt: number;
  readonly segments: SegmentTable;
  /** The newest segment, as long as more may come into it. */
  readonly newest: NewestSegment | undefined;
  /** Undefined: it is missing, which was reported. */
  readSegment(segment: number): Segment | undefined;
}

export interface NewestSegment {
  readonly number: number;
  readonly writer: SegmentWriter;
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

/** What one commit does to the segments: where its messages go, and what becomes of those that lose messages. */
export class SegmentPlan {
  readonly writes: Write[] = [];
  /** What happens to the references, by segment and index. */
  readonly references = new Map<number, Map<number, ReferenceChange>>();
  /** New lengths; undefined: it is gone. */
  readonly lengths = new Map<number, number | undefined>();
  /** The number that was given last. */
  last: number;
  readonly #committed: CommittedSegments;
  /** About so much is to be written. */
  readonly #contentBytes: number;
  readonly #placed = new Set<MessageRecord>();
  readonly #written: NewestSegment[] = [];
  #segment: NewestSegment | undefined;
  #compacted = 0;

  constructor(committed: CommittedSegments, contentBytes: number) {
    this.#committed = committed;
    this.#contentBytes = contentBytes;
    this.last = committed.segments.last;
  }

  /** The newest segment when this is committed. */
  get newest(): NewestSegment | undefined {
    const newest = this.#written.at(-1) ?? this.#committed.newest;
    if (!newest || newest.writer.length >= SMALL_SEGMENT_BYTES) return undefined;
    const isGone = this.lengths.has(newest.number) && this.lengths.get(newest.number) === undefined;
    return isGone ? undefined : newest;
  }

  /** An entry is added that refers to this message. */
  add(message: MessageRecord): Place {
    const place = this.#placeOf(message);
    this.#refer(place, 1, message.content.length);
    return place;
  }

  /** An entry is gone that referred to a message with so much content. */
  remove(place: Place, contentBytes: number): void {
    this.#refer(place, -1, contentBytes);
  }

  /** Nothing is added or removed any more. */
  finish(): void {
    this.#finishSegment();
    for (const { number, writer } of this.#written) this.#write(number, writer.finish());
    for (const [segment, changes] of this.references) this.#collect(segment, changes);
  }

  /** The commit has failed: no message is where it was to be. */
  undo(): void {
    for (const message of this.#placed) message.stored = undefined;
  }

  #placeOf(message: MessageRecord): Place {
    const stored = message.stored === undefined ? undefined : placeOf(message.stored as number);
    if (stored && (this.#placed.has(message) || this.#committed.segments.isLive(stored))) return stored;
    const place = this.#store(message);
    message.stored = placeNumber(place);
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
    if (!goesOn) this.last = this.#committed.segments.after(this.last);
    const number = goesOn ? newest.number : this.last;
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
      this.#write(segment, undefined);
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
    this.#write(segment, kept);
  }

  #write(segment: number, block: Buffer | undefined): void {
    this.writes.push({ table: 'segments', key: numberKey(segment), value: block });
    this.lengths.set(segment, block?.length);
  }

  #refer({ segment, index }: Place, difference: number, bytes: number): void {
    const changes = this.references.get(segment) ?? new Map<number, ReferenceChange>();
    this.references.set(segment, changes);
    const change = changes.get(index);
    if (change) change.difference += difference;
    else changes.set(index, { difference, bytes });
  }
}
