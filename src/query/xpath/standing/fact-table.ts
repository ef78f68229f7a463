import type { ValueTest } from '../need.ts';
import type { AccessFact } from './access-fact.ts';
import { EqualTable } from './equal-table.ts';
import { GramTable } from './gram-table.ts';
import type { Kind, KindTable } from './kind-table.ts';
import { PrefixTable } from './prefix-table.ts';
import { RangeTable } from './range-table.ts';

/** All facts about the values of one pattern's nodes. */
export class FactTable<T> {
  #exists: AccessFact<T> | undefined;
  // A field for each kind: looking into them is what matching does most.
  #equal: EqualTable<T> | undefined;
  #prefixes: PrefixTable<T> | undefined;
  #ranges: RangeTable<T> | undefined;
  #grams: GramTable<T> | undefined;
  #lowerGrams: GramTable<T> | undefined;
  #looksAtValues = false;

  get isUnused(): boolean {
    return this.#exists === undefined && !this.#looksAtValues;
  }

  /** Whether the value of a node matters. */
  get looksAtValues(): boolean {
    return this.#looksAtValues;
  }

  get(test: ValueTest): AccessFact<T> | undefined {
    return test.kind === 'exists' ? this.#exists : this.#tableOf(test.kind)?.get(test);
  }

  /** How many facts of this kind there are. */
  count(kind: Exclude<Kind, 'exists'>): number {
    return this.#tableOf(kind)?.size ?? 0;
  }

  add(fact: AccessFact<T>): void {
    const { kind } = fact.test;
    if (kind === 'exists') this.#exists = fact;
    else (this.#tableOf(kind) ?? this.#create(kind)).add(fact);
  }

  delete(fact: AccessFact<T>): void {
    const { kind } = fact.test;
    if (kind === 'exists') {
      this.#exists = undefined;
      return;
    }
    const table = this.#tableOf(kind);
    table?.delete(fact);
    if (table?.size === 0) this.#drop(kind);
  }

  /** The node is there; its value matters when it `looksAtValues`. Adds the facts that it has to `present`. */
  probe(value: string, present: Set<AccessFact<T>>): void {
    if (this.#exists !== undefined) present.add(this.#exists);
    if (!this.#looksAtValues) return;
    this.#equal?.probe(value, present);
    this.#ranges?.probe(value, present);
    this.#prefixes?.probe(value, present);
    this.#grams?.probe(value, present);
    this.#lowerGrams?.probe(value, present);
  }

  #tableOf(kind: Exclude<Kind, 'exists'>): KindTable<T> | undefined {
    switch (kind) {
      case 'equals':
        return this.#equal;
      case 'prefix':
        return this.#prefixes;
      case 'range':
        return this.#ranges;
      case 'contains':
        return this.#grams;
      case 'contains-lower':
        return this.#lowerGrams;
    }
  }

  #create(kind: Exclude<Kind, 'exists'>): KindTable<T> {
    this.#looksAtValues = true;
    switch (kind) {
      case 'equals':
        this.#equal = new EqualTable();
        return this.#equal;
      case 'prefix':
        this.#prefixes = new PrefixTable();
        return this.#prefixes;
      case 'range':
        this.#ranges = new RangeTable();
        return this.#ranges;
      case 'contains':
        this.#grams = new GramTable(false);
        return this.#grams;
      case 'contains-lower':
        this.#lowerGrams = new GramTable(true);
        return this.#lowerGrams;
    }
  }

  #drop(kind: Exclude<Kind, 'exists'>): void {
    if (kind === 'equals') this.#equal = undefined;
    else if (kind === 'prefix') this.#prefixes = undefined;
    else if (kind === 'range') this.#ranges = undefined;
    else if (kind === 'contains') this.#grams = undefined;
    else this.#lowerGrams = undefined;
    const left = this.#equal ?? this.#ranges ?? this.#prefixes ?? this.#grams ?? this.#lowerGrams;
    this.#looksAtValues = left !== undefined;
  }
}
