import { type ComparisonOperator, type Expr, typeOf } from './ast.ts';
import { stringValue, toNumber } from './conversions.ts';
import type { Compiler, NodeSet, Run, Scalar, Visit } from './evaluation.ts';

/** Compiles a comparison by the static types of its sides (XPath 1.0, section 3.4). */
export function compileComparison(operator: ComparisonOperator, left: Expr, right: Expr, compiler: Compiler): Scalar<boolean> {
  const leftIsSet = typeOf(left) === 'node-set';
  const rightIsSet = typeOf(right) === 'node-set';
  if (typeOf(left) === 'boolean' || typeOf(right) === 'boolean') return booleans(operator, left, right, compiler);
  if (leftIsSet && rightIsSet) return sets(operator, compiler.nodeSet(left), compiler.nodeSet(right));
  if (leftIsSet) return setWithValue(operator, compiler.nodeSet(left), right, compiler);
  if (rightIsSet) return setWithValue(MIRRORED[operator], compiler.nodeSet(right), left, compiler);
  if (isEquality(operator) && typeOf(left) === 'string' && typeOf(right) === 'string')
    return strings(operator, left, right, compiler);
  return numbers(operator, compiler.number(left), compiler.number(right));
}

export const MIRRORED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

type Compare = (left: number, right: number) => boolean;
const COMPARE: Readonly<Record<ComparisonOperator, Compare>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function isEquality(operator: ComparisonOperator): operator is '=' | '!=' {
  return operator === '=' || operator === '!=';
}

/** A boolean on one side makes both sides boolean, a node-set as a whole; the order of booleans is that of 0 and 1. */
function booleans(operator: ComparisonOperator, left: Expr, right: Expr, compiler: Compiler): Scalar<boolean> {
  if (!isEquality(operator) && typeOf(left) !== 'node-set' && typeOf(right) !== 'node-set') {
    return numbers(operator, compiler.number(left), compiler.number(right));
  }
  const leftValue = compiler.boolean(left);
  const rightValue = compiler.boolean(right);
  return numbers(
    operator,
    (...context) => Number(leftValue(...context)),
    (...context) => Number(rightValue(...context)),
  );
}

function numbers(operator: ComparisonOperator, left: Scalar<number>, right: Scalar<number>): Scalar<boolean> {
  const compare = COMPARE[operator];
  return (run, node, position, size) => {
    run.budget.spend(1);
    return compare(left(run, node, position, size), right(run, node, position, size));
  };
}

function strings(operator: '=' | '!=', left: Expr, right: Expr, compiler: Compiler): Scalar<boolean> {
  const leftValue = compiler.string(left);
  const rightValue = compiler.string(right);
  const wanted = operator === '=';
  return (run, node, position, size) =>
    same(run, leftValue(run, node, position, size), rightValue(run, node, position, size)) === wanted;
}

function same(run: Run, left: string, right: string): boolean {
  run.budget.spend(1 + (left.length === right.length ? left.length >> 6 : 0));
  return left === right;
}

/** True when any node of the set compares so with the value. */
function setWithValue(operator: ComparisonOperator, set: NodeSet, value: Expr, compiler: Compiler): Scalar<boolean> {
  if (isEquality(operator) && typeOf(value) === 'string') return setWithString(operator, set, value, compiler);
  const compare = COMPARE[operator];
  const visit: Visit<number> = (run, node, wanted) => compare(toNumber(run, stringValue(run, node)), wanted);
  const walk = set.walk(visit);
  const number = compiler.number(value);
  return (run, node, position, size) => walk(run, node, number(run, node, position, size));
}

function setWithString(operator: '=' | '!=', set: NodeSet, value: Expr, compiler: Compiler): Scalar<boolean> {
  const wanted = operator === '=';
  const visit: Visit<string> = (run, node, text) => same(run, stringValue(run, node), text) === wanted;
  const walk = set.walk(visit);
  if (value.kind === 'literal') {
    const slot = compiler.slotOf(value);
    return (run, node) => walk(run, node, run.constants.texts[slot] ?? '');
  }
  const string = compiler.string(value);
  return (run, node, position, size) => walk(run, node, string(run, node, position, size));
}

/** True when any pair compares so. Each node is read once: a set of strings or the extreme number stands for the left side. */
function sets(operator: ComparisonOperator, left: NodeSet, right: NodeSet): Scalar<boolean> {
  if (isEquality(operator)) return equalSets(operator, left, right);
  const compare = COMPARE[operator];
  const wantsLow = operator === '<' || operator === '<=';
  const gather = left.walk<{ value: number }>((run, node, extreme) => {
    const value = toNumber(run, stringValue(run, node));
    const isNew = Number.isNaN(extreme.value) || (wantsLow ? value < extreme.value : value > extreme.value);
    if (isNew) extreme.value = value;
    return false;
  });
  const probe = right.walk<number>((run, node, extreme) => compare(extreme, toNumber(run, stringValue(run, node))));
  return (run, node) => {
    const extreme = { value: Number.NaN };
    gather(run, node, extreme);
    return !Number.isNaN(extreme.value) && probe(run, node, extreme.value);
  };
}

function equalSets(operator: '=' | '!=', left: NodeSet, right: NodeSet): Scalar<boolean> {
  const gather = left.walk<Set<string>>((run, node, values) => {
    values.add(hashed(run, stringValue(run, node)));
    return false;
  });
  const probe = right.walk<Set<string>>((run, node, values) => {
    const value = hashed(run, stringValue(run, node));
    return operator === '=' ? values.has(value) : values.size > 1 || !values.has(value);
  });
  return (run, node) => {
    run.budget.spend(4);
    const values = new Set<string>();
    gather(run, node, values);
    return values.size > 0 && probe(run, node, values);
  };
}

/** Pays for hashing and comparing `value` in a Set. */
function hashed(run: Run, value: string): string {
  run.budget.spend(2 + (value.length >> 5));
  return value;
}
