import { mkdirSync, rmSync, statSync } from 'node:fs';
import { StoreError } from '../store-error.ts';
import { seedOf, soundRecords } from './block.ts';
import { laneNumber } from './changes.ts';
import { Environment } from './environment.ts';
import { saltOf } from './format.ts';
import { parseRunKey } from './lane-table.ts';
import { decodeRun } from './run.ts';
import { checkSegment } from './segment.ts';
import { checkDirectory, dataFile, notUsable, takeDirectory } from './store-directory.ts';

/** What a store holds. */
export interface StoreReport {
  readonly records: number;
  readonly lanes: number;
  readonly entries: number;
  readonly messages: number;
  /** Of the messages' contents, once for each entry. */
  readonly bytes: number;
  /** Of the file, and how many of them the next messages will use first. */
  readonly fileBytes: number;
  readonly freeBytes: number;
  /** What is damaged, in words; at most 20 of them. */
  readonly damages: readonly string[];
  readonly damaged: number;
}

const MAX_DAMAGES = 20;

/**
 * Looks at every byte of a store that no broker uses.
 *
 * @throws StoreError when LMDB's pages are damaged, or there is no store, or a broker uses it.
 */
export async function checkStore(directory: string): Promise<StoreReport> {
  mustExist(directory);
  const lock = await takeDirectory(directory);
  try {
    const pages = checkDirectory(directory);
    if (!pages) throw new StoreError(`There is no store in ${directory}`);
    const known = pages.isCommitLost ? ['the last commit: its write failed, or it is damaged'] : [];
    return await reading(directory, (environment, salt) => new Inspection(environment, salt, known).report(directory));
  } finally {
    await lock.release();
  }
}

/** @throws StoreError when there is no store, or LMDB's pages are damaged. A broker may use it meanwhile. */
export async function storeStatistics(directory: string): Promise<StoreReport> {
  mustExist(directory);
  await checkUnused(directory);
  return await reading(directory, (environment, salt) => new Inspection(environment, salt, []).report(directory));
}

/**
 * Copies a store, without its free room, and checks the copy. A broker may use it meanwhile.
 *
 * @throws StoreError when the target is there already, cannot be written, or the copy is not sound.
 */
export async function backUpStore(directory: string, target: string): Promise<StoreReport> {
  mustExist(directory);
  await checkUnused(directory);
  try {
    mkdirSync(target);
  } catch (error) {
    throw new StoreError(`Cannot make ${target}: ${(error as Error).message}; name a directory that is not there yet`, {
      cause: error,
    });
  }
  try {
    await reading(directory, (environment) => environment.backup(dataFile(target)));
    return await checkStore(target);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

async function reading<T>(directory: string, act: (environment: Environment, salt: number) => T | Promise<T>): Promise<T> {
  let environment: Environment | undefined;
  try {
    environment = new Environment(dataFile(directory));
    return await act(environment, await saltOf(environment, directory));
  } catch (error) {
    throw notUsable(directory, error);
  } finally {
    await environment?.close();
  }
}

/** Looks at the pages unless a broker uses the store: that has looked at them when it started. */
async function checkUnused(directory: string): Promise<void> {
  const lock = await takeDirectory(directory).catch(() => undefined);
  try {
    if (lock) checkDirectory(directory);
  } finally {
    await lock?.release();
  }
}

function mustExist(directory: string): void {
  try {
    if (statSync(dataFile(directory), { throwIfNoEntry: false })?.isFile()) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw notUsable(directory, error);
  }
  throw new StoreError(`There is no store in ${directory}: name the directory that the broker was given with --data-dir`);
}

/** Reads everything once. */
class Inspection {
  readonly #environment: Environment;
  readonly #salt: number;
  readonly #damages: string[] = [];
  #damaged = 0;

  /** @param known damages that were found before. */
  constructor(environment: Environment, salt: number, known: readonly string[]) {
    this.#environment = environment;
    this.#salt = salt;
    for (const damage of known) this.#damage(damage);
  }

  report(directory: string): StoreReport {
    const records = this.#records();
    const stored = this.#messages();
    const { lanes, entries, bytes } = this.#entries(stored);
    const { pageBytes, freePages } = this.#environment.usage();
    const fileBytes = statSync(dataFile(directory)).size;
    const messages = [...stored.values()].reduce((sum, { size }) => sum + size, 0);
    const freeBytes = freePages * pageBytes;
    return { records, lanes, entries, messages, bytes, fileBytes, freeBytes, damages: this.#damages, damaged: this.#damaged };
  }

  #records(): number {
    let count = 0;
    for (const [key, block] of this.#environment.entries('records')) {
      const sound = soundRecords(block, 0, seedOf(this.#salt, key), () => this.#damage(`record ${key.readUInt32BE()}`));
      count += Math.min(1, sound.length);
    }
    return count;
  }

  /** Which messages each segment holds. */
  #messages(): Map<number, ReadonlySet<number>> {
    const stored = new Map<number, ReadonlySet<number>>();
    for (const [key, block] of this.#environment.entries('segments')) {
      const segment = key.readUInt32BE();
      const { damages, messages } = checkSegment(block, seedOf(this.#salt, key));
      for (const { start } of damages) this.#damage(`segment ${segment} of messages at byte ${start}`);
      stored.set(segment, new Set(messages));
    }
    return stored;
  }

  #entries(stored: ReadonlyMap<number, ReadonlySet<number>>): { lanes: number; entries: number; bytes: number } {
    const lanes = new Set<number>();
    const sum = { entries: 0, bytes: 0 };
    for (const [key, block] of this.#environment.entries('runs')) {
      const { lane, firstOrder } = parseRunKey(key);
      const place = `queue ${lane.queueId}, priority ${lane.priority}`;
      const damaged = () => this.#damage(`an entry of ${place}, behind ${firstOrder}`);
      lanes.add(laneNumber(lane));
      for (const { order, bytes, segment, index } of decodeRun(block, seedOf(this.#salt, key), damaged)) {
        sum.entries++;
        sum.bytes += bytes;
        if (!stored.get(segment)?.has(index)) this.#damage(`the message of entry ${order} in ${place}`);
      }
    }
    return { lanes: lanes.size, ...sum };
  }

  #damage(what: string): void {
    this.#damaged++;
    if (this.#damages.length < MAX_DAMAGES) this.#damages.push(what);
  }
}
