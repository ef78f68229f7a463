import { type FunctionName, signatureOf, type ValueType } from './function-signatures.ts';

/**
 * An XPath 1.0 expression in its canonical form: abbreviations written out, omitted arguments filled in, `//a` one descendant
 * step where that means the same. Types are static because there are no variables.
 */
export type Expr =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'or' | 'and' | 'union'; readonly operands: readonly Expr[] }
  | { readonly kind: 'comparison'; readonly operator: ComparisonOperator; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'arithmetic'; readonly operator: ArithmeticOperator; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'negation'; readonly operand: Expr }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Expr[] }
  | { readonly kind: 'filter'; readonly base: Expr; readonly predicates: readonly Expr[] }
  | PathExpr;

export interface PathExpr {
  readonly kind: 'path';
  /** Where it starts: the root node, the context node, or every node of another node-set. */
  readonly start: 'root' | 'context' | Expr;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly Expr[];
}

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | 'div' | 'mod';

export type Axis =
  | 'ancestor'
  | 'ancestor-or-self'
  | 'attribute'
  | 'child'
  | 'descendant'
  | 'descendant-or-self'
  | 'following'
  | 'following-sibling'
  | 'namespace'
  | 'parent'
  | 'preceding'
  | 'preceding-sibling'
  | 'self';

export type NodeTest =
  | { readonly kind: 'any-name' }
  /** `p:*`, every name that starts with `p:`. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'node' }
  | { readonly kind: 'text' }
  /** `comment()` and `processing-instruction()`: topics hold neither. */
  | { readonly kind: 'nothing' };

export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'literal':
      return 'string';
    case 'number':
    case 'arithmetic':
    case 'negation':
      return 'number';
    case 'or':
    case 'and':
    case 'comparison':
      return 'boolean';
    case 'union':
    case 'filter':
    case 'path':
      return 'node-set';
    case 'call':
      return signatureOf(expr.name).returns;
  }
}

/** True when `predicate` depends on the position of its context node: a number, or position() or last() outside of inner brackets. */
export function isPositional(predicate: Expr): boolean {
  return typeOf(predicate) === 'number' || usesPosition(predicate);
}

function usesPosition(expr: Expr): boolean {
  switch (expr.kind) {
    case 'call':
      return expr.name === 'position' || expr.name === 'last' || expr.args.some(usesPosition);
    case 'or':
    case 'and':
      return expr.operands.some(usesPosition);
    case 'comparison':
    case 'arithmetic':
      return usesPosition(expr.left) || usesPosition(expr.right);
    case 'negation':
      return usesPosition(expr.operand);
    default:
      return false; // a node-set never does: id() is empty whatever its argument says
  }
}
