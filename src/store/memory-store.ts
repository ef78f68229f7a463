import type { Timestamp } from '../model/timestamp.ts';
import type { MessageRecord, Store } from './store.ts';

/** Keeps everything in memory: nothing survives the end of the process. */
export class MemoryStore implements Store {
  readonly isDurable = false;
  readonly #messages = new Map<Timestamp, MessageRecord>();
  #changes: (() => void)[] = [];

  putMessage(record: MessageRecord): void {
    this.#changes.push(() => this.#messages.set(record.rcvTimestamp, record));
  }

  deleteMessage(rcvTimestamp: Timestamp): void {
    this.#changes.push(() => this.#messages.delete(rcvTimestamp));
  }

  async commit(): Promise<void> {
    const changes = this.#changes;
    this.#changes = [];
    for (const change of changes) change();
  }

  async *messages(): AsyncIterable<MessageRecord> {
    yield* [...this.#messages.values()].sort((a, b) => (a.rcvTimestamp < b.rcvTimestamp ? -1 : 1));
  }

  close(): Promise<void> {
    return this.commit();
  }
}
