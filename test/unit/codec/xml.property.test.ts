import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readXml } from '../../../src/codec/xml.ts';
import { BrokerError } from '../../../src/model/error.ts';
import { elementsOf, type XmlElement } from '../../../src/model/xml-element.ts';
import { hasUnicodeLineEnds, parseDom } from './dom.ts';
import { type Choose, createChoose, serialise, tree } from './serialise.ts';

/** Cases per property; more by hand: XML_RUNS=1000000 npx vitest run test/unit/codec/xml.property.test.ts */
const runs = Number(process.env['XML_RUNS'] ?? 10_000);
const timeoutMs = Math.max(20_000, runs * 10);
const seed = fc.integer();

test('a tree written down in any legal way is read back', { timeout: timeoutMs }, () => {
  fc.assert(
    fc.property(tree, seed, (expected, choices) => {
      const text = serialise(expected, createChoose(choices));
      expect(readXml(text).root, text).toEqual(expected);
      if (!hasUnicodeLineEnds(text)) expect(parseDom(text), text).toEqual(expected);
    }),
    { numRuns: runs / 2 },
  );
});

test('the kept source of every element reads back to its children', { timeout: timeoutMs }, () => {
  fc.assert(
    fc.property(tree, seed, (expected, choices) => {
      const text = serialise(expected, createChoose(choices));
      const { root, sourceOf } = readXml(text, { keepSource: ['key'], isOpaque: (name) => name === 'content' });
      for (const [element, original] of pairs(root, expected)) {
        if (element.name !== 'key' && element.name !== 'content') continue;
        const source = sourceOf(element);
        expect(text).toContain(source);
        expect(readXml(`<r>${source}</r>`).root.children).toEqual(original.children);
        if (element.name === 'content') expect(element).toEqual({ ...original, children: [] });
      }
    }),
    { numRuns: runs / 5 },
  );
});

test('damaged documents are refused, or read as a second parser reads them', { timeout: timeoutMs }, () => {
  let read = 0;
  let refused = 0;
  fc.assert(
    fc.property(tree, seed, (start, choices) => {
      const choose = createChoose(choices);
      const text = damage(serialise(start, choose), choose);
      const result = tryRead(text);
      if (result === undefined) {
        refused++;
        return;
      }
      read++;
      if (!hasUnicodeLineEnds(text)) expect(result, text).toEqual(parseDom(text));
    }),
    { numRuns: runs * 1.5 },
  );
  // Both ways out are well trodden.
  expect(Math.min(read, refused)).toBeGreaterThan(runs / 10);
});

function tryRead(text: string): XmlElement | undefined {
  try {
    return readXml(text).root;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    expect(error.code).toMatch(/^user\./);
    expect(error.message.length).toBeLessThan(300);
    return undefined;
  }
}

/** Element by element; the inside of what is opaque is left out. */
function* pairs(element: XmlElement, original: XmlElement): Generator<[XmlElement, XmlElement]> {
  yield [element, original];
  const others = elementsOf(original);
  for (const [i, child] of elementsOf(element).entries()) yield* pairs(child, others[i] as XmlElement);
}

const FRAGMENTS = [
  '<',
  '>',
  '/',
  '&',
  ';',
  '"',
  "'",
  '=',
  '!',
  '?',
  '-',
  '[',
  ']',
  '#',
  'x',
  '0',
  ' ',
  '\t',
  '\n',
  '\r',
  '\0',
  '\x0b',
  '\u00a0',
  '\ufeff',
  '\u1680',
  '\u3000',
  '\ud800',
  '<a>',
  '</a>',
  '<a/>',
  '<a b="1"',
  "b='2'",
  '<!--',
  '-->',
  '--',
  '<?',
  '?>',
  '<?xml version="1.0"?>',
  '<![CDATA[',
  ']]>',
  ']]',
  '<!DOCTYPE a>',
  '&amp;',
  '&lt;',
  '&x;',
  '&#10;',
  '&#xD;',
  '&#0;',
  '&#xD800;',
  '\r\n',
  '__proto__',
  '😀',
];

const PERMILLE = Array.from({ length: 1000 }, (_, i) => i);

/** One to three random edits. */
function damage(text: string, choose: Choose): string {
  let damaged = text;
  for (let edits = choose(1, 1, 1, 2, 3); edits > 0; edits--) {
    const from = Math.floor((choose(...PERMILLE) / 1000) * damaged.length);
    const to = from + choose(0, 0, 1, 1, 2, 5, 20);
    const moved = damaged.slice(to, to + choose(1, 3, 10));
    damaged =
      damaged.slice(0, from) +
      choose(...FRAGMENTS, ...FRAGMENTS, '', '', '', '', moved, moved, moved + moved) +
      damaged.slice(to);
  }
  return damaged;
}
