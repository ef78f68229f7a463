/** Entries from which on they are spread over many maps. */
const MAX_SINGLE = 8_192;
const SHARDS = 64;
/** Characters that decide on the shard: the last ones, since names often begin alike. */
const HASHED_CHARS = 4;

/** A map that grows in small steps: a `Map` of a million entries stands still for 100 ms when it doubles. */
export class ShardedMap<V> {
  /** Undefined when there are shards. */
  #single: Map<string, V> | undefined = new Map();
  #shards: readonly Map<string, V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    return this.#single === undefined ? this.#shardOf(key).get(key) : this.#single.get(key);
  }

  set(key: string, value: V): void {
    const shard = this.#shardOf(key);
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
    if (this.#size > MAX_SINGLE && this.#single !== undefined) this.#split(this.#single);
  }

  delete(key: string): boolean {
    const isDeleted = this.#shardOf(key).delete(key);
    if (isDeleted) this.#size--;
    return isDeleted;
  }

  /** In no order; also while others come and go. */
  *[Symbol.iterator](): Generator<[string, V], undefined> {
    if (this.#single !== undefined) yield* this.#single;
    else for (const shard of this.#shards) yield* shard;
  }

  #shardOf(key: string): Map<string, V> {
    return this.#single ?? (this.#shards[hashOf(key) % SHARDS] as Map<string, V>);
  }

  #split(single: ReadonlyMap<string, V>): void {
    this.#single = undefined;
    this.#shards = Array.from({ length: SHARDS }, () => new Map<string, V>());
    for (const [key, value] of single) this.#shardOf(key).set(key, value);
  }
}

function hashOf(key: string): number {
  let hash = key.length;
  for (let i = Math.max(0, key.length - HASHED_CHARS); i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) & 0xffffff;
  return hash;
}
