import { RECORD_HEADER_BYTES } from './block.ts';
import { MESSAGE_BYTES } from './segment-format.ts';

/** What a message takes in its segment beside its content; heads are shared. */
const OVERHEAD_BYTES = RECORD_HEADER_BYTES + MESSAGE_BYTES;

/** Where a message is stored. */
export interface Place {
  readonly segment: number;
  readonly index: number;
}

/** Indexes have 16 bits. */
const INDEXES = 2 ** 16;

/** One number for a place: equal ones are the same place. */
export function placeNumber({ segment, index }: Place): number {
  return segment * INDEXES + index;
}

export function placeOf(number: number): Place {
  return { segment: Math.floor(number / INDEXES), index: number % INDEXES };
}

/** What a segment holds that is still referred to. */
export interface Live {
  messages: number;
  /** What they take there. */
  bytes: number;
}

/** What one segment holds, as far as that must be known all the time. */
interface SegmentState {
  /** How many entries refer to which message. */
  readonly references: number[];
  readonly live: Live;
  /** Length of the block; undefined: not known yet. */
  length: number | undefined;
}

/** What happens to the references of one message. */
export interface ReferenceChange {
  difference: number;
  /** Of its content. */
  readonly bytes: number;
}

export type ReferenceChanges = ReadonlyMap<number, ReferenceChange>;

/** Numbers have 32 bits. */
const MAX_NUMBER = 0xffff_ffff;

/** Which stored messages are still referred to: a few bytes of memory for each. */
export class SegmentTable {
  /** The number that was given last. */
  last = 0;
  readonly #segments = new Map<number, SegmentState>();

  /** The number of the segment that is made after this one: the next that no segment has, and after the highest one the first again. */
  after(segment: number): number {
    let next = segment;
    do next = next < MAX_NUMBER ? next + 1 : 1;
    while (this.#segments.has(next));
    return next;
  }

  isLive({ segment, index }: Place): boolean {
    return this.references(segment, index) > 0;
  }

  length(segment: number): number | undefined {
    return this.#segments.get(segment)?.length;
  }

  setLength(segment: number, length: number): void {
    this.#state(segment).length = length;
  }

  /** What is left when the references have changed. */
  liveAfter(segment: number, changes: ReferenceChanges): Live {
    const live = { ...(this.#segments.get(segment)?.live ?? { messages: 0, bytes: 0 }) };
    for (const [index, change] of changes) account(live, this.references(segment, index), change);
    return live;
  }

  change(segment: number, changes: ReferenceChanges): void {
    for (const [index, change] of changes) this.count(segment, index, change);
  }

  count(segment: number, index: number, change: ReferenceChange): void {
    const { references, live } = this.#state(segment);
    while (references.length <= index) references.push(0);
    references[index] = account(live, references[index] as number, change);
  }

  delete(segment: number): void {
    this.#segments.delete(segment);
  }

  references(segment: number, index: number): number {
    return this.#segments.get(segment)?.references[index] ?? 0;
  }

  #state(segment: number): SegmentState {
    let state = this.#segments.get(segment);
    if (!state) {
      state = { references: [], live: { messages: 0, bytes: 0 }, length: undefined };
      this.#segments.set(segment, state);
    }
    return state;
  }
}

/** Returns how many references there are then. */
function account(live: Live, before: number, { difference, bytes }: ReferenceChange): number {
  const after = Math.max(0, before + difference);
  const born = Number(after > 0) - Number(before > 0);
  live.messages += born;
  live.bytes += born * (bytes + OVERHEAD_BYTES);
  return after;
}
