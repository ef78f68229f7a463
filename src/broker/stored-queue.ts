import type { DamagedEntry, StoredEntry } from '../store/store.ts';
import type { StoredPart } from './delivery-queue.ts';
import type { Message } from './message.ts';
import type { Persistence } from './persistence.ts';

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

/** What a queue has in the store: its persistent messages, whether they are in memory too or not. */
export class StoredQueue {
  readonly #queueId: number;
  readonly #persistence: Persistence;
  /** What was there when the broker started. */
  readonly #lastRecovered: number;

  constructor(queueId: number, persistence: Persistence, lastRecovered = -1) {
    this.#queueId = queueId;
    this.#persistence = persistence;
    this.#lastRecovered = lastRecovered;
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
    message.entries--;
    message.owner.entryForgotten();
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

  /** Loads at most `maxEntries`, and, the first one aside, `maxBytes` of content. What expired while the broker was down is left out. */
  load(part: StoredPart, maxEntries: number, maxBytes: number): LoadedEntries {
    const { priority, order, lastOrder } = part;
    const count = Math.min(maxEntries, part.entries);
    const { entries, damaged, next } = this.#persistence.store.read(this.#lane(priority), order, count, maxBytes);
    for (const entry of damaged) this.#removeDamaged(priority, entry);
    const ofPart = entries.filter((entry) => entry.order <= lastOrder);
    const loaded = ofPart.map((entry) => this.#load(entry)).filter((entry) => entry !== undefined);
    const readEntries = ofPart.length + damaged.length;
    const readBytes = ofPart.reduce((sum, { message }) => sum + message.content.length, 0);
    const isEnd = next === undefined || next > lastOrder;
    const rest = isEnd ? undefined : { ...shortened(part, readEntries, readBytes), order: next };
    return { entries: loaded, readEntries, readBytes, rest };
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
        await this.#persistence.slicer.breathe();
      }
    }
  }

  #load({ order, label, state, message: record }: StoredEntry): LoadedEntry | undefined {
    const isRecovered = order <= this.#lastRecovered;
    const message = this.#persistence.loadMessage(record);
    if (!isRecovered || message.expiresAt > this.#persistence.startedAt) return { order, message, label, state, isRecovered };
    this.remove(message.qos.priority, order, message);
    message.release();
    return undefined;
  }

  #removeDamaged(priority: number, entry: DamagedEntry): void {
    if (this.isClosed) return;
    this.#persistence.store.remove(this.#lane(priority), entry.order);
    this.#persistence.changed();
    this.#persistence.damaged(entry);
  }

  #lane(priority: number): { readonly queueId: number; readonly priority: number } {
    return { queueId: this.#queueId, priority };
  }
}

/** How much of a queue that is gone is taken out of the store in one go. */
const DROPPED_AT_ONCE = 100;
const MAX_DROPPED_BYTES = 1024 * 1024;

/** What is left of a part of which so much was read. */
export function shortened(part: StoredPart, entries: number, bytes: number): StoredPart {
  return { ...part, entries: Math.max(1, part.entries - entries), bytes: Math.max(0, part.bytes - bytes) };
}
