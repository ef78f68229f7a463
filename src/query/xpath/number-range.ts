import type { ComparisonOperator } from './ast.ts';

/** The numbers between two bounds, which may be infinite. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
  /** Whether the bounds themselves belong to it. */
  readonly hasLow: boolean;
  readonly hasHigh: boolean;
}

/** The numbers of which `number operator bound` is true; undefined when these are no range. */
export function rangeOf(operator: ComparisonOperator, bound: number): NumberRange | undefined {
  if (Number.isNaN(bound)) return undefined;
  const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  switch (operator) {
    case '=':
      return { low: bound, high: bound, hasLow: true, hasHigh: true };
    case '<':
    case '<=':
      return { low, high: bound, hasLow: true, hasHigh: operator === '<=' };
    case '>':
    case '>=':
      return { low: bound, high, hasLow: operator === '>=', hasHigh: true };
    case '!=':
      return undefined;
  }
}

export function isWithin({ low, high, hasLow, hasHigh }: NumberRange, value: number): boolean {
  return (hasLow ? value >= low : value > low) && (hasHigh ? value <= high : value < high);
}

/** The numbers that are in both; it may be empty. */
export function intersect(a: NumberRange, b: NumberRange): NumberRange {
  const { low, hasLow } = a.low > b.low || (a.low === b.low && !a.hasLow) ? a : b;
  const { high, hasHigh } = a.high < b.high || (a.high === b.high && !a.hasHigh) ? a : b;
  return { low, high, hasLow, hasHigh };
}
