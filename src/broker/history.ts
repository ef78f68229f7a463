import type { TimerWheel } from '../base/timer-wheel.ts';
import { DEFAULT_HISTORY, type HistoryQos } from '../model/query.ts';
import type { StoredPart } from './delivery-queue.ts';
import type { FillMark } from './fill-mark.ts';
import { firstEntries } from './first-entries.ts';
import type { Message } from './message.ts';
import type { QueriedQueue, Taken } from './queried-queue.ts';
import type { LoadedEntries, StoredQueue } from './stored-queue.ts';

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

/**
 * What a topic remembers. As in the original, whoever asks the queue itself gets the newest first. Persistent messages are in the
 * store, too; those of earlier lives of the broker are loaded when somebody looks.
 */
export class History implements QueriedQueue {
  /** Where persistent messages are stored; undefined: nowhere. */
  readonly #openStored: (() => StoredQueue) | undefined;
  readonly #context: HistoryContext;
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

  #stored: StoredQueue | undefined;
  /** What is in the store only. */
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
    this.#load();
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
    this.#load();
    message.retain();
    this.#add(message);
    if (message.qos.persistent && this.#openStored) this.#store(message, this.#openStored);
    this.#watchExpiry(message);
    while (this.#messages.length > maxEntries || (this.#bytes > maxBytes && this.#messages.length > 1)) {
      this.#forgetOldest();
    }
    this.onChange?.();
    this.#checkMarks();
  }

  #forgetOldest(): void {
    const oldest = this.#messages.shift() as Message;
    this.#bytes -= oldest.content.length;
    this.#letGoOf(oldest);
  }

  /** Takes one message out for good. */
  forget(message: Message): void {
    if (this.#remove(message)) this.#letGoOf(message);
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
    this.#load();
    const { numEntries, newestFirst } = history ?? DEFAULT_HISTORY;
    const selected = numEntries < 0 ? [...this.#messages] : this.#messages.slice(Math.max(0, this.#messages.length - numEntries));
    if (newestFirst) selected.reverse();
    const now = this.#context.now();
    return selected.filter((message) => !message.isExpired(now));
  }

  /** Oldest first, as long as nothing is taken or added. */
  oldestFirst(): IterableIterator<Message> {
    this.#load();
    return this.#messages.values();
  }

  /** A history is loaded as a whole, when somebody looks. */
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

  #load(): void {
    while (this.#unloaded && this.#stored) {
      const { entries, rest }: LoadedEntries = this.#stored.load(
        this.#unloaded,
        Number.POSITIVE_INFINITY,
        Number.POSITIVE_INFINITY,
      );
      this.#unloaded = rest;
      for (const { message, order, state } of entries) {
        message.retain();
        message.historyOrder = order;
        message.mayHaveBeenHandedOut = state === MAY_BE_HANDED_OUT;
        this.#add(message);
        this.#watchExpiry(message);
      }
    }
  }

  *#newestFirst(): Generator<HistoryEntry> {
    this.#load();
    const now = this.#context.now();
    for (let i = this.#messages.length - 1; i >= 0; i--) {
      const message = this.#messages[i] as Message;
      if (message.isExpired(now)) continue;
      yield { message, subscriptionId: undefined, redeliver: message.mayHaveBeenHandedOut ? 1 : 0, isInitial: false };
    }
  }
}
