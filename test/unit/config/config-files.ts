import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';

/** Path of a file that is gone after the test. */
export function temporaryFile(name: string, content: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** What the user gets to read. */
export function sentenceOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('no ConfigError');
}
