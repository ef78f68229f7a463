import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeReferences,
  escapeAttribute,
  escapeText,
  findBadReference,
  findIllegalCharacter,
  hasOddLineEnds,
  isXmlText,
  wrapCdata,
} from '../../../src/base/xml-text.ts';

test.each([
  ['', ''],
  ['a;b', 'a;b'],
  ['&lt;&gt;&amp;&quot;&apos;', `<>&"'`],
  ['&amp;lt;', '&lt;'],
  ['&amp;amp;amp;', '&amp;amp;'],
  ['&#38;lt;', '&lt;'],
  ['&#38;#38;', '&#38;'],
  ['&amp;#65;', '&#65;'],
  ['&#x26;amp;&#65;', '&amp;A'],
  ['&#0065;&#x0041;&#x1f600;&#x1F600;', 'AA😀😀'],
  ['&lt;&#97;&gt;', '<a>'],
])('%s decodes to %s', (text, decoded) => {
  expect(findBadReference(text)).toBe(-1);
  expect(decodeReferences(text)).toBe(decoded);
});

test.each([
  ['&', 0],
  ['a &b', 2],
  ['&amp;&nbsp;', 5],
  ['&amp', 0],
  ['&amp;&lt;&#65;& &amp;', 14],
  ['&#;', 0],
  ['&#x;', 0],
  ['&#xG;', 0],
  ['&#8;', 0],
  ['&#xdfff;', 0],
  ['&#1114112;', 0],
  ['&#-1;', 0],
])('%s has a bad reference at %i', (text, index) => {
  expect(findBadReference(text)).toBe(index);
});

test.each([
  ['\t\n\r \x7f\x80\ud7ff\ue000\ufffd😀', -1],
  ['a\0', 1],
  ['\x1f', 0],
  ['\x0b', 0],
  ['aa\ufffe', 2],
  ['\uffff', 0],
  ['😀\ud83d', 2],
  ['\ude00\ud83d', 0],
])('%j has an illegal character at %i', (text, index) => {
  expect(findIllegalCharacter(text)).toBe(index);
  expect(isXmlText(text)).toBe(index < 0);
});

describe('what is escaped', () => {
  const text = fc.string({ unit: 'binary' });
  const odd = fc.string({ unit: fc.constantFrom(...`&<>'"\r\n\t ;#x]\u0085\u2028\u2029`, 'amp;', ']]>') });

  test('reads back', () => {
    fc.assert(
      fc.property(fc.oneof(text, odd), (original) => {
        for (const escaped of [escapeText(original), escapeAttribute(original)]) {
          expect(escaped).not.toMatch(/[<>\r\u0085\u2028\u2029]/);
          expect(decodeReferences(escaped)).toBe(original);
        }
        expect(escapeAttribute(original)).not.toMatch(/['"\n\t]/);
      }),
    );
  });

  test('in CDATA reads back', () => {
    fc.assert(
      fc.property(odd, (original) => {
        const sections = wrapCdata(original).match(/<!\[CDATA\[[\s\S]*?\]\]>/g) ?? [];
        expect(sections.join('')).toBe(wrapCdata(original));
        expect(sections.map((section) => section.slice(9, -3)).join('')).toBe(original);
      }),
    );
  });
});

test.each([
  ['a\nb\tc', false],
  ['a\r', true],
  ['\u0085', true],
  ['\u2028', true],
  ['\u2029', true],
])('%j has odd line ends: %s', (text, isOdd) => {
  expect(hasOddLineEnds(text)).toBe(isOdd);
});
