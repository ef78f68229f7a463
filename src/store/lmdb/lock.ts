import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { StoreError } from '../store-error.ts';
import { PageDamage } from './page.ts';
import { checkPages } from './page-check.ts';

/** What holds a directory for one process; the system lets go of it when the process ends, however it ends. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * An LMDB environment without data: each process that reads it stands in its table of readers, behind a lock of the system's. That is
 * there already, and needs no numbers of processes that might be others by now. The store's own environment will not do: `stats` and
 * `backup` read it while a broker runs.
 *
 * @throws StoreError when another process has it.
 */
export async function lockDirectory(directory: string): Promise<Lock> {
  const path = join(directory, 'lock.mdb');
  removeDamaged(path);
  const environment = open({ path, noSubdir: true, overlappingSync: false, noSync: true });
  const reading = environment.useReadTransaction();
  const release = async () => {
    reading.done();
    await environment.close();
  };
  environment.readerCheck();
  const readers = [...environment.readerList().matchAll(/^ *(\d+) [0-9a-f]+ /gm)].map(([, pid]) => Number(pid));
  if (readers.length <= 1) return { release };
  await release();
  const other = readers.find((pid) => pid !== process.pid) ?? process.pid;
  throw new StoreError(
    `The store in ${directory} is in use by process ${other}: stop that broker, or choose another directory with --data-dir`,
  );
}

/**
 * LMDB would end the process over it, and a power cut may leave anything, as it is never synced. Whoever has the directory is not in this
 * file but in the one beside it, which LMDB makes anew when nobody does: a new one keeps out as much.
 */
function removeDamaged(path: string): void {
  if (!existsSync(path)) return;
  try {
    checkPages(path);
  } catch (error) {
    if (!(error instanceof PageDamage)) throw error;
    rmSync(path);
  }
}
