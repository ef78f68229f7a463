import { type Axis, type Expr, isPositional, type PathExpr, type Step, typeOf } from './ast.ts';
import { compileAxis } from './axes.ts';
import type { Compiler, NodeSet, Run, Scalar, Visit } from './evaluation.ts';
import { collect, push, sortUnique } from './node-set.ts';

/** Compiles a union, a filter expression, a path or id(). */
export function compileNodeSet(expr: Expr, compiler: Compiler): NodeSet {
  switch (expr.kind) {
    case 'union':
      return union(expr.operands.map(compiler.nodeSet));
    case 'filter':
      return filter(compiler.nodeSet(expr.base), expr.predicates, compiler);
    case 'path':
      return path(expr, compiler);
    default:
      return EMPTY; // id(): topics have no DTD that would declare an ID (section 5.2.1)
  }
}

const EMPTY: NodeSet = { ordered: true, walk: () => () => false };

function union(sets: readonly NodeSet[]): NodeSet {
  return {
    ordered: false,
    walk(visit) {
      const walks = sets.map((set) => set.walk(visit));
      return (run, node, state) => walks.some((walk) => walk(run, node, state));
    },
  };
}

function filter(base: NodeSet, predicates: readonly Expr[], compiler: Compiler): NodeSet {
  const baseNodes = collect(base);
  const keeps = predicates.map((predicate) => compilePredicate(predicate, compiler));
  return {
    ordered: true,
    walk: (visit) => (run, node, state) => visitEach(visit, run, applyPredicates(keeps, run, baseNodes(run, node)), state),
  };
}

function path(expr: PathExpr, compiler: Compiler): NodeSet {
  const { start } = expr;
  const single = start === 'root' || start === 'context';
  const { segments, ordered } = segmentsOf(expr.steps, single);
  const inner = segments.slice(0, -1).map((steps) => chain(steps, push, compiler));
  const base = single ? undefined : collect(compiler.nodeSet(start));
  return {
    ordered,
    walk(visit) {
      const last = chain(segments.at(-1) ?? [], visit, compiler);
      const whole = inner.length === 0 ? last : undefined;
      if (whole !== undefined && start === 'context') return whole;
      if (whole !== undefined && start === 'root') return (run, _node, state) => whole(run, 0, state);
      return (run, node, state) => {
        let nodes = base?.(run, node) ?? [start === 'root' ? 0 : node];
        for (const segment of inner) nodes = throughSegment(segment, run, nodes);
        return visitEach(last, run, nodes, state);
      };
    },
  };
}

function throughSegment(segment: Visit<number[]>, run: Run, nodes: readonly number[]): number[] {
  const found: number[] = [];
  visitEach(segment, run, nodes, found);
  return sortUnique(run, found);
}

function visitEach<S>(visit: Visit<S>, run: Run, nodes: readonly number[], state: S): boolean {
  for (const node of nodes) {
    run.budget.spend(1);
    if (visit(run, node, state)) return true;
  }
  return false;
}

/** What is known of the nodes that a step starts from. They are always unique. */
interface Shape {
  readonly single: boolean;
  /** None lies inside another. */
  readonly disjoint: boolean;
  readonly sorted: boolean;
}

/**
 * Cuts the path behind each step that may reach a node twice: there the nodes are gathered, sorted and made unique, or else
 * `//*/ /*//*` would walk every combination. Within a segment the steps stream into each other and nothing is gathered.
 */
function segmentsOf(steps: readonly Step[], single: boolean): { segments: Step[][]; ordered: boolean } {
  let segment: Step[] = [];
  const segments = [segment];
  let shape: Shape = { single, disjoint: single, sorted: true };
  let repeats = false;
  for (const step of steps) {
    if (repeats) {
      segment = [];
      segments.push(segment);
    }
    segment.push(step);
    repeats = mayRepeat(shape, step.axis);
    shape = repeats ? { single: false, disjoint: false, sorted: true } : shapeAfter(shape, step.axis);
  }
  return { segments, ordered: shape.sorted && !repeats };
}

function mayRepeat(shape: Shape, axis: Axis): boolean {
  if (shape.single || axis === 'self' || axis === 'attribute' || axis === 'child') return false;
  return !((axis === 'descendant' || axis === 'descendant-or-self') && shape.disjoint);
}

function shapeAfter(shape: Shape, axis: Axis): Shape {
  switch (axis) {
    case 'self':
      return shape;
    case 'parent':
      return { single: true, disjoint: true, sorted: true };
    case 'attribute':
      return { single: false, disjoint: true, sorted: shape.sorted };
    case 'child':
      return { single: false, disjoint: shape.disjoint, sorted: shape.sorted && shape.disjoint };
    case 'following-sibling':
      return { single: false, disjoint: true, sorted: true };
    case 'descendant':
    case 'descendant-or-self':
    case 'following':
      return { single: false, disjoint: false, sorted: shape.sorted };
    default:
      return { single: false, disjoint: false, sorted: false };
  }
}

function chain<S>(steps: readonly Step[], visit: Visit<S>, compiler: Compiler): Visit<S> {
  return steps.reduceRight((next, step) => compileStep(step, next, compiler), visit);
}

function compileStep<S>(step: Step, next: Visit<S>, compiler: Compiler): Visit<S> {
  const { axis, test, predicates } = step;
  if (predicates.length === 0) return compileAxis(axis, test, next, compiler);
  if (predicates.some(isPositional)) return compilePositionalStep(step, next, compiler);
  const keeps = predicates.map((predicate) => compiler.boolean(predicate));
  const [only] = keeps;
  if (keeps.length === 1 && only !== undefined) {
    return compileAxis(axis, test, (run, node, state) => only(run, node, 1, 1) && next(run, node, state), compiler);
  }
  return compileAxis(
    axis,
    test,
    (run, node, state) => keeps.every((keep) => keep(run, node, 1, 1)) && next(run, node, state),
    compiler,
  );
}

/** Positions need the nodes of one context node at once, in axis order (section 2.4). */
function compilePositionalStep<S>(step: Step, next: Visit<S>, compiler: Compiler): Visit<S> {
  const gather = compileAxis(step.axis, step.test, push, compiler);
  const keeps = step.predicates.map((predicate) => compilePredicate(predicate, compiler));
  return (run, node, state) => {
    const found: number[] = [];
    gather(run, node, found);
    return visitEach(next, run, applyPredicates(keeps, run, found), state);
  };
}

function compilePredicate(predicate: Expr, compiler: Compiler): Scalar<boolean> {
  if (typeOf(predicate) !== 'number') return compiler.boolean(predicate);
  const wanted = compiler.number(predicate);
  return (run, node, position, size) => wanted(run, node, position, size) === position;
}

function applyPredicates(keeps: readonly Scalar<boolean>[], run: Run, nodes: readonly number[]): readonly number[] {
  let left = nodes;
  for (const keep of keeps) {
    const size = left.length;
    run.budget.spend(4 + size);
    left = left.filter((node, index) => keep(run, node, index + 1, size));
  }
  return left;
}
