import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { STATUS_PAGE } from './status-page.ts';

/** Bytes of one file. */
const MAX_FILE_BYTES = 1_048_576;

/** What may lie in the directory, and whether commands in it are filled in. */
const TYPES: Readonly<Record<string, { readonly contentType: string; readonly isTemplate: boolean }>> = {
  html: { contentType: 'text/html; charset=utf-8', isTemplate: true },
  txt: { contentType: 'text/plain; charset=utf-8', isTemplate: true },
  css: { contentType: 'text/css; charset=utf-8', isTemplate: false },
  js: { contentType: 'text/javascript; charset=utf-8', isTemplate: false },
  svg: { contentType: 'image/svg+xml', isTemplate: false },
  png: { contentType: 'image/png', isTemplate: false },
};

export interface MonitorPage {
  readonly contentType: string;
  readonly content: Buffer;
  readonly isTemplate: boolean;
}

/** The pages of `/status.html` and `/monitor/`: files of one directory, and a page of our own where it has none of that name. */
export class MonitorPages {
  /** '' when there is none. */
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined when there is no such page, or it is too large. Only plain names: no path leads out of the directory. */
  async find(name: string): Promise<MonitorPage | undefined> {
    const extension = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}\.([a-z]+)$/.exec(name)?.[1] ?? '';
    const type = Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
    if (!type) return undefined;
    const content = (await this.#read(name)) ?? (name === 'status.html' ? Buffer.from(STATUS_PAGE) : undefined);
    return content && { ...type, content };
  }

  async #read(name: string): Promise<Buffer | undefined> {
    if (this.#directory === '') return undefined;
    try {
      const file = await open(join(this.#directory, name));
      try {
        const { size } = await file.stat();
        return size > MAX_FILE_BYTES ? undefined : await file.readFile();
      } finally {
        await file.close();
      }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (['ENOENT', 'EISDIR', 'EACCES'].includes(code)) return undefined;
      throw error;
    }
  }
}
