/** A map that forgets what was used longest ago once it holds `maxEntries` entries or `maxWeight` units of weight. */
export class Lru<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly weight: number; usedAt: number }>();
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  #weight = 0;
  /** Counts the uses that moved an entry. */
  #age = 0;

  constructor(maxEntries: number, maxWeight: number) {
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.usedAt < this.#age) this.#refresh(key, entry);
    return entry.value;
  }

  /** Remembers `value`; one heavier than the whole cache is not remembered. */
  set(key: K, value: V, weight: number): void {
    this.delete(key);
    if (weight > this.#maxWeight) return;
    this.#entries.set(key, { value, weight, usedAt: ++this.#age });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }

  /** The one that was used last stays where it is: that keeps lookups of what is used all the time cheap. */
  #refresh(key: K, entry: { usedAt: number; readonly value: V; readonly weight: number }): void {
    entry.usedAt = ++this.#age;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }
}
