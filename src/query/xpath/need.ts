import { numberOf } from './conversions.ts';
import { isWithin, type NumberRange } from './number-range.ts';
import type { PathPattern } from './path-pattern.ts';

/** Something that a document must hold for an expression to be true of it; there may be more to it. */
export type Need = { readonly kind: 'all' | 'any'; readonly needs: readonly Need[] } | Fact;

/** A node of `path` is there, with a value of this kind. */
export interface Fact {
  readonly kind: 'fact';
  readonly path: PathPattern;
  readonly test: ValueTest;
}

/** What the string-value of a node must be. */
export type ValueTest =
  | { readonly kind: 'exists' }
  | { readonly kind: 'equals'; readonly text: string }
  /** As a number; what is none is in no range. */
  | { readonly kind: 'range'; readonly range: NumberRange }
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'contains'; readonly text: string }
  /** In lower case; `text` is. */
  | { readonly kind: 'contains-lower'; readonly text: string };

/** What all of `needs` say; those of which nothing is known say nothing. */
export function all(needs: readonly (Need | undefined)[]): Need | undefined {
  const known = needs.flatMap((need) => (need === undefined ? [] : need.kind === 'all' ? need.needs : [need]));
  return known.length > 1 ? { kind: 'all', needs: known } : known[0];
}

/** What one of `needs` says at least: nothing, when nothing is known of one. */
export function any(needs: readonly (Need | undefined)[]): Need | undefined {
  const known: Need[] = [];
  for (const need of needs) {
    if (need === undefined) return undefined;
    known.push(...(need.kind === 'any' ? need.needs : [need]));
  }
  return known.length > 1 ? { kind: 'any', needs: known } : known[0];
}

/** Whether a node's string-value passes `test`. */
export function passesTest(test: ValueTest, value: string): boolean {
  switch (test.kind) {
    case 'exists':
      return true;
    case 'equals':
      return value === test.text;
    case 'range':
      return isWithin(test.range, numberOf(value));
    case 'prefix':
      return value.startsWith(test.text);
    case 'contains':
      return value.includes(test.text);
    case 'contains-lower':
      return value.toLowerCase().includes(test.text);
  }
}
