import type { Logger } from '../../base/logger.ts';
import { Lru } from '../../base/lru.ts';
import type { DamagedEntry, Lane, LanePart, MessageRecord, StateRecord, StoredEntry } from '../store.ts';
import { seedOf } from './block.ts';
import { laneNumber } from './changes.ts';
import type { Environment } from './environment.ts';
import { floorOf, numberKey, runKey } from './lane-table.ts';
import { decodeRun, type RunEntry } from './run.ts';
import { type Heads, Segment } from './segment.ts';
import type { Head } from './segment-format.ts';
import { placeNumber } from './segment-table.ts';
import { decodeStateRecord } from './state-record-block.ts';

/** Bounds of what is kept decoded. */
const CACHED_RUNS = 2_000;
const CACHED_ENTRIES = 8_192;
const CACHED_SEGMENTS = 1_000;
const CACHED_SEGMENT_BYTES = 16 * 1024 * 1024;
const CACHED_HEADS = 2_000;
const CACHED_HEAD_CHARACTERS = 4 * 1024 * 1024;
/** Each damaged place is reported once; when there are more, some are twice. */
const REMEMBERED_DAMAGES = 10_000;

/** Reads what is committed; what is damaged is reported, and left out. */
export class Reader {
  readonly #environment: Environment;
  readonly #salt: number;
  readonly #logger: Logger;
  readonly #runs = new Lru<string, readonly RunEntry[]>(CACHED_RUNS, CACHED_ENTRIES);
  readonly #segments = new Lru<number, Segment>(CACHED_SEGMENTS, CACHED_SEGMENT_BYTES);
  readonly #heads: Heads = new Lru<string, Head>(CACHED_HEADS, CACHED_HEAD_CHARACTERS);
  readonly #reported = new Lru<string, true>(REMEMBERED_DAMAGES, REMEMBERED_DAMAGES);
  #damaged = 0;

  constructor(environment: Environment, salt: number, logger: Logger) {
    this.#environment = environment;
    this.#salt = salt;
    this.#logger = logger;
  }

  get damaged(): number {
    return this.#damaged;
  }

  /** Undefined: it is damaged. */
  stateRecord(key: Buffer, block: Buffer): StateRecord | undefined {
    const id = key.readUInt32BE();
    const text = decodeStateRecord(block, seedOf(this.#salt, key), () => {});
    if (text !== undefined) return { id, text };
    this.#report(`record ${id}`);
    return undefined;
  }

  run(lane: Lane, firstOrder: number): readonly RunEntry[] {
    const name = runName(lane, firstOrder);
    const known = this.#runs.get(name);
    if (known) return known;
    const key = runKey(lane, firstOrder);
    const block = this.#environment.get('runs', key);
    if (!block) this.#report(`the entries of queue ${lane.queueId}, priority ${lane.priority}, from ${firstOrder} on`);
    const entries = block ? this.decodeRun(lane, firstOrder, key, block) : [];
    this.#runs.set(name, entries, entries.length + 1);
    return entries;
  }

  decodeRun(lane: Lane, firstOrder: number, key: Buffer, block: Buffer): RunEntry[] {
    return decodeRun(block, seedOf(this.#salt, key), ({ start }) => {
      this.#report(`an entry of queue ${lane.queueId}, priority ${lane.priority}, behind ${firstOrder} (byte ${start})`);
    });
  }

  /** Undefined: it is missing. */
  segment(segment: number): Segment | undefined {
    const known = this.#segments.get(segment);
    if (known) return known;
    const key = numberKey(segment);
    const block = this.#environment.get('segments', key);
    if (!block) {
      this.#report(`segment ${segment} of messages`);
      return undefined;
    }
    const read = new Segment(block, seedOf(this.#salt, key), this.#heads);
    this.#segments.set(segment, read, block.length);
    return read;
  }

  /** A commit has changed a run; undefined: it is gone. */
  changed(lane: Lane, firstOrder: number, entries: readonly RunEntry[] | undefined): void {
    const name = runName(lane, firstOrder);
    if (entries) this.#runs.set(name, entries, entries.length + 1);
    else this.#runs.delete(name);
  }

  /** A commit has changed a segment. */
  forget(segment: number): void {
    this.#segments.delete(segment);
  }

  read(lane: Lane, runs: readonly number[], fromOrder: number, maxEntries: number, maxBytes: number): LanePart {
    const entries: StoredEntry[] = [];
    const damaged: DamagedEntry[] = [];
    let bytes = 0;
    for (let run = Math.max(0, floorOf(runs, fromOrder)); run < runs.length; run++) {
      for (const entry of this.run(lane, runs[run] as number)) {
        if (entry.order < fromOrder) continue;
        if (entries.length >= maxEntries || (entries.length > 0 && bytes + entry.bytes > maxBytes))
          return { entries, damaged, next: entry.order };
        const message = this.#message(entry);
        if (!message) {
          damaged.push(entry);
          continue;
        }
        bytes += entry.bytes;
        entries.push({ order: entry.order, label: entry.label, state: entry.state, message });
      }
    }
    return { entries, damaged, next: undefined };
  }

  #message({ segment, index, topicId, bytes }: RunEntry): MessageRecord | undefined {
    const message = this.segment(segment)?.message(index);
    if (!message || message.topicId !== topicId || message.content.length !== bytes) {
      this.#report(`message ${index} in segment ${segment}, of topic ${topicId}`);
      return undefined;
    }
    message.stored = placeNumber({ segment, index });
    return message;
  }

  #report(what: string): void {
    if (this.#reported.get(what)) return;
    this.#reported.set(what, true, 1);
    this.#damaged++;
    this.#logger.error(`The store is damaged: ${what} cannot be read and is left out; the rest is not affected`);
  }
}

function runName(lane: Lane, firstOrder: number): string {
  return `${laneNumber(lane)}:${firstOrder}`;
}
