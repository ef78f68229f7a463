import type { DamagedEntry, LanePart, StoredEntry } from '../store/store.ts';
import type { Message } from './message.ts';
import type { Persistence } from './persistence.ts';
import type { StoredPart, SweptPart } from './stored-part.ts';

/** One message in the store, as its queue sees it. */
export interface LoadedEntry {
  readonly order: number;
  /** With a reference that belongs to whoever loads it. */
  readonly message: Message;
  readonly label: string;
  readonly state: number;
  /** It was there when the broker started. */
  readonly isRecovered: boolean;
}

/** The beginning of a stored part, and what stays in the store behind it. */
export interface LoadedEntries {
  readonly entries: readonly LoadedEntry[];
  /** How many were read, with those that were left out, and their content bytes. */
  readonly readEntries: number;
  readonly readBytes: number;
  readonly rest: StoredPart | undefined;
}

interface SweptEntries extends SweptPart {
  /** When the first of those that stay vanishes (forceDestroy), ms since 1970. */
  readonly nextExpiry: number;
}

/** What a queue has in the store: its persistent messages, whether they are in memory too or not. */
export class StoredQueue {
  readonly #queueId: number;
  readonly #persistence: Persistence;
  /** What was there when the broker started. */
  readonly #lastRecovered: number;
  /** What was removed unread: until that is committed, it may be found again. */
  readonly #removed = new Set<number>();

  constructor(queueId: number, persistence: Persistence, lastRecovered = -1) {
    this.#queueId = queueId;
    this.#persistence = persistence;
    this.#lastRecovered = lastRecovered;
  }

  /** Whether an earlier life of the broker left something in it. */
  get isRecovered(): boolean {
    return this.#lastRecovered >= 0;
  }

  /** Whether memory may rely on it. */
  get isDurable(): boolean {
    return this.#persistence.isDurable;
  }

  /** The broker ends: nothing is written down any more. */
  get isClosed(): boolean {
    return this.#persistence.isClosed;
  }

  add(priority: number, order: number, message: Message, label: string, state: number): void {
    if (this.isClosed) return;
    this.#persistence.store.add(this.#lane(priority), { order, label, state, message });
    message.entries++;
    message.owner.entryStored();
    this.#persistence.changed();
  }

  setState(priority: number, order: number, state: number): void {
    if (this.isClosed) return;
    this.#persistence.store.setState(this.#lane(priority), order, state);
    this.#persistence.changed();
  }

  remove(priority: number, order: number, message: Message): void {
    if (this.isClosed) return;
    this.#persistence.store.remove(this.#lane(priority), order);
    this.#persistence.changed();
    forgetEntry(message);
  }

  /** See `Store.commit`. */
  commit(): Promise<void> {
    return this.#persistence.commit();
  }

  /** Resolves when it is safe, or cannot be now: whoever reports a failing store has done so. Rejects when the broker ends. */
  async written(): Promise<void> {
    await this.commit().catch((error: unknown) => {
      if (this.isClosed) throw error;
    });
  }

  /** See `Slicer.next`. */
  nextTurn(): Promise<void> {
    return this.#persistence.slicer.next();
  }

  /** See `Slicer.breathe`. */
  breathe(): Promise<void> {
    return this.#persistence.slicer.breathe();
  }

  /** Loads at most `maxEntries`, and, the first one aside, `maxBytes` of content. What nobody may get any more is left out. */
  load(part: StoredPart, maxEntries: number, maxBytes: number): LoadedEntries {
    const { entries, damaged, next } = this.#read(part, maxEntries, maxBytes);
    const { kept, gone } = this.#sort(entries);
    this.#removeUnread(part.priority, damaged, gone);
    const readEntries = entries.length + damaged.length;
    const readBytes = bytesOf(entries, damaged);
    const rest = next === undefined ? undefined : { ...shortened(part, readEntries, readBytes), order: next };
    return { entries: kept.map((entry) => this.#load(entry)), readEntries, readBytes, rest };
  }

  /** Takes out what nobody may get any more, as far as it is among the first entries. */
  sweep(part: StoredPart): SweptEntries {
    const { entries, damaged, next } = this.#read(part, SWEPT_AT_ONCE, MAX_SWEPT_BYTES);
    const { kept, gone } = this.#sort(entries);
    this.#removeUnread(part.priority, damaged, gone);
    let nextExpiry = Number.POSITIVE_INFINITY;
    for (const { message } of kept) if (message.qos.forceDestroy) nextExpiry = Math.min(nextExpiry, message.expiresAt);
    return { entries: damaged.length + gone.length, bytes: bytesOf(gone, damaged), next, nextExpiry };
  }

  /** An entry that is in the store stays there only; the reference to its message is given up. */
  unload(message: Message): void {
    this.#persistence.unloadMessage(message);
  }

  /** Takes out, little by little, what a queue that is gone has in the store; `onDropped` gets each message that is not damaged. */
  async drop(parts: readonly StoredPart[], onDropped: (message: Message) => void): Promise<void> {
    for (const part of parts) {
      for (let rest: StoredPart | undefined = part; rest && !this.isClosed; ) {
        const loaded = this.load(rest, DROPPED_AT_ONCE, MAX_DROPPED_BYTES);
        for (const { order, message } of loaded.entries) {
          onDropped(message);
          this.remove(part.priority, order, message);
          message.release();
        }
        rest = loaded.rest;
        await this.breathe();
      }
    }
  }

  /** The beginning of a part; `next` is undefined at its end. */
  #read({ priority, order, lastOrder, entries: count }: StoredPart, maxEntries: number, maxBytes: number): LanePart {
    const { entries, damaged, next } = this.#persistence.store.read(
      this.#lane(priority),
      order,
      Math.min(maxEntries, count),
      maxBytes,
    );
    const isThere = (entry: DamagedEntry | StoredEntry): boolean => entry.order <= lastOrder && !this.#removed.has(entry.order);
    const isEnd = next === undefined || next > lastOrder;
    return { entries: entries.filter(isThere), damaged: damaged.filter(isThere), next: isEnd ? undefined : next };
  }

  #sort(entries: readonly StoredEntry[]): { readonly kept: StoredEntry[]; readonly gone: StoredEntry[] } {
    const kept: StoredEntry[] = [];
    const gone: StoredEntry[] = [];
    for (const entry of entries) (this.#isGone(entry) ? gone : kept).push(entry);
    return { kept, gone };
  }

  /** Whether nobody may get it any more; what expired while the broker was down is one of them. */
  #isGone({ order, message }: StoredEntry): boolean {
    const hasMissedIt = order <= this.#lastRecovered && message.expiresAt <= this.#persistence.startedAt;
    return hasMissedIt || this.#persistence.isGone(message);
  }

  #load({ order, label, state, message: record }: StoredEntry): LoadedEntry {
    const message = this.#persistence.loadMessage(record);
    return { order, message, label, state, isRecovered: order <= this.#lastRecovered };
  }

  /** The topics learn of it when the queue is done with it: one that ends then tells its subscribers, maybe by this very queue. */
  #removeUnread(priority: number, damaged: readonly DamagedEntry[], gone: readonly StoredEntry[]): void {
    const orders = [...damaged, ...gone].map(({ order }) => order);
    if (orders.length === 0 || this.isClosed) return;
    for (const order of orders) {
      this.#persistence.store.remove(this.#lane(priority), order);
      this.#removed.add(order);
    }
    this.#persistence.changed();
    const messages = gone.map(({ message }) => this.#persistence.loadMessage(message));
    queueMicrotask(() => {
      for (const entry of damaged) this.#persistence.damaged(entry);
      for (const message of messages) {
        forgetEntry(message);
        message.release();
      }
    });
    this.commit().then(
      () => {
        for (const order of orders) this.#removed.delete(order);
      },
      () => {}, // whoever reports a failing store has done so
    );
  }

  #lane(priority: number): { readonly queueId: number; readonly priority: number } {
    return { queueId: this.#queueId, priority };
  }
}

/** How much of a queue that is gone is taken out of the store in one go. */
const DROPPED_AT_ONCE = 100;
const MAX_DROPPED_BYTES = 1024 * 1024;
/** How much of a queue is swept in one go. */
const SWEPT_AT_ONCE = 500;
const MAX_SWEPT_BYTES = 1024 * 1024;

/** What is left of a part of which so much was read. */
export function shortened(part: StoredPart, entries: number, bytes: number): StoredPart {
  return { ...part, entries: Math.max(1, part.entries - entries), bytes: Math.max(0, part.bytes - bytes) };
}

/** One of its entries is gone. */
function forgetEntry(message: Message): void {
  message.entries--;
  message.owner.entryForgotten();
}

/** Of their contents. */
function bytesOf(entries: readonly StoredEntry[], damaged: readonly DamagedEntry[]): number {
  let sum = 0;
  for (const { message } of entries) sum += message.content.length;
  for (const { bytes } of damaged) sum += bytes;
  return sum;
}
