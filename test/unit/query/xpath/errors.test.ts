import { describe, expect, test } from 'vitest';
import { BrokerError } from '../../../../src/model/error.ts';
import { compileXPath } from '../../../../src/query/xpath/xpath-expression.ts';
import { el, matches } from './trees.ts';

/** Expression, and the message behind "XPath, ". */
const INVALID: readonly (readonly [expression: string, message: string])[] = [
  ['', 'column 1: unexpected end'],
  ['   ', 'column 4: unexpected end'],
  ['//', 'column 3: unexpected end'],
  ['//a[', 'column 5: unexpected end'],
  ['//a]', "column 4: unexpected ']'"],
  ['//a[]', "column 5: unexpected ']'"],
  ['(a', 'column 3: unexpected end'],
  ['a)', "column 2: unexpected ')'"],
  ['a b', "column 3: unexpected 'b'"],
  ["'x' 'y'", "column 5: unexpected 'y'"],
  ['a = = b', "column 5: unexpected '='"],
  ['a/', 'column 3: unexpected end'],
  ['a//', 'column 4: unexpected end'],
  ['..[1]', "column 3: unexpected '['"],
  ['.[1]', "column 2: unexpected '['"],
  ['@@a', "column 2: unexpected '@'"],
  ['a[1', 'column 4: unexpected end'],
  ['count(a', 'column 8: unexpected end'],
  ['count(a,)', "column 9: unexpected ')'"],
  ['text(1)', "column 6: unexpected '1'"],
  ['processing-instruction(a)', "column 24: unexpected 'a'"],
  ['//日本[+]', "column 6: unexpected '+'"],
  ["'\u{1F600}' [1", 'column 7: unexpected end'],
  ['a!b', "column 2: unexpected character '!'"],
  ['#', "column 1: unexpected character '#'"],
  ['a\0b', 'column 2: unexpected character U+0000'],
  ['a\u00A0b', 'column 2: unexpected character U+00A0'],
  ['p:', "column 2: unexpected character ':'"],
  ['p:*:a', "column 4: unexpected character ':'"],
  ["//a[@b='c]", "column 8: string literal ' is never closed"],
  ['a="', 'column 3: string literal " is never closed'],
  ['a::b', "column 1: unknown axis 'a'"],
  ['//a/__proto__::b', "column 5: unknown axis '__proto__'"],
  ['$x', 'column 1: variables are not available, unexpected $'],
  ['//a[@b=$y]', 'column 8: variables are not available, unexpected $'],
  ['foo(1)', 'column 1: unknown function foo()'],
  ['//a[@b and p:foo()]', 'column 12: unknown function p:foo()'],
  ['constructor()', 'column 1: unknown function constructor()'],
  ['toString()', 'column 1: unknown function toString()'],
  ['__proto__()', 'column 1: unknown function __proto__()'],
  ['not(hasOwnProperty(1))', 'column 5: unknown function hasOwnProperty()'],
  ['count()', 'column 1: count() takes 1 argument, not 0'],
  ['1 + last(1)', 'column 5: last() takes 0 arguments, not 1'],
  ["concat('a')", 'column 1: concat() takes 2 or more arguments, not 1'],
  ["substring('a')", 'column 1: substring() takes 2 to 3 arguments, not 1'],
  ['//a[name(b, c)]', 'column 5: name() takes 0 to 1 arguments, not 2'],
  ["translate('a','b')", 'column 1: translate() takes 3 arguments, not 2'],
  ["count('a')", 'column 1: count() takes a node-set, not a string'],
  ['//a[sum(1) > 2]', 'column 5: sum() takes a node-set, not a number'],
  ['name(true())', 'column 1: name() takes a node-set, not a boolean'],
  ["'a' | b", "column 5: '|' needs a node-set, not a string"],
  ['a | b | count(c)', "column 7: '|' needs a node-set, not a number"],
  ["'a'[1]", "column 4: '[' needs a node-set, not a string"],
  ['(1 + 2)/b', "column 8: '/' needs a node-set, not a number"],
  ['string(a)//b', "column 10: '//' needs a node-set, not a string"],
];

function failureOf(expression: string, maxBytes = 4096): BrokerError {
  try {
    compileXPath(expression, { maxBytes });
  } catch (error) {
    if (error instanceof BrokerError) return error;
    throw error;
  }
  throw new Error(`accepted: ${expression}`);
}

test.each(INVALID)('%j: %s', (expression, message) => {
  expect(failureOf(expression)).toMatchObject({ code: 'user.query.invalid', message: `XPath, ${message}` });
});

test('a long token is cut in the message', () => {
  expect(failureOf(`a ${'b'.repeat(100)}`).message).toBe(`XPath, column 3: unexpected '${'b'.repeat(40)}…'`);
});

describe('length', () => {
  test('4096 bytes of UTF-8 are accepted by default, 4097 are not', () => {
    expect(() => compileXPath('a'.repeat(4096))).not.toThrow();
    expect(failureOf('a'.repeat(4097))).toMatchObject({
      code: 'user.maxSizeExceed',
      message: 'XPath of 4097 bytes, at most 4096 are accepted',
    });
    expect(failureOf(`'${'ä'.repeat(2048)}'`).code).toBe('user.maxSizeExceed');
  });

  test('the bound is the caller’s', () => {
    expect(failureOf('//abc', 4).code).toBe('user.maxSizeExceed');
  });

  test('a megabyte is refused before anything reads it', () => {
    expect(failureOf('('.repeat(1_000_000)).code).toBe('user.maxSizeExceed');
  });
});

/** Expressions that nest, by what nests; each is about 4 kB. */
const DEEP: Readonly<Record<string, string>> = {
  parentheses: `${'('.repeat(2000)}1${')'.repeat(2000)}`,
  predicates: `${'a['.repeat(1300)}a${']'.repeat(1300)}`,
  calls: `${'not('.repeat(800)}1${')'.repeat(800)}`,
  sums: Array(2000).fill('1').join('+'),
  comparisons: Array(2000).fill('1').join('='),
  steps: Array(2000).fill('a').join('/'),
  descendants: '//a'.repeat(1300),
  both: `${'a/b['.repeat(800)}a${']'.repeat(800)}`,
};

describe('nesting', () => {
  test.each(Object.entries(DEEP))('%s deeper than 100 levels', (_name, expression) => {
    expect(failureOf(expression)).toMatchObject({
      code: 'user.query.invalid',
      message: expect.stringContaining('nested deeper than 100 levels'),
    });
  });

  test('unbalanced brackets are a plain syntax error', () => {
    expect(failureOf('('.repeat(4096)).message).toBe('XPath, column 4097: unexpected end');
    expect(failureOf('a['.repeat(2048)).message).toBe('XPath, column 4097: unexpected end');
  });

  test('long chains that do not nest are welcome', () => {
    const topic = el('key', { oid: 'a' });
    expect(matches(`${'-'.repeat(4000)}1 = 1`, topic)).toBe(true);
    expect(matches(`${Array(1300).fill('b').join('|')}|//key`, topic)).toBe(true);
    expect(matches(`${Array(600).fill('b').join(' or ')} or //key`, topic)).toBe(true);
    expect(matches(`concat(${Array(2000).fill('1').join(',')}) = 1`, topic)).toBe(false);
    expect(matches(`//key${'[1]'.repeat(1300)}`, topic)).toBe(true);
    expect(matches(`/xmlBlaster${'/key/..'.repeat(40)}/key`, topic)).toBe(true);
  });
});
