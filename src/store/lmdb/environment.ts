import { open as openFile } from 'node:fs/promises';
import { type Database, open, type RootDatabase, type Transaction } from 'lmdb';

export const TABLES = ['meta', 'records', 'runs', 'segments'] as const;
export type Table = (typeof TABLES)[number];

/** A value to be written; undefined: it goes. */
export interface Write {
  readonly table: Table;
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

export interface Usage {
  readonly pageBytes: number;
  readonly freePages: number;
}

/** What lmdb says of one tree of pages. */
interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

interface EnvironmentStats {
  readonly root: TreeStats & { readonly pageSize: number };
  readonly free: TreeStats;
  readonly lastPageNumber: number;
}

const META_PAGES = 2;

/** Virtual memory, not disk: beyond it LMDB maps the file anew. */
const MAP_BYTES = 2 ** 36;

/** LMDB with binary keys and values. Reading sees what was there before a write that is under way. */
export class Environment {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #tables = new Map<Table, Database<Buffer, Buffer>>();
  #snapshot: Transaction | undefined;

  /** @param path of the data file; its directory must be there. */
  constructor(path: string) {
    this.#root = open<Buffer, Buffer>({
      path,
      noSubdir: true,
      // The commit waits for fdatasync: acknowledged is on disk.
      overlappingSync: false,
      // With it, a commit that fails rejects a promise that nobody can get at, which ends the process.
      eventTurnBatching: false,
      mapSize: MAP_BYTES,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: TABLES.length,
    });
  }

  /** Of all tables that are in the file, whoever made them. */
  tableNames(): string[] {
    return [...this.#root.getKeys()].map((name) => name.toString('latin1').replace(/\0$/, ''));
  }

  /** To be called before the first use of a table; makes those that are not there. */
  openTables(names: readonly Table[]): void {
    for (const name of names) this.#tables.set(name, this.#root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' }));
  }

  get(table: Table, key: Buffer): Buffer | undefined {
    const db = this.#table(table);
    const found = this.#snapshot ? db.get(key, { transaction: this.#snapshot }) : db.get(key);
    return found;
  }

  /** Ascending by key. */
  *entries(table: Table): Generator<readonly [Buffer, Buffer]> {
    for (const { key, value } of this.#table(table).getRange()) yield [key, value];
  }

  keys(table: Table): Iterable<Buffer> {
    return this.#table(table).getKeys();
  }

  /** All of it happens, and is on disk when the promise resolves; or nothing, and it rejects. One at a time. */
  async write(writes: readonly Write[]): Promise<void> {
    // Who was killed while reading (`store backup`) would keep all room from being used again. It takes less than a microsecond.
    this.#root.readerCheck();
    this.#root.resetReadTxn();
    this.#snapshot = this.#root.useReadTransaction();
    try {
      await this.#root.batch(() => {
        for (const { table, key, value } of writes) {
          if (value) void this.#table(table).put(key, value);
          else void this.#table(table).remove(key);
        }
      });
    } catch (error) {
      throw await reasonOf(error);
    } finally {
      this.#snapshot.done();
      this.#snapshot = undefined;
      this.#root.resetReadTxn();
    }
  }

  /** A copy without the free pages, made while writing may go on; it is on disk when the promise resolves. */
  async backup(path: string): Promise<void> {
    await this.#root.backup(path, true);
    const copy = await openFile(path, 'r+');
    await copy.sync();
    await copy.close();
  }

  usage(): Usage {
    const { root, free, lastPageNumber } = this.#root.getStats() as EnvironmentStats;
    const tables = TABLES.map((table) => this.#table(table).getStats() as TreeStats);
    const used = [root, free, ...tables].reduce(
      (sum, tree) => sum + tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages,
      META_PAGES,
    );
    return { pageBytes: root.pageSize, freePages: lastPageNumber + 1 - used };
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  #table(name: Table): Database<Buffer, Buffer> {
    return this.#tables.get(name) as Database<Buffer, Buffer>;
  }
}

/** lmdb says "see commitError", which is a promise. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<never> };
  if (commitError === undefined) return error;
  return await commitError.catch((reason: unknown) => reason);
}
