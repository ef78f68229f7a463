import { expect, test } from 'vitest';
import { shorten } from '../../../src/base/shorten.ts';

test.each([
  ['', 5, ''],
  ['12345', 5, '12345'],
  ['123456', 5, '12345…'],
  ['1234😀', 5, '1234…'],
  ['123😀6', 5, '123😀…'],
])('%j in %i characters is %j', (text, maxChars, short) => {
  expect(shorten(text, maxChars)).toBe(short);
});

test('60 characters when nobody says how many', () => {
  expect(shorten('x'.repeat(61))).toBe(`${'x'.repeat(60)}…`);
});
