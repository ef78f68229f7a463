import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store-error.ts';
import { type Lock, lockDirectory } from './lock.ts';
import { PageDamage } from './page.ts';
import { checkPages, type PageCounts } from './page-check.ts';

/** The file that holds everything. */
export function dataFile(directory: string): string {
  return join(directory, 'data.mdb');
}

/**
 * Makes the directory when it is not there, and keeps other brokers out of it.
 *
 * @throws StoreError
 */
export async function takeDirectory(directory: string): Promise<Lock> {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    if (existsSync(dataFile(directory))) accessSync(dataFile(directory), constants.R_OK | constants.W_OK);
    return await lockDirectory(directory);
  } catch (error) {
    throw notUsable(directory, error);
  }
}

/**
 * Looks at LMDB's pages, which must not change meanwhile. Undefined: there is no store yet, or an empty file, which a broker leaves that
 * is killed while making one.
 *
 * @throws StoreError when they are damaged.
 */
export function checkDirectory(directory: string): PageCounts | undefined {
  const path = dataFile(directory);
  if (!existsSync(path) || statSync(path).size === 0) return undefined;
  try {
    return checkPages(path);
  } catch (error) {
    throw notUsable(directory, error);
  }
}

/** Says in one sentence why a store cannot be used, and what to do; a StoreError says that already. */
export function notUsable(directory: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { message } = error as Error;
  const sentence =
    error instanceof PageDamage
      ? `The store in ${directory} is damaged (${message}): restore a backup, or choose another directory with --data-dir`
      : `Cannot use ${directory} for the store: ${message}; choose another directory with --data-dir`;
  return new StoreError(sentence, { cause: error });
}
