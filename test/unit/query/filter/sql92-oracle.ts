import fc from 'fast-check';
import type { ClientProperty } from '../../../../src/model/client-property.ts';

/** A condition as text, the properties of a message, and the answer. */
export interface Case {
  readonly condition: string;
  readonly properties: readonly ClientProperty[];
  readonly expected: boolean;
}

type Value = string | number | boolean | null;
type Message = Readonly<Record<string, string | number | boolean>>;

/** A part of a condition: how it is written, and what it means; meaning is written down here a second time, on JavaScript's own terms. */
interface Part<T> {
  readonly text: string;
  readonly mean: (message: Message) => T;
}

const NAMES = ['a', 'b', 'c', 'd'];
const numbers = fc.integer({ min: 0, max: 6 });
const strings = fc.string({ unit: fc.constantFrom('x', 'y', '%', '_', "'", '.', '\u{1F600}'), maxLength: 4 });
const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const leaf: fc.Arbitrary<Part<Value>> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...NAMES).map((name) => ({ text: name, mean: (message: Message) => message[name] ?? null })),
  },
  { weight: 2, arbitrary: numbers.map((value) => ({ text: String(value), mean: () => value })) },
  { weight: 2, arbitrary: strings.map((value) => ({ text: quote(value), mean: () => value })) },
  { weight: 1, arbitrary: fc.boolean().map((value) => ({ text: String(value).toUpperCase(), mean: () => value })) },
);

const toNumber = (value: Value): number | null => (value === null || typeof value === 'number' ? value : Number.NaN);

/** Brackets around everything: what binds how strongly is tested apart. */
const { operand } = fc.letrec<{ operand: Part<Value> }>((tie) => ({
  operand: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.tuple(tie('operand'), fc.constantFrom('+', '-', '*', '/'), tie('operand')).map(([left, operator, right]) => ({
      text: `(${left.text} ${operator} ${right.text})`,
      mean: (message: Message) => compute(operator, toNumber(left.mean(message)), toNumber(right.mean(message))),
    })),
    tie('operand').map((inner) => ({
      text: `(- ${inner.text})`,
      mean: (message: Message) => {
        const value = toNumber(inner.mean(message));
        return value === null ? null : -value;
      },
    })),
  ),
}));

function compute(operator: string, left: number | null, right: number | null): number | null {
  if (operator === '*' || operator === '/') {
    if (left === null || right === null) return null;
    return operator === '*' ? left * right : left / right;
  }
  if (left === null && right === null) return null;
  return operator === '+' ? (left ?? 0) + (right ?? 0) : (left ?? 0) - (right ?? 0);
}

function compare(operator: string, left: Value, right: Value): boolean {
  const isEqual = left !== null && right !== null && typeof left === typeof right && left === right;
  if (operator === '=') return isEqual;
  if (operator === '<>') return !isEqual;
  if (left === null || right === null || typeof left !== typeof right || typeof left === 'boolean') return false;
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

const comparison: fc.Arbitrary<Part<boolean>> = fc
  .tuple(operand, fc.constantFrom('=', '<>', '<', '<=', '>', '>='), operand)
  .map(([left, operator, right]) => ({
    text: `${left.text} ${operator} ${right.text}`,
    mean: (message) => compare(operator, left.mean(message), right.mean(message)),
  }));

const between: fc.Arbitrary<Part<boolean>> = fc
  .tuple(operand, operand, operand, fc.boolean())
  .map(([value, low, high, isNot]) => ({
    text: `${value.text} ${isNot ? 'NOT ' : ''}BETWEEN ${low.text} AND ${high.text}`,
    mean: (message) =>
      isNot !== (compare('>=', value.mean(message), low.mean(message)) && compare('<=', value.mean(message), high.mean(message))),
  }));

const inList: fc.Arbitrary<Part<boolean>> = fc
  .tuple(operand, fc.array(leaf, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([value, items, isNot]) => ({
    text: `${value.text} ${isNot ? 'NOT ' : ''}IN (${items.map(({ text }) => text).join(', ')})`,
    mean: (message) => isNot !== items.some((item) => compare('=', value.mean(message), item.mean(message))),
  }));

const like: fc.Arbitrary<Part<boolean>> = fc
  .tuple(operand, strings, fc.constantFrom('', 'y', '%'), fc.boolean())
  .map(([value, pattern, escapeChar, isNot]) => {
    const regex = likeToRegex(pattern, escapeChar);
    return {
      text: `${value.text} ${isNot ? 'NOT ' : ''}LIKE ${quote(pattern)}${escapeChar && ` ESCAPE ${quote(escapeChar)}`}`,
      mean: (message) => {
        const text = value.mean(message);
        return isNot !== (typeof text === 'string' && regex.test(text));
      },
    };
  });

function likeToRegex(pattern: string, escapeChar: string): RegExp {
  const literal = (char: string): string => char.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const chars = Array.from(pattern);
  let source = '';
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === escapeChar) source += literal(chars[++i] ?? '');
    else if (char === '%') source += '.*';
    else source += char === '_' ? '.' : literal(char);
  }
  return new RegExp(`^(?:${source})$`, 'su');
}

const isNull: fc.Arbitrary<Part<boolean>> = fc.tuple(operand, fc.boolean()).map(([value, isNot]) => ({
  text: `${value.text} IS ${isNot ? 'NOT ' : ''}NULL`,
  mean: (message) => (value.mean(message) === null) !== isNot,
}));

const { condition } = fc.letrec<{ condition: Part<boolean> }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(comparison, between, inList, like, isNull),
    fc.constantFrom(...NAMES).map((name) => ({ text: name, mean: (message: Message) => message[name] === true })),
    fc.tuple(tie('condition'), fc.constantFrom('AND', 'OR'), tie('condition')).map(([left, operator, right]) => ({
      text: `(${left.text}) ${operator} (${right.text})`,
      mean: (message: Message) =>
        operator === 'AND' ? left.mean(message) && right.mean(message) : left.mean(message) || right.mean(message),
    })),
    tie('condition').map((inner) => ({ text: `NOT (${inner.text})`, mean: (message: Message) => !inner.mean(message) })),
  ),
}));

const message: fc.Arbitrary<Message> = fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(numbers, strings, fc.boolean()));

export const cases: fc.Arbitrary<Case> = fc.tuple(condition, message).map(([{ text, mean }, properties]) => ({
  condition: text,
  properties: Object.entries(properties).map(([name, value]) => ({
    name,
    value: String(value),
    ...(typeof value === 'string' ? {} : { type: typeof value === 'number' ? 'int' : 'boolean' }),
  })),
  expected: mean(properties),
}));
