import { type ComparisonOperator, type Expr, type Step, typeOf } from './ast.ts';
import { MIRRORED } from './compile-comparison.ts';
import { numberOf } from './conversions.ts';
import type { FunctionName } from './function-signatures.ts';
import { all, any, type Fact, type Need, type ValueTest } from './need.ts';
import { intersect, isWithin, rangeOf } from './number-range.ts';
import { ANYTHING, boundPattern, extendPattern, type PathPattern, ROOT_PATTERN } from './path-pattern.ts';

/** Facts and steps that are looked at in one expression; what is larger is taken for one of which nothing is known. */
const MAX_PARTS = 10_000;

/**
 * What a document must hold for `expr` to be true of it, with the root node as its context; undefined when nothing can be said. It is
 * necessary, not sufficient: `not()`, positions and what functions make of values are left out.
 */
export function necessaryFacts(expr: Expr): Need | undefined {
  const reader = new NeedReader();
  const need = reader.condition(expr, ROOT_PATTERN);
  return reader.isExhausted ? undefined : need;
}

/** A node that a path may select, and what else must be there for it to be selected. */
interface Selection {
  readonly path: PathPattern;
  readonly need: Need | undefined;
}

class NeedReader {
  #left = MAX_PARTS;

  get isExhausted(): boolean {
    return this.#left <= 0;
  }

  /** What boolean(expr) needs. */
  condition(expr: Expr, context: PathPattern): Need | undefined {
    switch (expr.kind) {
      case 'or':
        return any(expr.operands.map((operand) => this.condition(operand, context)));
      case 'and':
        return this.#conjunction(expr.operands, context);
      case 'comparison':
        return this.#comparison(expr.operator, expr.left, expr.right, context);
      case 'call':
        return this.#call(expr.name, expr.args, context);
      case 'union':
      case 'filter':
      case 'path':
        return this.#exists(expr, context);
      default:
        return undefined;
    }
  }

  /** Bounds of one and the same attribute, or of the context node itself, become one range. */
  #conjunction(exprs: readonly Expr[], context: PathPattern): Need | undefined {
    const needs: (Need | undefined)[] = [];
    const ranges = new Map<string, Fact>();
    for (const expr of exprs.flatMap((each) => (each.kind === 'and' ? each.operands : [each]))) {
      const need = this.condition(expr, context);
      const node = need?.kind === 'fact' && need.test.kind === 'range' ? singleNodeOf(expr) : undefined;
      if (node === undefined) needs.push(need);
      else ranges.set(node, narrowed(ranges.get(node), need as Fact));
    }
    return all([...needs, ...ranges.values()]);
  }

  #comparison(operator: ComparisonOperator, left: Expr, right: Expr, context: PathPattern): Need | undefined {
    if (typeOf(left) === 'boolean' || typeOf(right) === 'boolean') return undefined;
    const [leftSet, rightSet] = [setOf(left), setOf(right)];
    const [leftValue, rightValue] = [constantOf(left), constantOf(right)];
    if (leftSet && rightValue !== undefined) return this.#compare(operator, leftSet, rightValue, context);
    if (rightSet && leftValue !== undefined) return this.#compare(MIRRORED[operator], rightSet, leftValue, context);
    const sets = [left, right].filter((side) => typeOf(side) === 'node-set');
    return all(sets.map((set) => this.#exists(set, context)));
  }

  #compare(operator: ComparisonOperator, set: ValueSet, value: string | number, context: PathPattern): Need | undefined {
    // What is true of the empty set says nothing about nodes.
    if (set.ofEmpty !== undefined && isTrue(operator, set.ofEmpty, value)) return undefined;
    const test = set.isCounted ? EXISTS : comparisonTest(operator, set.isNumber ? asNumber(value) : value);
    return test && this.#have(set.nodes, test, context);
  }

  #call(name: FunctionName, args: readonly Expr[], context: PathPattern): Need | undefined {
    const [first, second] = args;
    if (first === undefined) return undefined;
    if (name === 'boolean') return this.condition(first, context);
    if (name === 'not') {
      const [inner] = first.kind === 'call' && first.name === 'not' ? first.args : [];
      return inner && this.condition(inner, context);
    }
    const set = setOf(first);
    const test = second?.kind === 'literal' && second.value !== '' ? TEXT_TESTS[name]?.(second.value) : undefined;
    return set && !set.isCounted && !set.isNumber && test ? this.#have(set.nodes, test, context) : undefined;
  }

  #exists(set: Expr, context: PathPattern): Need | undefined {
    return this.#have(set, EXISTS, context);
  }

  /** One of the nodes passes the test. */
  #have(set: Expr, test: ValueTest, context: PathPattern): Need | undefined {
    return any(this.#selections(set, context).map((selection) => all([selection.need, factOf(selection, test)])));
  }

  #selections(expr: Expr, context: PathPattern): Selection[] {
    if (--this.#left <= 0) return NOTHING_KNOWN;
    switch (expr.kind) {
      case 'union':
        return expr.operands.flatMap((operand) => this.#selections(operand, context));
      case 'filter':
        return this.#selections(expr.base, context).map((selection) => this.#filter(selection, expr.predicates));
      case 'path':
        return this.#starts(expr.start, context).map((start) => expr.steps.reduce((from, step) => this.#step(from, step), start));
      default:
        return NOTHING_KNOWN; // id()
    }
  }

  #starts(start: 'root' | 'context' | Expr, context: PathPattern): Selection[] {
    if (start === 'root') return [{ path: ROOT_PATTERN, need: undefined }];
    return start === 'context' ? [{ path: context, need: undefined }] : this.#selections(start, context);
  }

  #step({ path, need }: Selection, { axis, test, predicates }: Step): Selection {
    if (--this.#left <= 0) return { path: ANYTHING, need: undefined };
    return this.#filter({ path: extendPattern(path, axis, test), need }, predicates);
  }

  #filter({ path, need }: Selection, predicates: readonly Expr[]): Selection {
    return predicates.length === 0 ? { path, need } : { path, need: all([need, this.#conjunction(predicates, path)]) };
  }
}

const EXISTS: ValueTest = { kind: 'exists' };
const NOTHING_KNOWN: Selection[] = [{ path: ANYTHING, need: undefined }];

const TEXT_TESTS: Readonly<Partial<Record<FunctionName, (text: string) => ValueTest>>> = {
  contains: (text) => ({ kind: 'contains', text }),
  'starts-with': (text) => ({ kind: 'prefix', text }),
  'contains-ignore-case': (text) => ({ kind: 'contains-lower', text: text.toLowerCase() }),
};

/** Undefined when it goes without saying: of nodes that may be anywhere, of the root, and of those that other facts are about. */
function factOf({ path, need }: Selection, test: ValueTest): Fact | undefined {
  const isTrivial = path.isOpen || (test.kind === 'exists' && (path.steps.length === 0 || isImplied(path, need)));
  return isTrivial ? undefined : { kind: 'fact', path: boundPattern(path), test };
}

/** Whether a fact about a node at the end of `path` or below it is part of `need`. */
function isImplied({ steps }: PathPattern, need: Need | undefined): boolean {
  const parts = need?.kind === 'all' ? need.needs : [need];
  return parts.some((part) => part?.kind === 'fact' && steps.every((step, i) => part.path.steps[i] === step));
}

/** The nodes whose values an expression stands for. */
interface ValueSet {
  readonly nodes: Expr;
  /** What it is when there are none; undefined: then no comparison is true. */
  readonly ofEmpty: string | number | undefined;
  readonly isNumber: boolean;
  /** It says how many or how long they are. */
  readonly isCounted: boolean;
}

function setOf(expr: Expr): ValueSet | undefined {
  if (typeOf(expr) === 'node-set') return { nodes: expr, ofEmpty: undefined, isNumber: false, isCounted: false };
  const [nodes] = expr.kind === 'call' ? expr.args : [];
  if (expr.kind !== 'call' || nodes === undefined || typeOf(nodes) !== 'node-set') return undefined;
  switch (expr.name) {
    case 'string':
      return { nodes, ofEmpty: '', isNumber: false, isCounted: false };
    case 'number':
      return { nodes, ofEmpty: Number.NaN, isNumber: true, isCounted: false };
    case 'count':
    case 'sum':
    case 'string-length':
      return { nodes, ofEmpty: 0, isNumber: true, isCounted: true };
    default:
      return undefined;
  }
}

function constantOf(expr: Expr): string | number | undefined {
  if (expr.kind === 'literal' || expr.kind === 'number') return expr.value;
  return expr.kind === 'negation' && expr.operand.kind === 'number' ? -expr.operand.value : undefined;
}

function comparisonTest(operator: ComparisonOperator, value: string | number): ValueTest | undefined {
  if (operator === '!=') return EXISTS;
  if (operator === '=' && typeof value === 'string') return { kind: 'equals', text: value };
  const range = rangeOf(operator, asNumber(value));
  return range && { kind: 'range', range };
}

function isTrue(operator: ComparisonOperator, left: string | number, right: string | number): boolean {
  if (typeof left === 'string' && typeof right === 'string' && (operator === '=' || operator === '!=')) {
    return (left === right) === (operator === '=');
  }
  if (operator === '!=') return asNumber(left) !== asNumber(right);
  const range = rangeOf(operator, asNumber(right));
  return range !== undefined && isWithin(range, asNumber(left));
}

function asNumber(value: string | number): number {
  return typeof value === 'number' ? value : numberOf(value);
}

/** Of a comparison with an attribute of the context node, or with that node itself: which node it is. Only one can be meant. */
function singleNodeOf(expr: Expr): string | undefined {
  if (expr.kind !== 'comparison') return undefined;
  const side = typeOf(expr.left) === 'node-set' ? expr.left : expr.right;
  if (side.kind !== 'path' || side.start !== 'context' || side.steps.length > 1) return undefined;
  const [step] = side.steps;
  if (step === undefined) return '.';
  const isOne = step.axis === 'attribute' && step.test.kind === 'name' && step.predicates.length === 0;
  return isOne && step.test.kind === 'name' ? `@${step.test.name}` : undefined;
}

function narrowed(known: Fact | undefined, fact: Fact): Fact {
  if (known?.test.kind !== 'range' || fact.test.kind !== 'range') return fact;
  return { ...fact, test: { kind: 'range', range: intersect(known.test.range, fact.test.range) } };
}
