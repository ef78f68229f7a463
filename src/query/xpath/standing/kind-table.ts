import type { ValueTest } from '../need.ts';
import type { AccessFact } from './access-fact.ts';

/** Characters of a text that count; of longer ones, the rest is left to those who verify. */
export const MAX_HEAD = 64;

/** Facts of one kind about the values of one pattern's nodes. */
export interface KindTable<T> {
  readonly size: number;
  /** The fact that says what `test` says. */
  get(test: ValueTest): AccessFact<T> | undefined;
  /** Adds one that is not there yet. */
  add(fact: AccessFact<T>): void;
  delete(fact: AccessFact<T>): void;
  /** Adds each fact that is true of the value to `present`, and perhaps others. */
  probe(value: string, present: Set<AccessFact<T>>): void;
}

export type Kind = ValueTest['kind'];

/** What counts of the text of a test. */
export function textOf(test: ValueTest): string {
  const text = 'text' in test ? test.text : '';
  return text.length > MAX_HEAD ? text.slice(0, MAX_HEAD) : text;
}
