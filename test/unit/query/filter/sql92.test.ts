import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClientProperty } from '../../../../src/model/client-property.ts';
import { readProperties } from '../../../../src/query/filter/property-value.ts';
import { compileSql92 } from '../../../../src/query/filter/sql92/sql92.ts';
import { refusalOf } from '../../codec/broker-error.ts';
import { titled } from '../../titled.ts';
import { type Case, cases } from './sql92-oracle.ts';

const PERSON: readonly ClientProperty[] = [
  { name: 'age', type: 'int', value: '23' },
  { name: 'city', value: 'London' },
  { name: 'amount', type: 'double', value: ' 100.1234567 ' },
  { name: 'isUrgent', type: 'boolean', value: 'true' },
  { name: 'path', type: 'String', value: 'a_b%c' },
  { name: 'note', encoding: 'base64', value: Buffer.from("it's").toString('base64') },
  { name: 'latin', encoding: 'base64', charset: 'ISO-8859-1', value: Buffer.from('é', 'latin1').toString('base64') },
  { name: 'broken', type: 'long', value: '1x' },
  { name: 'Größe_$1', type: 'byte', value: '1' },
];

const matches = (condition: string, properties = PERSON): boolean => compileSql92(condition).matches(readProperties(properties));

/** Each must hold of PERSON. */
const TRUE: Readonly<Record<string, readonly string[]>> = {
  'AND, OR, NOT and their order': [
    "age=23 AND city='London' AND amount<200.2",
    "age=1 OR city='London' AND amount<200.2",
    'age=23 OR age=1 AND age=2',
    'NOT age=1 AND age=23',
    'NOT (age=23 AND age=1)',
    'NOT NOT age=23',
    "((age=23) AND (NOT(city='Paris')))",
    'age=23 and not age=1 or FALSE',
  ],
  arithmetic: [
    'age = 15+8',
    'age = 2*(26-3)-23',
    'age = -(23*1)+46',
    'age = 47-12*2',
    '8-4-2 = 2',
    '8/4/2 = 1',
    'age+4 = 27',
    '- - age = 23',
    'age = +23',
    '.5 + 1. = 15E-1',
    'age*missing IS NULL',
    'age+missing = 23',
    'missing-age = -23',
    'missing+missing IS NULL',
    '-missing IS NULL',
    '1/0 > age',
  ],
  comparisons: [
    "city < 'Paris' AND city >= 'London' AND city => 'London' AND city <= 'London'",
    'age <> 24 AND age != 24 AND age ^= 24',
    'amount > 100.1234566 AND amount < 100.1234568',
    "NOT age = '23' AND age <> '23' AND NOT age < '24' AND NOT city > 1",
    'isUrgent = TRUE AND isUrgent <> FALSE AND NOT isUrgent > FALSE',
    'isUrgent',
    'NOT FALSE AND (isUrgent)',
    'NOT city',
    'NOT missing',
    'NOT broken = broken AND broken <> broken AND NOT broken < 1',
    'NOT city + 1 > 0',
    'Größe_$1 = 1',
  ],
  'what is missing': [
    'missing IS NULL AND age IS NOT NULL',
    'NOT missing = 1 AND missing <> 1 AND NOT missing < 1 AND NOT missing = missing',
    "NOT missing LIKE '%' AND missing NOT LIKE '%'",
    "NOT missing IN ('a') AND missing NOT IN ('a') AND NOT age IN (missing)",
    'NOT missing BETWEEN 1 AND 2 AND missing NOT BETWEEN 1 AND 2 AND NOT age BETWEEN missing AND 99',
    "NOT missing REGEX '.*'",
  ],
  'BETWEEN, IN': [
    'age BETWEEN 23 AND 23 AND NOT age BETWEEN 30 AND 10 AND age NOT BETWEEN 24 AND 30',
    "city BETWEEN 'Amsterdam' AND 'Paris'",
    'age BETWEEN 20+3 AND 46/2 AND age=23',
    "age IN (25,23,30) AND city IN('London') AND city NOT IN ('Paris','Rome')",
    'age IN (-1, 20+3) AND 23 IN (age)',
    "age+1 IN (24) AND NOT age IN ('23')",
  ],
  LIKE: [
    "city LIKE 'L%n' AND city LIKE 'Lo_d_n' AND city LIKE '%' AND city LIKE 'London'",
    "NOT city LIKE 'l%' AND city NOT LIKE 'L%x' AND NOT city LIKE 'Lon' AND NOT city LIKE 'Londo'",
    "path LIKE 'a\\_b\\%c' ESCAPE '\\' AND NOT 'axbxc' LIKE 'a\\_b\\%c' ESCAPE '\\'",
    "'a\\b' LIKE 'a\\\\b' ESCAPE '\\' AND 'a.c' LIKE 'a.c' AND NOT 'abc' LIKE 'a.c' AND '(' LIKE '('",
    "'12993' LIKE '12%3' AND NOT '1234' LIKE '12%3' AND 'aab' LIKE '%ab' AND '' LIKE '%%'",
    "'a\nb' LIKE 'a%b' AND '\u{1F600}' LIKE '_'",
    "NOT age LIKE '23'",
  ],
  REGEX: [
    "city REGEX 'L\\Dn\\Son' AND city REGEX 'L[m-z]ndo[^z]' AND NOT city REGEX 'ondo' AND city NOT REGEX 'L.*x'",
    "NOT age REGEX '23'",
  ],
  texts: ["note = 'it''s'", "latin = 'é'", "'' = ''", ";city = 'London';"],
};

describe.each(Object.entries(TRUE))('%s', (_subject, conditions) => {
  test.each(conditions)('%s', (condition) => {
    expect(matches(condition)).toBe(true);
    expect(matches(`NOT (${condition})`)).toBe(false);
  });
});

test.each(
  titled([
    ['', 1, 'unexpected end'],
    ['age', undefined, ''],
    ['age =', 6, 'unexpected end'],
    ['age = = 1', 7, 'unexpected "="'],
    ['age 23', 5, 'unexpected "23"'],
    ['(age = 1', 9, 'unexpected end, ) is needed'],
    ['age = 1)', 8, 'unexpected ")"'],
    ['23', 1, 'here is a value where a condition is needed'],
    ["age = 1 AND 'x'", 13, 'here is a value where a condition is needed'],
    ['(age = 1) + 2 = 3', 1, 'here is a condition where a value is needed'],
    ['age = (city = 1)', 7, 'here is a condition where a value is needed'],
    ['age IN ()', 9, 'unexpected ")"'],
    ['age IN 1', 8, 'unexpected "1", ( is needed'],
    ['age BETWEEN 1 OR 2', 15, 'unexpected "OR", AND is needed'],
    ['age IS 1', 8, 'unexpected "1", NULL is needed'],
    ['age = NULL', 7, 'unexpected "NULL"'],
    ['age NOT 1', 9, 'unexpected "1"'],
    ['city LIKE age', 11, 'unexpected "age", a text in quotes is needed'],
    ["city LIKE 'a' ESCAPE ''", 22, 'behind ESCAPE stands one character'],
    ["city LIKE 'a' ESCAPE 'ab'", 22, 'behind ESCAPE stands one character'],
    ["city REGEX '('", 12, '"(" is no regular expression: missing closing ): `(`'],
    ["city = 'x", 8, 'the text has no end'],
    ['a & b', 3, 'the character "&" means nothing here'],
    ['ü = "a"', 5, 'the character """ means nothing here'],
    [`${'('.repeat(101)}a`, 102, 'nested deeper than 100'],
    [`${'NOT '.repeat(101)}a`, 405, 'nested deeper than 100'],
  ] as const),
)('%s', (_title, condition, column, problem) => {
  if (column === undefined) return expect(matches(condition, [])).toBe(false);
  expect(refusalOf(() => compileSql92(condition))).toEqual({
    code: 'user.illegalArgument',
    message: `column ${column}: ${problem}`,
  });
});

test('long chains and deep but legal brackets are answered', () => {
  expect(matches(`age = ${'1+'.repeat(5_000)}1`)).toBe(false);
  expect(matches(`${'age=0 OR '.repeat(1_500)}age=23`)).toBe(true);
  expect(matches(`${'('.repeat(99)}age=23${')'.repeat(99)}`)).toBe(true);
  expect(matches(`age = ${'-'.repeat(9_000)}23`)).toBe(true);
});

test('a condition that costs too much fails', () => {
  const big = [{ name: 'big', value: 'a'.repeat(100_000) }];
  expect(matches("big LIKE '%a%a%' AND big LIKE '%a'", big)).toBe(true);
  expect(() => matches(`${"big LIKE '%aab' OR ".repeat(100)} FALSE`, big)).toThrow('more than 1000000 steps');
});

test('says of any condition and message what the definition says', () => {
  fc.assert(
    fc.property(cases, ({ condition, properties, expected }: Case) => {
      expect(matches(condition, properties), condition).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test('any text is either a condition or refused', () => {
  const words = [
    'age',
    "'x'",
    '1',
    'AND',
    'OR',
    'NOT',
    '(',
    ')',
    '=',
    '<',
    'IN',
    ',',
    'LIKE',
    'IS',
    'NULL',
    'BETWEEN',
    '-',
    '*',
    'é',
    "'",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (parts) => {
      const text = parts.join(' ');
      try {
        expect(typeof matches(text)).toBe('boolean');
      } catch {
        expect(refusalOf(() => compileSql92(text)).code).toBe('user.illegalArgument');
      }
    }),
    { numRuns: 2_000 },
  );
});
