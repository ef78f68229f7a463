import { BrokerError } from '../../src/model/error.ts';
import type { Lane, LanePart, Recovery, StateRecord, Store, StoredEntry } from '../../src/store/store.ts';

/** A store around another one that holds the changes back until its `flush` hands them over. */
abstract class HoldingStore implements Store {
  readonly isDurable: boolean;
  protected readonly inner: Store;
  #changes: (() => void)[] = [];

  constructor(inner: Store) {
    this.inner = inner;
    this.isDurable = inner.isDurable;
  }

  recover(): Recovery {
    return this.inner.recover();
  }

  putRecord(record: StateRecord): void {
    this.#changes.push(() => this.inner.putRecord(record));
  }

  deleteRecord(id: number): void {
    this.#changes.push(() => this.inner.deleteRecord(id));
  }

  add(lane: Lane, entry: StoredEntry): void {
    this.#changes.push(() => this.inner.add(lane, entry));
  }

  setState(lane: Lane, order: number, state: number): void {
    this.#changes.push(() => this.inner.setState(lane, order, state));
  }

  remove(lane: Lane, order: number): void {
    this.#changes.push(() => this.inner.remove(lane, order));
  }

  read(lane: Lane, fromOrder: number, maxEntries: number, maxBytes: number): LanePart {
    return this.inner.read(lane, fromOrder, maxEntries, maxBytes);
  }

  references(stored: unknown): number {
    return this.inner.references(stored);
  }

  abstract commit(): Promise<void>;

  async close(): Promise<void> {
    await this.commit();
    await this.inner.close();
  }

  /** The changes since the last call; they are the caller's now. */
  protected takeChanges(): (() => void)[] {
    return this.#changes.splice(0);
  }
}

/** Commits wait for `release`: what a slow disk does, without the waiting. */
export class DelayedStore extends HoldingStore {
  readonly #waiting: (() => void)[] = [];
  #isOpen = false;
  #onCommit: () => void = () => {};

  /** How many commits wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when `count` commits wait. */
  async untilWaiting(count: number): Promise<void> {
    while (this.#waiting.length < count) {
      await new Promise<void>((resolve) => {
        this.#onCommit = resolve;
      });
    }
  }

  /** Lets the commit go on that has been waiting longest. */
  release(): void {
    this.#waiting.shift()?.();
  }

  /** Lets all go on, now and from now on. */
  open(): void {
    this.#isOpen = true;
    while (this.#waiting.length > 0) this.release();
  }

  /** Lets none go on from now on. */
  hold(): void {
    this.#isOpen = false;
  }

  async commit(): Promise<void> {
    const changes = this.takeChanges();
    if (!this.#isOpen) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#onCommit();
      });
    }
    for (const change of changes) change();
    await this.inner.commit();
  }

  override close(): Promise<void> {
    this.open();
    return super.close();
  }
}

/** Commits fail while `isFull`; what they should have brought is part of the next one: what a full disk does. */
export class FailingStore extends HoldingStore {
  isFull = false;

  async commit(): Promise<void> {
    if (this.isFull) throw new BrokerError('resource.exhaust', 'The disk is full');
    for (const change of this.takeChanges()) change();
    await this.inner.commit();
  }

  override close(): Promise<void> {
    this.isFull = false;
    return super.close();
  }
}
