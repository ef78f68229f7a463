import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';

/** What the disk and the database do by themselves, in this process; each turn takes `turnMs`. */
export class Disk {
  readonly #file: number;
  readonly #lmdb;
  readonly #contentBytes: number;
  readonly #turnMs: number;
  #key = 0;

  constructor(directory: string, contentBytes: number, turnMs: number) {
    this.#contentBytes = contentBytes;
    this.#turnMs = turnMs;
    this.#file = openSync(join(directory, 'raw'), 'w');
    this.#lmdb = open<Buffer, number>({
      path: join(directory, 'lmdb'),
      encoding: 'binary',
      keyEncoding: 'uint32',
      overlappingSync: false,
    });
  }

  /** Messages per second, `batch` per write and fdatasync. */
  write(batch: number): number {
    const bytes = Buffer.alloc(batch * this.#contentBytes, 'x');
    const startedAt = performance.now();
    let count = 0;
    for (; performance.now() - startedAt < this.#turnMs; count += batch) {
      writeSync(this.#file, bytes);
      fdatasyncSync(this.#file);
    }
    return (count * 1000) / (performance.now() - startedAt);
  }

  /** Messages per second, `batch` per transaction, a value each. */
  async put(batch: number): Promise<number> {
    const bytes = Buffer.alloc(this.#contentBytes, 'x');
    const startedAt = performance.now();
    let count = 0;
    for (; performance.now() - startedAt < this.#turnMs; count += batch) {
      let done: Promise<boolean> | undefined;
      for (let i = 0; i < batch; i++) done = this.#lmdb.put(this.#key++, bytes);
      await done;
    }
    return (count * 1000) / (performance.now() - startedAt);
  }

  async close(): Promise<void> {
    closeSync(this.#file);
    await this.#lmdb.close();
  }
}
