import { describe, expect, test } from 'vitest';
import { compileXPath } from '../../../../src/query/xpath/xpath-expression.ts';

/** Each row means the same throughout. */
const EQUAL: readonly (readonly string[])[] = [
  ['//a', ' // a ', '/descendant-or-self::node()/child::a', '/descendant::a', '/.//a', '//a/.'],
  ['a', 'child::a', './a', 'self::node()/a', '((a))'],
  ['//a[@b="c"]', "//a[ attribute::b = 'c' ]", '/descendant::a[@b="c"]'],
  ['..', 'parent::node()'],
  ['a or b or c', 'a  or(b)or c'],
  ['string()', 'string(.)'],
  ['1.50', '1.5', '01.5'],
  ['--a', 'number(a)', '----a'],
  ['/', ' / '],
];

/** All of these differ. */
const DIFFERENT: readonly string[] = [
  '//a[1]',
  '/descendant::a[1]',
  '(//a)[1]',
  '//a[position()=1]',
  '//a[last()]',
  'a',
  '/a',
  '"a"',
  '"/a"',
  'a="1"',
  'a=1',
  'a!=1',
  'a|b',
  'b|a',
  'a or b',
  'a and b',
  'p:*',
  'p:a',
  '*',
  'node()',
  'text()',
  '@a',
  `"it's"`,
  `'say "a"'`,
  '-1',
  '1',
  '1-1',
];

describe('canonical form', () => {
  test.each(EQUAL)('%s', (...texts) => {
    expect(new Set(texts.map((text) => compileXPath(text).canonical)).size).toBe(1);
  });

  test('keeps apart what differs', () => {
    expect(new Set(DIFFERENT.map((text) => compileXPath(text).canonical)).size).toBe(DIFFERENT.length);
  });
});
