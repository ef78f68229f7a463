import { existsSync } from 'node:fs';
import type { Logger } from '../../base/logger.ts';
import { Slicer } from '../../base/slicer.ts';
import { BrokerError } from '../../model/error.ts';
import type { Lane, LanePart, Recovery, StateRecord, Store, StoredEntry } from '../store.ts';
import { Changes } from './changes.ts';
import { CommitPlan } from './commit-plan.ts';
import { Environment } from './environment.ts';
import { saltOf } from './format.ts';
import { LaneTable } from './lane-table.ts';
import type { Lock } from './lock.ts';
import { Reader } from './reader.ts';
import { recover } from './recovery.ts';
import type { NewestSegment } from './segment-plan.ts';
import { placeOf, SegmentTable } from './segment-table.ts';
import { checkDirectory, dataFile, notUsable, takeDirectory } from './store-directory.ts';

/**
 * Opens the store in `directory`, which is made when it is not there.
 *
 * @throws StoreError when it is not writable, in use by another broker, damaged, or of a newer format.
 */
export async function openLmdbStore(directory: string, logger: Logger): Promise<LmdbStore> {
  const lock = await takeDirectory(directory);
  let environment: Environment | undefined;
  try {
    const pages = checkDirectory(directory);
    if (!pages && existsSync(dataFile(directory))) logger.warn(`The store in ${directory} is an empty file: it is made anew`);
    if (pages?.isCommitLost)
      logger.error(`The last commit to the store in ${directory} is left out: its write failed, or it is damaged`);
    environment = new Environment(dataFile(directory));
    return new LmdbStore({ directory, environment, salt: await saltOf(environment, directory), lock, logger });
  } catch (error) {
    await environment?.close();
    await lock.release();
    throw notUsable(directory, error);
  }
}

interface StoreParts {
  readonly directory: string;
  readonly environment: Environment;
  /** What the checksums of this store begin with. */
  readonly salt: number;
  readonly lock: Lock;
  readonly logger: Logger;
}

/**
 * Keeps everything in one LMDB environment. What one commit brings is written as few values: its messages are a segment
 * (segment.ts), its entries of one lane a run (run.ts).
 */
export class LmdbStore implements Store {
  readonly isDurable = true;
  readonly #directory: string;
  readonly #environment: Environment;
  readonly #lock: Lock;
  readonly #reader: Reader;
  readonly #salt: number;
  readonly #lanes = new LaneTable();
  readonly #segments = new SegmentTable();
  readonly #slicer = new Slicer();
  #newest: NewestSegment | undefined;
  #changes = new Changes();
  /** The commit that has not begun yet. */
  #next: Deferred | undefined;
  #underWay: Promise<void> | undefined;

  constructor({ directory, environment, salt, lock, logger }: StoreParts) {
    this.#directory = directory;
    this.#environment = environment;
    this.#lock = lock;
    this.#salt = salt;
    this.#reader = new Reader(environment, salt, logger);
  }

  /** How many records were found damaged since the store was opened. */
  get damaged(): number {
    return this.#reader.damaged;
  }

  recover(): Recovery {
    return recover(this.#environment, this.#reader, { lanes: this.#lanes, segments: this.#segments });
  }

  putRecord(record: StateRecord): void {
    this.#changes.putRecord(record);
  }

  deleteRecord(id: number): void {
    this.#changes.deleteRecord(id);
  }

  add(lane: Lane, entry: StoredEntry): void {
    this.#changes.add(lane, entry);
  }

  setState(lane: Lane, order: number, state: number): void {
    this.#changes.setState(lane, order, state);
  }

  remove(lane: Lane, order: number): void {
    this.#changes.remove(lane, order);
  }

  read(lane: Lane, fromOrder: number, maxEntries: number, maxBytes: number): LanePart {
    return this.#reader.read(lane, this.#lanes.runs(lane), fromOrder, maxEntries, maxBytes);
  }

  references(stored: unknown): number {
    const { segment, index } = placeOf(stored as number);
    return this.#segments.references(segment, index);
  }

  commit(): Promise<void> {
    if (this.#next) return this.#next.promise;
    if (this.#changes.isEmpty) return this.#underWay ?? Promise.resolve();
    this.#next = new Deferred();
    if (!this.#underWay) this.#beginAfterTurn();
    return this.#next.promise;
  }

  async close(): Promise<void> {
    try {
      await this.commit();
    } finally {
      await this.#environment.close();
      await this.#lock.release();
    }
  }

  /** What this turn of the event loop still changes shares the commit. */
  #beginAfterTurn(): void {
    setImmediate(() => this.#begin());
  }

  /** Begins the next commit, if there is one to be made. */
  #begin(): void {
    const commit = this.#next;
    if (!commit) return;
    this.#next = undefined;
    this.#underWay = commit.promise;
    this.#write().then(
      () => {
        this.#underWay = undefined;
        this.#begin(); // first: the disk works while those who waited are told
        commit.resolve();
      },
      (error: unknown) => {
        this.#underWay = undefined;
        commit.reject(error);
        if (this.#next) this.#beginAfterTurn(); // those who waited take back what they do not want any more
      },
    );
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    this.#changes = new Changes();
    const plan = this.#newPlan(changes.contentBytes);
    try {
      await plan.add(changes, this.#slicer);
      await this.#environment.write(plan.writes);
    } catch (error) {
      plan.segments.undo();
      changes.append(this.#changes);
      this.#changes = changes;
      throw this.#failure(error);
    }
    this.#apply(plan);
  }

  #newPlan(contentBytes: number): CommitPlan {
    const committed = {
      salt: this.#salt,
      lanes: this.#lanes,
      segments: this.#segments,
      newest: this.#newest,
      readRun: (lane: Lane, firstOrder: number) => this.#reader.run(lane, firstOrder),
      readSegment: (segment: number) => this.#reader.segment(segment),
    };
    return new CommitPlan(committed, contentBytes);
  }

  #apply({ runs, segments }: CommitPlan): void {
    for (const { lane, firstOrder, entries } of runs) {
      this.#reader.changed(lane, firstOrder, entries);
      if (entries) this.#lanes.insert(lane, firstOrder);
      else this.#lanes.delete(lane, firstOrder);
    }
    for (const [segment, changes] of segments.references) this.#segments.change(segment, changes);
    for (const [segment, length] of segments.lengths) {
      this.#reader.forget(segment);
      if (length === undefined) this.#segments.delete(segment);
      else this.#segments.setLength(segment, length);
    }
    this.#segments.last = segments.last;
    this.#newest = segments.newest;
  }

  #failure(error: unknown): BrokerError {
    const reason = error instanceof Error ? error.message : String(error);
    const text = `Cannot write to the store in ${this.#directory} (${reason}): nothing of it was acknowledged; see whether the disk is full or broken`;
    return new BrokerError('resource.exhaust', text, { cause: error });
  }
}

/** A commit as those see it who wait for it. */
class Deferred {
  readonly promise: Promise<void>;
  resolve: () => void = () => {};
  reject: (error: unknown) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
