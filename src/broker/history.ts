import type { TimerWheel } from '../base/timer-wheel.ts';
import { DEFAULT_HISTORY, type HistoryQos } from '../model/query.ts';
import type { FillMark } from './fill-mark.ts';
import { firstEntries } from './first-entries.ts';
import type { Message } from './message.ts';
import type { QueriedQueue, Taken } from './queried-queue.ts';
import type { StoredPart } from './stored-part.ts';
import { type LoadedEntry, type StoredQueue, shortened } from './stored-queue.ts';

/** A message that a topic remembers. */
interface HistoryEntry {
  readonly message: Message;
  readonly subscriptionId: undefined;
  readonly redeliver: 0 | 1;
  readonly isInitial: false;
}

export interface HistoryContext {
  readonly now: () => number;
  readonly timers: TimerWheel;
}

/** In the store a history is one lane; the state says whether a message may have been handed out to be consumed. */
const PRIORITY = 0;
const LABEL = '';
const WAITS = 0;
const MAY_BE_HANDED_OUT = 1;

/** What is loaded at least, when somebody looks: so many entries, as far as they have about so many content bytes. */
const LOADED_ENTRIES = 1_000;
const LOADED_BYTES = 2 * 1024 * 1024;

/**
 * What a topic remembers. As in the original, whoever asks the queue itself gets the newest first. Persistent messages are in the
 * store, too; those of earlier lives of the broker are loaded when somebody looks, the newest first.
 */
export class History implements QueriedQueue {
  /** Where persistent messages are stored; undefined: nowhere. */
  readonly #openStored: (() => StoredQueue) | undefined;
  readonly #context: HistoryContext;
  /** Oldest first. */
  #messages: Message[] = [];
  /** Their content. */
  #bytes = 0;
  /** Made when first used: most topics are never asked. */
  #taken: Set<Message> | undefined;
  onChange: (() => void) | undefined;
  /** Whoever wants to know how full it is. */
  fillMarks: readonly FillMark[] | undefined;
  isClosed = false;

  #stored: StoredQueue | undefined;
  /** What is in the store only: older than all messages. */
  #unloaded: StoredPart | undefined;
  #order = 0;

  constructor(context: HistoryContext, openStored?: () => StoredQueue) {
    this.#context = context;
    this.#openStored = openStored;
  }

  get size(): number {
    return this.#messages.length + (this.#unloaded?.entries ?? 0);
  }

  get newest(): Message | undefined {
    this.#need(1);
    return this.#messages.at(-1);
  }

  /** What an earlier life of the broker left in the store. */
  recover(stored: StoredQueue, part: StoredPart): void {
    this.#stored = stored;
    this.#unloaded = part;
    this.#order = part.lastOrder + 1;
  }

  /** Adds a message; the oldest ones make room, so that there are at most `maxEntries` and, the newest aside, `maxBytes`. */
  remember(message: Message, maxEntries: number, maxBytes: number): void {
    if (maxEntries <= 0) return;
    message.retain();
    this.#add(message);
    if (message.qos.persistent && this.#openStored) this.#store(message, this.#openStored);
    this.#watchExpiry(message);
    while (this.size > maxEntries || (this.#allBytes > maxBytes && this.size > 1)) {
      this.#forgetOldest(this.size - maxEntries);
    }
    this.onChange?.();
    this.#checkMarks();
  }

  get #allBytes(): number {
    return this.#bytes + (this.#unloaded?.bytes ?? 0);
  }

  /** At most `count`, and at least one. */
  #forgetOldest(count: number): void {
    if (this.#unloaded && this.#stored) {
      const { entries, rest } = this.#stored.load(this.#unloaded, Math.max(1, Math.min(count, LOADED_ENTRIES)), LOADED_BYTES);
      for (const { order, message } of entries) {
        this.#stored.remove(PRIORITY, order, message);
        message.release();
      }
      this.#unloaded = rest;
      return;
    }
    const oldest = this.#messages.shift() as Message;
    this.#bytes -= oldest.content.length;
    this.#letGoOf(oldest);
  }

  /** Takes one message out for good. */
  forget(message: Message): void {
    if (this.#remove(message)) this.#letGoOf(message);
    if (this.#messages.length === 0) this.#need(1); // what is in the store only does not expire by itself
    this.#checkMarks();
  }

  /** Forgets all, also what has been taken and not come back. */
  clear(): void {
    this.#bytes = 0;
    if (this.#unloaded) void this.#stored?.drop([this.#unloaded], () => {});
    this.#unloaded = undefined;
    for (const message of this.#messages.splice(0)) this.#letGoOf(message);
    for (const message of this.#taken ?? []) this.#letGoOf(message);
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
    this.#need(numEntries < 0 ? Number.POSITIVE_INFINITY : numEntries);
    const selected = numEntries < 0 ? [...this.#messages] : this.#messages.slice(Math.max(0, this.#messages.length - numEntries));
    if (newestFirst) selected.reverse();
    const now = this.#context.now();
    return selected.filter((message) => !message.isExpired(now));
  }

  /** Oldest first, as long as nothing is taken or added. */
  oldestFirst(): IterableIterator<Message> {
    this.#need(Number.POSITIVE_INFINITY);
    return this.#messages.values();
  }

  /** What is not in memory is read by whoever looks. */
  load(): undefined {}

  peek(maxEntries: number, maxBytes: number): HistoryEntry[] {
    return firstEntries(this.#newestFirst(), maxEntries, maxBytes);
  }

  async take(maxEntries: number, maxBytes: number): Promise<Taken> {
    const taken = this.peek(maxEntries, maxBytes);
    const messages = taken.map(({ message }) => message);
    this.#takeOut(new Set(messages));
    await this.mark(messages);
    const entries = taken.filter(({ message }) => this.hasTaken(message)); // else it was erased meanwhile
    return { entries, settle: (hasArrived) => (hasArrived ? this.letGo(messages) : this.giveBack(messages)) };
  }

  /** Takes one message; false when it is not there. */
  takeOne(message: Message): boolean {
    if (!this.#remove(message)) return false;
    this.#taken = (this.#taken ?? new Set()).add(message);
    return true;
  }

  /**
   * Has the store know that what was taken may be handed out from now on. Resolves when it knows, or cannot; undefined: there is nothing to
   * know. Rejects when the broker ends.
   */
  mark(messages: readonly Message[]): Promise<void> | undefined {
    const stored = messages.filter(({ historyOrder }) => historyOrder >= 0);
    for (const { historyOrder } of stored) this.#stored?.setState(PRIORITY, historyOrder, MAY_BE_HANDED_OUT);
    return stored.length > 0 ? this.#stored?.written() : undefined;
  }

  /** Whether it was taken, and neither done with nor erased since. */
  hasTaken(message: Message): boolean {
    return this.#taken?.has(message) === true;
  }

  /** What was taken is done with. */
  letGo(messages: readonly Message[]): void {
    for (const message of messages) if (this.#taken?.delete(message)) this.#letGoOf(message);
  }

  /** What was taken returns to its place, unless it has expired or was erased. */
  giveBack(messages: readonly Message[]): void {
    const now = this.#context.now();
    for (const message of messages) {
      if (!this.#taken?.delete(message)) continue;
      if (message.isExpired(now)) this.#letGoOf(message);
      else this.#add(message);
    }
    this.#messages.sort((a, b) => (a.rcvTimestamp < b.rcvTimestamp ? -1 : 1));
    this.onChange?.();
  }

  #checkMarks(): void {
    if (this.fillMarks) for (const mark of this.fillMarks) mark.check(this.size);
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

  /** What expires is forgotten by itself. */
  #watchExpiry(message: Message): void {
    const { now, timers } = this.#context;
    if (message.expiresAt === Number.POSITIVE_INFINITY || message.expiryTimer) return;
    message.expiryTimer = timers.start(message.expiresAt - now(), () => this.forget(message));
  }

  #store(message: Message, open: () => StoredQueue): void {
    this.#stored ??= open();
    message.historyOrder = this.#order++;
    this.#stored.add(PRIORITY, message.historyOrder, message, LABEL, WAITS);
  }

  /** It is not in the history any more. */
  #letGoOf(message: Message): void {
    if (message.historyOrder >= 0) this.#stored?.remove(PRIORITY, message.historyOrder, message);
    message.historyOrder = -1;
    message.release();
  }

  /** Has the newest `count` in memory, as far as there are so many. */
  #need(count: number): void {
    for (let orders = count - this.#messages.length; this.#unloaded && this.#messages.length < count; orders *= 2) {
      const { entries, bytes } = this.#unloaded;
      this.#loadNewest(Math.max(orders, Math.min(LOADED_ENTRIES, Math.ceil((LOADED_BYTES * entries) / (bytes + 1)))));
    }
  }

  /** Loads the messages of the last so many orders: fewer where some are gone. */
  #loadNewest(orders: number): void {
    const part = this.#unloaded;
    const stored = this.#stored;
    if (!part || !stored) return;
    const order = Math.max(part.order, part.lastOrder - orders + 1);
    const found: LoadedEntry[] = [];
    let left = part;
    for (let section: StoredPart | undefined = { ...part, order }; section; ) {
      const { entries, readEntries, readBytes, rest } = stored.load(section, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      for (const entry of entries) found.push(entry);
      left = shortened(left, readEntries, readBytes);
      section = rest;
    }
    this.#unloaded = order === part.order ? undefined : { ...left, lastOrder: order - 1 };
    this.#messages = [...found.map((entry) => this.#loaded(entry)), ...this.#messages];
  }

  #loaded({ message, order, state }: LoadedEntry): Message {
    message.historyOrder = order;
    message.mayHaveBeenHandedOut = state === MAY_BE_HANDED_OUT;
    this.#bytes += message.content.length;
    this.#watchExpiry(message);
    return message;
  }

  *#newestFirst(): Generator<HistoryEntry> {
    const now = this.#context.now();
    for (let i = 1; ; i++) {
      this.#need(i);
      const message = this.#messages.at(-i);
      if (!message) return;
      if (message.isExpired(now)) continue;
      yield { message, subscriptionId: undefined, redeliver: message.mayHaveBeenHandedOut ? 1 : 0, isInitial: false };
    }
  }
}
