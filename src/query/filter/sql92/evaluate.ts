import type { PropertyValue } from '../property-value.ts';
import type { Comparison, Condition, Operand, Term } from './ast.ts';
import type { Sql92Budget } from './budget.ts';

/** The message that a condition is asked about. */
export interface Sql92Run {
  readonly properties: ReadonlyMap<string, PropertyValue>;
  readonly budget: Sql92Budget;
}

/** What an operand is worth; null is a property that the message does not have. */
type Value = PropertyValue | null;

/**
 * Whether `condition` holds. As in the original there are two truth values: whatever is asked of a missing property is false, but for
 * `<>` and `IS NULL`, and NOT turns it round. Values of different kinds are never equal and have no order.
 *
 * @throws Error when the budget is spent.
 */
export function holds(condition: Condition, run: Sql92Run): boolean {
  run.budget.spend(1);
  switch (condition.kind) {
    case 'or':
      return condition.conditions.some((each) => holds(each, run));
    case 'and':
      return condition.conditions.every((each) => holds(each, run));
    case 'not':
      return !holds(condition.condition, run);
    case 'comparison':
      return compare(condition.operator, evaluate(condition.left, run), evaluate(condition.right, run), run);
    case 'between': {
      const value = evaluate(condition.value, run);
      return compare('>=', value, evaluate(condition.low, run), run) && compare('<=', value, evaluate(condition.high, run), run);
    }
    case 'in': {
      const value = evaluate(condition.value, run);
      return condition.items.some((item) => compare('=', value, evaluate(item, run), run));
    }
    case 'like': {
      const value = evaluate(condition.value, run);
      return typeof value === 'string' && condition.pattern.matches(value, run.budget);
    }
    case 'regex': {
      const value = evaluate(condition.value, run);
      if (typeof value !== 'string') return false;
      run.budget.spend(condition.regex.work(value.length) >> 2);
      return condition.regex.matches(value);
    }
    case 'null':
      return evaluate(condition.value, run) === null;
    case 'truth':
      return evaluate(condition.value, run) === true;
  }
}

function compare(operator: Comparison, left: Value, right: Value, { budget }: Sql92Run): boolean {
  if (left === null || right === null || typeof left !== typeof right) return operator === '<>';
  if (typeof left === 'string') budget.spend(1 + (left.length >> 4));
  if (operator === '=') return left === right;
  if (operator === '<>') return left !== right;
  return typeof left !== 'boolean' && ORDER[operator](left, right);
}

/** Numbers by size, texts by their UTF-16 units. */
const ORDER: Readonly<Record<'<' | '<=' | '>' | '>=', (left: PropertyValue, right: PropertyValue) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function evaluate(operand: Operand, run: Sql92Run): Value {
  run.budget.spend(1);
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'property':
      return run.properties.get(operand.name) ?? null;
    case 'minus': {
      const value = numberOf(operand.operand, run);
      return value === null ? null : -value;
    }
    case 'sum':
      return sum(operand.first, operand.rest, run);
    case 'product':
      return product(operand.first, operand.rest, run);
  }
}

/** What is no number is NaN: equal to nothing, and without an order. */
function numberOf(operand: Operand, run: Sql92Run): number | null {
  const value = evaluate(operand, run);
  return value === null || typeof value === 'number' ? value : Number.NaN;
}

/** A missing property counts as 0 beside one that is there. */
function sum(first: Operand, rest: readonly Term<'+' | '-'>[], run: Sql92Run): number | null {
  let total = numberOf(first, run);
  for (const { operator, operand } of rest) {
    const value = numberOf(operand, run);
    if (value !== null) total = operator === '+' ? (total ?? 0) + value : (total ?? 0) - value;
  }
  return total;
}

/** A missing property makes the whole one missing. */
function product(first: Operand, rest: readonly Term<'*' | '/'>[], run: Sql92Run): number | null {
  let total = numberOf(first, run);
  for (const { operator, operand } of rest) {
    const value = numberOf(operand, run);
    total = total === null || value === null ? null : operator === '*' ? total * value : total / value;
  }
  return total;
}
