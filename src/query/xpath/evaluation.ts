import type { Expr, NodeTest } from './ast.ts';
import type { Budget } from './budget.ts';
import type { Constants } from './canonical.ts';
import type { TopicDocument } from './topic-document.ts';

/** One evaluation: what is looked at and what it may still cost. */
export interface Run {
  readonly document: TopicDocument;
  readonly budget: Budget;
  /** Of the expression: compiled code is shared by all that differ in nothing else. */
  readonly constants: Constants;
}

/** A compiled expression of one static type; `position` and `size` are those of the context node, from 1. */
export type Scalar<T> = (run: Run, node: number, position: number, size: number) => T;

/** Called for one node after the other; true stops the walk. `state` is whatever the one who started the walk needs. */
export type Visit<S> = (run: Run, node: number, state: S) => boolean;

/** A compiled node-set expression. It never depends on position() and last() of its own context. */
export interface NodeSet {
  /** Document order and each node once; otherwise a walk may repeat nodes and go in any order. */
  readonly ordered: boolean;
  /** Compiles the walk over all nodes, which answers true as soon as `visit` does. */
  walk<S>(visit: Visit<S>): Visit<S>;
}

/** How compiled parts reach each other without importing each other. */
export interface Compiler {
  boolean(expr: Expr): Scalar<boolean>;
  number(expr: Expr): Scalar<number>;
  string(expr: Expr): Scalar<string>;
  nodeSet(expr: Expr): NodeSet;
  /** Where a run finds the text of a literal, name test or prefix test, or the value of a number. */
  slotOf(constant: Expr | NodeTest): number;
}
