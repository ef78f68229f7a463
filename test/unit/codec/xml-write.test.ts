import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeElement } from '../../../src/codec/xml-write.ts';
import { parseDom } from './dom.ts';
import { parse } from './elements.ts';
import { tree } from './serialise.ts';

test('an element on one line, without comments and CDATA', () => {
  const element = parse("<key oid='x' a='&#10;'>\n <a><!-- x --><![CDATA[<&]]></a> <b></b></key>");
  expect(encodeElement(element)).toBe("<key oid='x' a='&#10;'>&#10; <a>&lt;&amp;</a> <b/></key>");
});

test('whatever it is, it stands on one line and reads back', () => {
  fc.assert(
    fc.property(tree, (element) => {
      const xml = encodeElement(element);
      expect(xml).not.toMatch(/[\r\n]/);
      expect(parse(xml)).toEqual(element);
      expect(parseDom(xml)).toEqual(element);
    }),
    { numRuns: 1_000 },
  );
});
