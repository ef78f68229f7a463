import { ShardedMap } from '../../../base/sharded-map.ts';
import type { ValueTest } from '../need.ts';
import type { AccessFact } from './access-fact.ts';
import { type KindTable, MAX_HEAD, textOf } from './kind-table.ts';
import { TextFilter } from './text-filter.ts';

/** Values that are equal to a text. */
export class EqualTable<T> implements KindTable<T> {
  readonly #filter = new TextFilter();
  readonly #facts = new ShardedMap<AccessFact<T>>();

  get size(): number {
    return this.#facts.size;
  }

  get(test: ValueTest): AccessFact<T> | undefined {
    return this.#facts.get(textOf(test));
  }

  add(fact: AccessFact<T>): void {
    const text = textOf(fact.test);
    this.#filter.add(text, () => keysOf(this.#facts));
    this.#facts.set(text, fact);
  }

  delete(fact: AccessFact<T>): void {
    this.#facts.delete(textOf(fact.test));
  }

  probe(value: string, present: Set<AccessFact<T>>): void {
    const length = Math.min(value.length, MAX_HEAD);
    if (!this.#filter.mayHave(value, length)) return;
    const fact = this.#facts.get(length < value.length ? value.slice(0, length) : value);
    if (fact !== undefined) present.add(fact);
  }
}

function* keysOf(map: ShardedMap<unknown>): Generator<string, undefined> {
  for (const [key] of map) yield key;
}
