import type { PropertyValue } from '../property-value.ts';
import type { Regex } from '../regex.ts';
import type { LikePattern } from './like.ts';

/** A value: of a client property, or computed. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: PropertyValue }
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'minus'; readonly operand: Operand }
  /** From left to right; flat, so that long ones do not nest. */
  | { readonly kind: 'sum'; readonly first: Operand; readonly rest: readonly Term<'+' | '-'>[] }
  | { readonly kind: 'product'; readonly first: Operand; readonly rest: readonly Term<'*' | '/'>[] };

export interface Term<Operator> {
  readonly operator: Operator;
  readonly operand: Operand;
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** What is true or false of a message. */
export type Condition =
  | { readonly kind: 'or' | 'and'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'comparison'; readonly operator: Comparison; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'between'; readonly value: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly value: Operand; readonly items: readonly Operand[] }
  | { readonly kind: 'like'; readonly value: Operand; readonly pattern: LikePattern }
  | { readonly kind: 'regex'; readonly value: Operand; readonly regex: Regex }
  | { readonly kind: 'null'; readonly value: Operand }
  /** A property or a literal by itself: `isUrgent AND TRUE`. */
  | { readonly kind: 'truth'; readonly value: Operand };
