import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeContent, encodeContent } from '../../../src/codec/content-xml.ts';
import { readXml } from '../../../src/codec/xml.ts';
import { attributeOf, textOf } from '../../../src/model/xml-element.ts';
import { titled } from '../titled.ts';
import { refusalOf } from './broker-error.ts';
import { parseDom } from './dom.ts';

/** The bytes of a `<content>` element, as a script has them. */
function decode(xml: string): Buffer {
  const { root, sourceOf } = readXml(xml, { isOpaque: (name) => name === 'content' });
  return decodeContent(root, sourceOf(root));
}

describe('what a client sends', () => {
  test.each<[title: string, xml: string, content: string]>([
    ['no content', '<content/>', ''],
    ['empty content', '<content></content>', ''],
    ['text, nothing trimmed', '<content> a \t\n </content>', ' a \t\n '],
    ['line ends as written', '<content>a\r\nb\rc\n</content>', 'a\r\nb\rc\n'],
    ['references', '<content>&lt;a&gt;&amp;amp;&#13;&#x1F600;</content>', '<a>&amp;\r😀'],
    ['CDATA', '<content><![CDATA[<a>&amp;</a>]]></content>', '<a>&amp;</a>'],
    ['CDATA among text', '<content> &lt;<![CDATA[&lt;]]>\n<![CDATA[]]]]><![CDATA[>]]> </content>', ' <&lt;\n]]> '],
    [
      'markup as written',
      "<content> <a b = '1'>&amp;<![CDATA[<]]></a >\r\n<!-- x --></content>",
      " <a b = '1'>&amp;<![CDATA[<]]></a >\r\n<!-- x -->",
    ],
    ['CDATA and then markup', '<content><![CDATA[<]]><a/>&lt;</content>', '<![CDATA[<]]><a/>&lt;'],
    ['a comment only', '<content><!-- x --></content>', '<!-- x -->'],
    ['content in content', '<content><content>a</content></content>', '<content>a</content>'],
    ['base64', "<content encoding='base64'>QQBC</content>", 'A\0B'],
    [
      'base64 in any case, with blanks and without its end',
      "<content size='3' type='byte[]' encoding=' BASE64 '>\n Q Q\r\n&#13;\tBC\n</content>",
      'A\0B',
    ],
    ['base64 with and without =', "<content encoding='base64'>QQ==</content>", 'A'],
    ['base64 without =', "<content encoding='base64'>QQ</content>", 'A'],
    ['base64 of URLs', "<content encoding='base64'>__-_</content>", Buffer.from('ffffbf', 'hex').toString('latin1')],
    ['base64 in CDATA', "<content encoding='base64'><![CDATA[QQ==]]></content>", 'A'],
    ['nothing in base64', "<content encoding='base64'/>", ''],
    ['encodings that say nothing', "<content encoding='' type='String'>a</content>", 'a'],
    ['the encoding none', "<content encoding='none'>a</content>", 'a'],
  ])('%s', (_, xml, content) => {
    const bytes = decode(xml);
    expect(bytes.toString(xml.includes('__-_') ? 'latin1' : 'utf8')).toBe(content);
  });

  test.each(
    titled([
      ["<content encoding='base64'>Q</content>"],
      ["<content encoding='base64'>QQBCQ</content>"],
      ["<content encoding='base64'>Q!Q=</content>"],
      ["<content encoding='base64'>Q=Q=</content>"],
      ["<content encoding='base64'>QQ===</content>"],
      ["<content encoding='base64'>\u0141QQQ</content>"],
      ["<content encoding='base64'>&lt;QQ&gt;</content>"],
      ["<content encoding='base64'><a>QQ==</a></content>"],
      [`<content encoding='base64'>${' '.repeat(1_000_000)}!</content>`],
    ]),
  )('%s holds no base64', (_, xml) => {
    expect(refusalOf(() => decode(xml))).toEqual({
      code: 'user.illegalArgument',
      message: "<content encoding='base64'> does not hold base64",
    });
  });

  test.each(
    titled([
      ["<content encoding='gzip'>x</content>", "<content encoding='gzip'> is unknown; use base64"],
      [`<content encoding='${'x'.repeat(10_000)}'>x</content>`, `<content encoding='${'x'.repeat(60)}…'> is unknown; use base64`],
      ["<content link='x'/>", '<content link=…> is refused: the broker reads no files; send the content itself'],
      ["<content url='file:///etc/passwd'/>", '<content link=…> is refused: the broker reads no files; send the content itself'],
    ]),
  )('refuses %s', (_, xml, message) => {
    expect(refusalOf(() => decode(xml))).toEqual({ code: 'user.illegalArgument', message });
  });
});

describe('what a client gets', () => {
  test.each([
    ['', '<content/>'],
    ['plain text', '<content>plain text</content>'],
    [' \n\t ', '<content> \n\t </content>'],
    ['<a>&</a>', '<content><![CDATA[<a>&</a>]]></content>'],
    ['a > b', '<content>a &gt; b</content>'],
    ['x]]>y', '<content>x]]&gt;y</content>'],
    ['<x]]>y', '<content><![CDATA[<x]]]]><![CDATA[>y]]></content>'],
    ['a\r\nb', '<content>a&#13;\nb</content>'],
    ['<a>\r\n', '<content>&lt;a&gt;&#13;\n</content>'],
    ['\u0085\u2028\u2029', '<content>&#133;&#8232;&#8233;</content>'],
    ['\ufeffx', '<content>\ufeffx</content>'],
    ['a\0', "<content encoding='base64'>YQA=</content>"],
    ['\x1b[0m', "<content encoding='base64'>G1swbQ==</content>"],
    ['\uffff', "<content encoding='base64'>77+/</content>"],
  ])('%j as %s', (text, xml) => {
    expect(encodeContent(Buffer.from(text))).toBe(xml);
  });

  test.each(['80', 'c3', 'ff', 'eda080', 'c080', 'f4908080', '41e282'])('the bytes %s, which are no UTF-8, as base64', (hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(encodeContent(bytes)).toBe(`<content encoding='base64'>${bytes.toString('base64')}</content>`);
  });
});

const oddText = fc
  .array(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      ' ',
      '\t',
      ']]>',
      ']',
      '>',
      '<',
      '&',
      '&amp;',
      '&#13;',
      '<![CDATA[',
      '\u0085',
      '\u2028',
      '\u2029',
      '\ufeff',
      '\ufffd',
      'é',
      '😀',
      'x',
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.from(pieces.join('')));
const oddBytes = fc
  .array(
    fc.oneof(
      oddText,
      fc.constantFrom('00', '80', 'c3', 'ed', 'ff', '0b').map((hex) => Buffer.from(hex, 'hex')),
    ),
    { maxLength: 4 },
  )
  .map((pieces) => Buffer.concat(pieces));
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  oddText,
  oddBytes,
);

test('all bytes come back, through our reader and through another', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const xml = encodeContent(bytes);
      expect(decode(xml)).toEqual(bytes);
      const element = parseDom(`<update>\n${xml}\n</update>`).children.find((child) => typeof child !== 'string');
      if (!element) throw new Error('no element');
      expect(Buffer.from(textOf(element), attributeOf(element, 'encoding') === 'base64' ? 'base64' : 'utf8')).toEqual(bytes);
    }),
    { numRuns: 5_000 },
  );
});

test('whatever stands in a content element, reading it ends with bytes or a refusal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', " encoding='base64'"), (text, attribute) => {
      const escaped = text.replace(/[&<>]/g, '').replace(/[^\t\n\r\x20-\ud7ff]/g, '');
      const xml = `<content${attribute}>${escaped}</content>`;
      if (attribute === '') expect(decode(xml).toString()).toBe(escaped);
      else if (!/^[\w+/=\s-]*$/.test(escaped)) expect(refusalOf(() => decode(xml)).code).toBe('user.illegalArgument');
    }),
    { numRuns: 1_000 },
  );
});
