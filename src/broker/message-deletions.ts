import type { Logger } from '../base/logger.ts';
import type { Timestamp } from '../model/timestamp.ts';
import type { Store } from '../store/store.ts';

/** Persistent messages that nobody holds any more: those of one turn of the event loop leave the store with one commit. */
export class MessageDeletions {
  readonly #store: Store;
  readonly #logger: Logger;
  #isCommitDue = false;

  constructor(store: Store, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** The store forgets the message with the next commit, which comes by itself. */
  add(rcvTimestamp: Timestamp): void {
    this.#store.deleteMessage(rcvTimestamp);
    if (this.#isCommitDue) return;
    this.#isCommitDue = true;
    setImmediate(() => this.#commit());
  }

  #commit(): void {
    this.#isCommitDue = false;
    this.#store.commit().catch((error: unknown) => this.#logger.error({ err: error }, 'the store could not forget messages'));
  }
}
