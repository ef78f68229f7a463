import { type Logger, watchProblems } from '../base/logger.ts';

/** Characters that are kept of one line. */
const MAX_CHARS = 2_000;

/** Remembers the last warning and the last error of the log. */
export class LogMemory {
  readonly logger: Logger;
  readonly close: () => void;
  #lastWarning = '';
  #lastError = '';

  constructor(logger: Logger) {
    this.logger = logger;
    this.close = watchProblems(logger, ({ level, text }) => {
      if (level === 'severe') this.#lastError = text.slice(0, MAX_CHARS);
      else this.#lastWarning = text.slice(0, MAX_CHARS);
    });
  }

  get lastWarning(): string {
    return this.#lastWarning;
  }

  get lastError(): string {
    return this.#lastError;
  }

  clearWarning(): void {
    this.#lastWarning = '';
  }

  clearError(): void {
    this.#lastError = '';
  }
}
