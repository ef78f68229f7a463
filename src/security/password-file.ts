import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { type PasswordEntry, parsePasswordFile, WILDCARD } from './password-entries.ts';

/** How often the file is looked at; ms. */
const LOOK_EVERY_MS = 1_000;

/** A password file that cannot be read or is wrong: the message is the sentence for whoever starts the broker. */
export class PasswordFileError extends Error {}

export interface PasswordFileOptions {
  readonly path: string;
  /** Whether the name on a line also stands for the users whose names begin or end with it. */
  readonly partialNames: boolean;
}

/** The users of a password file, read anew whenever it changes; a file that is wrong leaves those of the last right one. */
export class PasswordFile {
  /** Grows with every change of the users. */
  generation = 0;
  readonly #options: PasswordFileOptions;
  readonly #logger: Logger;
  readonly #stopLooking: () => void;
  #entries: ReadonlyMap<string, PasswordEntry> = new Map();
  /** Which state of the file was read last, rightly or not. */
  #seen = '';
  #looking: Promise<void> | undefined;

  private constructor(options: PasswordFileOptions, clock: Clock, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.#stopLooking = clock.every(LOOK_EVERY_MS, () => void this.refresh());
  }

  /** Rejects with PasswordFileError. */
  static async open(options: PasswordFileOptions, clock: Clock, logger: Logger): Promise<PasswordFile> {
    const file = new PasswordFile(options, clock, logger);
    try {
      await file.#read(await file.#state());
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  /** Whether a line lets everybody in without a password. */
  get isOpen(): boolean {
    const wildcard = this.#entries.get(WILDCARD);
    return wildcard !== undefined && wildcard.hash === undefined;
  }

  /** A hash to compare with for a user who is not there: that must take as long as for one who is. */
  get anyHash(): string | undefined {
    for (const { hash } of this.#entries.values()) if (hash !== undefined) return hash;
    return undefined;
  }

  /** The line that counts for `user`: that of the name, else the longest partial name, else `*`. */
  find(user: string): PasswordEntry | undefined {
    return this.#entries.get(user) ?? this.#findPartial(user) ?? this.#entries.get(WILDCARD);
  }

  /** Reads the file if it has changed. Never rejects. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  close(): void {
    this.#stopLooking();
  }

  #findPartial(user: string): PasswordEntry | undefined {
    if (!this.#options.partialNames) return undefined;
    let longest: PasswordEntry | undefined;
    for (const entry of this.#entries.values()) {
      const fits = entry.name !== WILDCARD && (user.startsWith(entry.name) || user.endsWith(entry.name));
      if (fits && entry.name.length > (longest?.name.length ?? 0)) longest = entry;
    }
    return longest;
  }

  async #look(): Promise<void> {
    try {
      const state = await this.#state();
      if (state === this.#seen) return;
      await this.#read(state);
      this.#logger.info(`The password file ${this.#options.path} has changed and is in use`);
    } catch (error) {
      if (!(error instanceof PasswordFileError)) throw error;
      this.#logger.error(`${error.message}; what it said before still counts`);
    }
  }

  /** What tells two states of the file apart; a missing file is said once, and is a state too. */
  async #state(): Promise<string> {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(this.#options.path, { bigint: true });
      return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      if (this.#seen === code) return code;
      this.#seen = code;
      throw this.#error(`cannot be read (${code})`, error);
    }
  }

  async #read(state: string): Promise<void> {
    this.#seen = state;
    const warn = (sentence: string): void => this.#logger.warn(`The password file ${this.#options.path}, ${sentence}`);
    try {
      this.#entries = parsePasswordFile(await readFile(this.#options.path, 'utf8'), warn);
    } catch (error) {
      throw this.#error(`is not in use: ${error instanceof Error ? error.message : error}`, error);
    }
    this.generation++;
    if (this.isOpen) warn('the line "*" lets everybody in without a password');
  }

  #error(problem: string, cause: unknown): PasswordFileError {
    return new PasswordFileError(`The password file ${this.#options.path} ${problem}`, { cause });
  }
}
