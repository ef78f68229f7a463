import type { Axis, NodeTest } from './ast.ts';
import type { Compiler, Run, Visit } from './evaluation.ts';
import { ATTRIBUTE, ELEMENT, type NodeKind, ROOT, TEXT } from './topic-document.ts';

/**
 * Compiles the walk along `axis` from one node: `visit` gets each node that passes `test`, in axis order (reverse axes go backwards).
 * Every node looked at costs a step, whether it passes or not.
 */
export function compileAxis<S>(axis: Axis, test: NodeTest, visit: Visit<S>, compiler: Compiler): Visit<S> {
  const accepts = compileTest(test, axis === 'attribute' ? ATTRIBUTE : ELEMENT, compiler);
  return WALKS[axis](accepts, visit);
}

type Accepts = (run: Run, node: number) => boolean;
type Walk = <S>(accepts: Accepts, visit: Visit<S>) => Visit<S>;

function compileTest(test: NodeTest, principal: NodeKind, compiler: Compiler): Accepts {
  switch (test.kind) {
    case 'name': {
      const slot = compiler.slotOf(test);
      return ({ document, constants }, node) =>
        document.kind(node) === principal && document.name(node) === constants.texts[slot];
    }
    case 'any-name':
      return ({ document }, node) => document.kind(node) === principal;
    case 'prefix': {
      const slot = compiler.slotOf(test);
      return ({ document, constants }, node) =>
        document.kind(node) === principal && document.name(node).startsWith(constants.texts[slot] ?? '');
    }
    case 'text':
      return ({ document }, node) => document.kind(node) === TEXT;
    case 'node':
      return () => true;
    case 'nothing':
      return () => false;
  }
}

const WALKS: Readonly<Record<Axis, Walk>> = {
  self: (accepts, visit) => (run, node, state) => {
    run.budget.spend(1);
    return accepts(run, node) && visit(run, node, state);
  },

  parent: (accepts, visit) => (run, node, state) => {
    run.budget.spend(1);
    const parent = run.document.parent(node);
    return parent >= 0 && accepts(run, parent) && visit(run, parent, state);
  },

  ancestor: (accepts, visit) => (run, node, state) => visitUpward(accepts, visit, run, run.document.parent(node), state),

  'ancestor-or-self': (accepts, visit) => (run, node, state) => visitUpward(accepts, visit, run, node, state),

  attribute: (accepts, visit) => (run, node, state) => {
    const { document, budget } = run;
    if (document.kind(node) !== ELEMENT) return false;
    const end = document.firstChild(node);
    for (let i = node + 1; i < end; i++) {
      budget.spend(1);
      if (accepts(run, i) && visit(run, i, state)) return true;
    }
    return false;
  },

  child: (accepts, visit) => (run, node, state) =>
    visitSiblings(accepts, visit, run, run.document.firstChild(node), run.document.end(node), state),

  'following-sibling': (accepts, visit) => (run, node, state) => {
    const { document } = run;
    const kind = document.kind(node);
    if (kind === ATTRIBUTE || kind === ROOT) return false;
    return visitSiblings(accepts, visit, run, document.end(node), document.end(document.parent(node)), state);
  },

  'preceding-sibling': (accepts, visit) => (run, node, state) => {
    const { document, budget } = run;
    const kind = document.kind(node);
    if (kind === ATTRIBUTE || kind === ROOT) return false;
    const parent = document.parent(node);
    const first = document.firstChild(parent);
    for (let i = node - 1; i >= first; i--) {
      budget.spend(1);
      if (document.parent(i) !== parent) continue;
      if (accepts(run, i) && visit(run, i, state)) return true;
    }
    return false;
  },

  descendant: (accepts, visit) => (run, node, state) =>
    visitRange(accepts, visit, run, run.document.firstChild(node), run.document.end(node), state),

  'descendant-or-self': (accepts, visit) => (run, node, state) => {
    const { document, budget } = run;
    budget.spend(1);
    if (accepts(run, node) && visit(run, node, state)) return true;
    return visitRange(accepts, visit, run, document.firstChild(node), document.end(node), state);
  },

  following: (accepts, visit) => (run, node, state) => {
    const { document } = run;
    // What follows an attribute is what follows it in document order, so its element's children too.
    const start = document.kind(node) === ATTRIBUTE ? document.firstChild(document.parent(node)) : document.end(node);
    return visitRange(accepts, visit, run, start, document.size, state);
  },

  preceding: (accepts, visit) => (run, node, state) => {
    const { document, budget } = run;
    for (let i = node - 1; i > 0; i--) {
      budget.spend(1);
      if (document.kind(i) === ATTRIBUTE || document.end(i) > node) continue; // the latter is an ancestor
      if (accepts(run, i) && visit(run, i, state)) return true;
    }
    return false;
  },

  /** Not namespace-aware: `xmlns` is an ordinary attribute. */
  namespace: () => () => false,
};

function visitUpward<S>(accepts: Accepts, visit: Visit<S>, run: Run, start: number, state: S): boolean {
  const { document, budget } = run;
  for (let i = start; i >= 0; i = document.parent(i)) {
    budget.spend(1);
    if (accepts(run, i) && visit(run, i, state)) return true;
  }
  return false;
}

function visitSiblings<S>(accepts: Accepts, visit: Visit<S>, run: Run, start: number, end: number, state: S): boolean {
  const { document, budget } = run;
  for (let i = start; i < end; i = document.end(i)) {
    budget.spend(1);
    if (accepts(run, i) && visit(run, i, state)) return true;
  }
  return false;
}

/** All nodes from `start` to before `end` but attributes, which are nobody's descendants. */
function visitRange<S>(accepts: Accepts, visit: Visit<S>, run: Run, start: number, end: number, state: S): boolean {
  const { document, budget } = run;
  for (let i = start; i < end; i++) {
    budget.spend(1);
    if (document.kind(i) !== ATTRIBUTE && accepts(run, i) && visit(run, i, state)) return true;
  }
  return false;
}
