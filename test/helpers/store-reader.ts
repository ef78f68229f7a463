import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { DamagedEntry, Lane, StateRecord, StoredEntry } from '../../src/store/store.ts';

interface LaneContent {
  readonly lane: Lane;
  readonly entries: readonly StoredEntry[];
  readonly damaged: readonly DamagedEntry[];
}

export interface StoreContent {
  readonly records: readonly StateRecord[];
  readonly lanes: readonly LaneContent[];
}

/** A call of the store's. */
export type Change =
  | readonly ['add', Lane, StoredEntry]
  | readonly ['remove', Lane, number]
  | readonly ['setState', Lane, number, number]
  | readonly ['putRecord', StateRecord];

export interface Readable {
  readonly error?: undefined;
  readonly read: StoreContent;
  readonly changes: readonly Change[];
  /** In the next life, after the changes; undefined: there was none. */
  readonly second: StoreContent | undefined;
  /** Errors and warnings that were logged. */
  readonly lines: readonly string[];
}

interface Unreadable {
  readonly error: { readonly name: string; readonly message: string; readonly stack: string };
  readonly lines: readonly string[];
}

export type Visit = Readable | Unreadable;

/** On a busy machine, too. */
const HANGS_MS = 15_000;

/** Opens stores in another process; one that dies or hangs is an error, and the next store gets a new one. */
export class StoreReader {
  #child: ChildProcess | undefined;

  /** Reads everything; with `keepEvery` it also goes on with the store, keeping one of so many entries, and reads it again. */
  async visit(directory: string, keepEvery: number | undefined): Promise<Visit> {
    const child = this.#start();
    return await new Promise((resolve, reject) => {
      const end = (why: string): void => {
        settle();
        this.close();
        reject(new Error(why));
      };
      const onExit = (code: number | null, signal: string | null): void =>
        end(`the process died: ${signal ?? `exit code ${code}`}`);
      const onMessage = (visit: Visit): void => {
        settle();
        resolve(visit);
      };
      const timer = setTimeout(() => end(`the process hung for ${HANGS_MS} ms`), HANGS_MS);
      const settle = (): void => {
        clearTimeout(timer);
        child.off('exit', onExit).off('message', onMessage);
      };
      child.once('exit', onExit).once('message', onMessage);
      child.send({ directory, keepEvery });
    });
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #start(): ChildProcess {
    this.#child ??= fork(join(import.meta.dirname, 'store-reader.mjs'), { serialization: 'advanced' });
    return this.#child;
  }
}
