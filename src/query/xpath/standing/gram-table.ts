import { type Bucket, itemsOf, sizeOf, withItem, withoutItem } from '../../../base/bucket.ts';
import type { ValueTest } from '../need.ts';
import type { AccessFact } from './access-fact.ts';
import { type KindTable, textOf } from './kind-table.ts';

/** Characters of a gram; a shorter text is a gram itself. */
const GRAM = 3;
/** The longest value in which the whole text is looked for; of longer ones, the gram must do. */
const MAX_SEARCHED = 1_024;

interface Entry<T> {
  readonly fact: AccessFact<T>;
  readonly gram: number;
}

/** Values that contain a text: each is filed under three characters of it that few others are filed under. */
export class GramTable<T> implements KindTable<T> {
  readonly #isFolded: boolean;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #grams = new Map<number, Bucket<AccessFact<T>>>();
  /** How many texts are filed under grams of a length; the index is the length. */
  readonly #lengths = [0, 0, 0, 0];

  /** @param isFolded values are looked at in lower case, as the texts are. */
  constructor(isFolded: boolean) {
    this.#isFolded = isFolded;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(test: ValueTest): AccessFact<T> | undefined {
    return this.#entries.get(textOf(test))?.fact;
  }

  add(fact: AccessFact<T>): void {
    const text = textOf(fact.test);
    const gram = this.#rarestGram(text);
    this.#entries.set(text, { fact, gram });
    this.#grams.set(gram, withItem(this.#grams.get(gram), fact));
    this.#count(text, 1);
  }

  delete(fact: AccessFact<T>): void {
    const text = textOf(fact.test);
    const entry = this.#entries.get(text);
    if (entry === undefined) return;
    this.#entries.delete(text);
    const left = withoutItem(this.#grams.get(entry.gram), fact);
    if (left === undefined) this.#grams.delete(entry.gram);
    else this.#grams.set(entry.gram, left);
    this.#count(text, -1);
  }

  probe(value: string, present: Set<AccessFact<T>>): void {
    const text = this.#isFolded ? value.toLowerCase() : value;
    let seen: Set<number> | undefined;
    for (let length = 1; length <= GRAM; length++) {
      if (this.#lengths[length] === 0) continue;
      for (let start = 0; start + length <= text.length; start++) {
        const gram = gramOf(text, start, length);
        const facts = this.#grams.get(gram);
        if (facts === undefined || seen?.has(gram)) continue;
        seen ??= new Set();
        seen.add(gram);
        for (const fact of itemsOf(facts)) if (text.length > MAX_SEARCHED || text.includes(textOf(fact.test))) present.add(fact);
      }
    }
  }

  #rarestGram(text: string): number {
    const length = Math.min(GRAM, text.length);
    let rarest = gramOf(text, 0, length);
    for (let start = 1; start + length <= text.length; start++) {
      const gram = gramOf(text, start, length);
      if (sizeOf(this.#grams.get(gram)) < sizeOf(this.#grams.get(rarest))) rarest = gram;
    }
    return rarest;
  }

  #count(text: string, by: number): void {
    const length = Math.min(GRAM, text.length);
    this.#lengths[length] = (this.#lengths[length] ?? 0) + by;
  }
}

/** A small number for up to three characters; others may have the same, and are found in vain then. */
function gramOf(text: string, start: number, length: number): number {
  let gram = length;
  for (let i = start; i < start + length; i++) gram = (gram * 1_021 + text.charCodeAt(i)) & 0x3fffffff;
  return gram;
}
