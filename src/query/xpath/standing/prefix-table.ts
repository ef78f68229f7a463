import type { ValueTest } from '../need.ts';
import type { AccessFact } from './access-fact.ts';
import { type KindTable, textOf } from './kind-table.ts';
import { TextFilter } from './text-filter.ts';

/** Values that start with a text: one look for each length that a text has, at most MAX_HEAD. */
export class PrefixTable<T> implements KindTable<T> {
  readonly #filter = new TextFilter();
  readonly #facts = new Map<string, AccessFact<T>>();
  /** How many texts have a length; the index is the length. */
  readonly #lengths: number[] = [];

  get size(): number {
    return this.#facts.size;
  }

  get(test: ValueTest): AccessFact<T> | undefined {
    return this.#facts.get(textOf(test));
  }

  add(fact: AccessFact<T>): void {
    const text = textOf(fact.test);
    this.#filter.add(text, () => this.#facts.keys());
    this.#facts.set(text, fact);
    this.#count(text, 1);
  }

  delete(fact: AccessFact<T>): void {
    const text = textOf(fact.test);
    this.#facts.delete(text);
    this.#count(text, -1);
  }

  probe(value: string, present: Set<AccessFact<T>>): void {
    const end = Math.min(this.#lengths.length, value.length + 1);
    for (let length = 1; length < end; length++) {
      if (this.#lengths[length] === 0 || !this.#filter.mayHave(value, length)) continue;
      const fact = this.#facts.get(value.slice(0, length));
      if (fact !== undefined) present.add(fact);
    }
  }

  #count({ length }: string, by: number): void {
    while (this.#lengths.length <= length) this.#lengths.push(0);
    this.#lengths[length] = (this.#lengths[length] ?? 0) + by;
  }
}
