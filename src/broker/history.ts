import { DEFAULT_HISTORY, type HistoryQos } from '../model/query.ts';
import type { FillMark } from './fill-mark.ts';
import { firstEntries } from './first-entries.ts';
import type { Message } from './message.ts';
import type { QueriedQueue, Taken } from './queried-queue.ts';

/** A message that a topic remembers. */
interface HistoryEntry {
  readonly message: Message;
  readonly subscriptionId: undefined;
  readonly redeliver: 0;
  readonly isInitial: false;
}

/** What a topic remembers. As in the original, whoever asks the queue itself gets the newest first. */
export class History implements QueriedQueue {
  readonly #now: () => number;
  /** Oldest first. */
  readonly #messages: Message[] = [];
  /** Their content. */
  #bytes = 0;
  /** Made when first used: most topics are never asked. */
  #taken: Set<Message> | undefined;
  onChange: (() => void) | undefined;
  /** Whoever wants to know how full it is. */
  fillMarks: readonly FillMark[] | undefined;
  isClosed = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#messages.length;
  }

  get newest(): Message | undefined {
    return this.#messages.at(-1);
  }

  /** Adds a message; the oldest ones make room, so that there are at most `maxEntries` and, the newest aside, `maxBytes`. */
  remember(message: Message, maxEntries: number, maxBytes: number): void {
    if (maxEntries <= 0) return;
    message.retain();
    this.#add(message);
    while (this.#messages.length > maxEntries || (this.#bytes > maxBytes && this.#messages.length > 1)) {
      this.#forgetOldest();
    }
    this.onChange?.();
    this.#checkMarks();
  }

  #forgetOldest(): void {
    const oldest = this.#messages.shift() as Message;
    this.#bytes -= oldest.content.length;
    oldest.release();
  }

  /** Takes one message out for good. */
  forget(message: Message): void {
    if (this.#remove(message)) message.release();
    this.#checkMarks();
  }

  /** Forgets all, also what has been taken and not come back. */
  clear(): void {
    this.#bytes = 0;
    for (const message of this.#messages.splice(0)) message.release();
    for (const message of this.#taken ?? []) message.release();
    this.#taken = undefined;
    this.#checkMarks();
  }

  /** Its topic is gone. */
  close(): void {
    this.isClosed = true;
    this.clear();
    this.onChange?.();
  }

  /** The newest `numEntries` (below 0: all), the expired left out. */
  select(history: HistoryQos | undefined): Message[] {
    const { numEntries, newestFirst } = history ?? DEFAULT_HISTORY;
    const selected = numEntries < 0 ? [...this.#messages] : this.#messages.slice(Math.max(0, this.#messages.length - numEntries));
    if (newestFirst) selected.reverse();
    const now = this.#now();
    return selected.filter((message) => !message.isExpired(now));
  }

  /** Oldest first, as long as nothing is taken or added. */
  oldestFirst(): IterableIterator<Message> {
    return this.#messages.values();
  }

  peek(maxEntries: number, maxBytes: number): HistoryEntry[] {
    return firstEntries(this.#newestFirst(), maxEntries, maxBytes);
  }

  take(maxEntries: number, maxBytes: number): Taken {
    const entries = this.peek(maxEntries, maxBytes);
    const messages = entries.map(({ message }) => message);
    this.#takeOut(new Set(messages));
    return { entries, settle: (hasArrived) => (hasArrived ? this.letGo(messages) : this.giveBack(messages)) };
  }

  /** Takes one message; false when it is not there. */
  takeOne(message: Message): boolean {
    if (!this.#remove(message)) return false;
    this.#taken = (this.#taken ?? new Set()).add(message);
    return true;
  }

  /** What was taken is done with. */
  letGo(messages: readonly Message[]): void {
    for (const message of messages) if (this.#taken?.delete(message)) message.release();
  }

  /** What was taken returns to its place, unless it has expired or was erased. */
  giveBack(messages: readonly Message[]): void {
    const now = this.#now();
    for (const message of messages) {
      if (!this.#taken?.delete(message)) continue;
      if (message.isExpired(now)) message.release();
      else this.#add(message);
    }
    this.#messages.sort((a, b) => (a.rcvTimestamp < b.rcvTimestamp ? -1 : 1));
    this.onChange?.();
  }

  #checkMarks(): void {
    if (this.fillMarks) for (const mark of this.fillMarks) mark.check(this.#messages.length);
  }

  #add(message: Message): void {
    this.#messages.push(message);
    this.#bytes += message.content.length;
  }

  #remove(message: Message): boolean {
    const index = this.#messages.indexOf(message);
    if (index < 0) return false;
    this.#messages.splice(index, 1);
    this.#bytes -= message.content.length;
    return true;
  }

  #takeOut(messages: ReadonlySet<Message>): void {
    const kept = this.#messages.filter((message) => !messages.has(message));
    this.#messages.length = 0;
    this.#bytes = 0;
    for (const message of kept) this.#add(message);
    this.#taken = new Set([...(this.#taken ?? []), ...messages]);
  }

  *#newestFirst(): Generator<HistoryEntry> {
    const now = this.#now();
    for (let i = this.#messages.length - 1; i >= 0; i--) {
      const message = this.#messages[i] as Message;
      if (!message.isExpired(now)) yield { message, subscriptionId: undefined, redeliver: 0, isInitial: false };
    }
  }
}
