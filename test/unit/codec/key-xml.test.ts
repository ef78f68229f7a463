import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkOid,
  decodeMsgKey,
  decodeQueryKey,
  type KeyLimits,
  type KeyOverrides,
  readKey,
} from '../../../src/codec/key-xml.ts';
import type { MsgKey } from '../../../src/model/message.ts';
import { createPlainKey } from '../../../src/model/msg-key.ts';
import type { QueryKey } from '../../../src/model/query.ts';
import { titled } from '../titled.ts';
import { refusalOf } from './broker-error.ts';
import { limits, parse } from './elements.ts';
import { createChoose, serialise, tree } from './serialise.ts';

function decode(xml: string, overrides: KeyOverrides = {}, keyLimits: KeyLimits = limits): MsgKey {
  const { root, sourceOf } = readKey(xml);
  return decodeMsgKey(root, sourceOf(root), overrides, () => 'new-1', keyLimits);
}

describe('the key of a publish', () => {
  test('has what the publisher says, its inside as written', () => {
    const inner = '\r\n <weather city="Oslo"><!-- x --><![CDATA[<]]>&lt;</weather>\n';
    const key = decode(`<key oid=' w1 ' domain='sky' contentMime=' text/xml ' contentMimeExtended='2'>${inner}</key>`);
    expect(key).toMatchObject({ oid: 'w1', domain: 'sky', contentMime: 'text/xml', contentMimeExtended: '2' });
    expect(key.xml).toBe(`<key oid='w1' domain='sky' contentMime=' text/xml ' contentMimeExtended='2'>${inner}</key>`);
    expect(key.element.attributes[0]).toEqual({ name: 'oid', value: 'w1' });
  });

  test.each<[title: string, xml: string, overrides: KeyOverrides, written: string]>([
    ['no oid', '<key/>', {}, "<key oid='new-1'/>"],
    ['an empty oid', "<key oid=' '/>", {}, "<key oid='new-1'/>"],
    ['the oid in the address', '<key><a/></key>', { oid: 'x/y' }, "<key oid='x/y'><a/></key>"],
    ['the oid in both', "<key oid='x'/>", { oid: 'x' }, "<key oid='x'/>"],
    ['the oid not first', "<key a='1' oid='x' b='2'/>", {}, "<key oid='x' a='1' b='2'/>"],
    ['a queryType', "<key oid='x' queryType='XPATH'/>", {}, "<key oid='x'/>"],
    [
      'the contentMime of the address',
      "<key oid='x' a='1'/>",
      { contentMime: 'image/png' },
      "<key oid='x' contentMime='image/png' a='1'/>",
    ],
    ['its own contentMime', "<key oid='x' contentMime='a/b'/>", { contentMime: 'image/png' }, "<key oid='x' contentMime='a/b'/>"],
    [
      'an odd oid',
      '<key oid="a \'b&quot; &lt;&amp;&gt;&#10;é/__x"/>',
      {},
      "<key oid='a &apos;b&quot; &lt;&amp;&gt;&#10;é/__x'/>",
    ],
    [
      'other attributes',
      "<key oid='x' xmlns:p='u' __proto__='1' p:q='&#9;'/>",
      {},
      "<key oid='x' xmlns:p='u' __proto__='1' p:q='&#9;'/>",
    ],
    ['a key in the key', "<key oid='x'><key oid='y'/></key>", {}, "<key oid='x'><key oid='y'/></key>"],
  ])('with %s', (_, xml, overrides, written) => {
    const key = decode(xml, overrides);
    expect(key.xml).toBe(written);
    expect(parse(key.xml)).toEqual(key.element);
  });

  test('without a word about it is text/plain without a domain', () => {
    expect(decode("<key oid='x' contentMime='' domain=''/>")).toMatchObject({
      contentMime: 'text/plain',
      contentMimeExtended: undefined,
      domain: undefined,
    });
  });

  test.each<[title: string, run: () => unknown, code: string, message: RegExp]>([
    [
      'two oids',
      () => decode("<key oid='a'/>", { oid: 'b' }),
      'user.illegalArgument',
      /^The key says oid "a" and the address says "b"; make them equal$/,
    ],
    [
      'two endless oids',
      () => decode(`<key oid='${'a'.repeat(100_000)}'/>`, { oid: 'b'.repeat(100_000) }),
      'user.illegalArgument',
      /make them equal$/,
    ],
    [
      'an endless oid',
      () => decode(`<key oid='${'ä'.repeat(513)}'/>`),
      'user.maxSizeExceed',
      /^The oid "ä{60}…" is longer than 1024 bytes$/,
    ],
    [
      'an oid of surrogates',
      () => checkOid('\ud800', limits),
      'user.illegalArgument',
      /^The oid has a character that XML does not allow$/,
    ],
    [
      'an oid with NUL',
      () => checkOid('a\0', limits),
      'user.illegalArgument',
      /^The oid has a character that XML does not allow$/,
    ],
    ['an empty oid', () => checkOid('', limits), 'user.illegalArgument', /^The oid is empty$/],
    ['a deep key', () => decode(nested(64)), 'user.maxSizeExceed', /^The key of "new-1" is nested deeper than 64 elements$/],
    [
      'a large key',
      () => decode(`<key oid='x'>${'ä'.repeat(32_768)}</key>`),
      'user.maxSizeExceed',
      /^The key of "x" is longer than 65536 bytes$/,
    ],
    ['another element', () => readKey('<kay/>'), 'user.illegalArgument', /^A key must be a <key> element, this is <kay>$/],
    ['malformed XML', () => readKey('<key>\n<a></key>'), 'user.illegalArgument', /^Malformed XML, line 2, column 4: /],
  ])('is refused with %s', (_, run, code, message) => {
    const refusal = refusalOf(run);
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(message);
  });

  test('may be as large as the bounds allow', () => {
    expect(checkOid('ä'.repeat(512), limits)).toBeUndefined();
    expect(decode(nested(63)).oid).toBe('new-1');
    const room = limits.maxKeyBytes - "<key oid='x'></key>".length;
    expect(Buffer.byteLength(decode(`<key oid='x'>${'x'.repeat(room)}</key>`).xml)).toBe(limits.maxKeyBytes);
  });

  test('written and read again is the same key', () => {
    fc.assert(
      fc.property(tree, fc.integer(), (element, seed) => {
        const key = decode(serialise({ ...element, name: 'key' }, createChoose(seed)));
        expect(decode(key.xml)).toEqual(key);
        expect(parse(key.xml)).toEqual(key.element);
      }),
      { numRuns: 2_000 },
    );
  });

  test('made from an oid is the same key as read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), (text, domain) => {
        const oid = text.trim() || 'x';
        const key = createPlainKey(oid, { contentMime: undefined, domain });
        expect(decode(key.xml)).toEqual(key);
      }),
    );
  });
});

describe('the key of a query', () => {
  test.each<[xml: string, query: QueryKey]>([
    ["<key oid=' a '/>", { type: 'EXACT', oid: 'a' }],
    ["<key oid='a' queryType='exact'/>", { type: 'EXACT', oid: 'a' }],
    ["<key oid='__subId:1' queryType=''/>", { type: 'EXACT', oid: '__subId:1' }],
    ["<key queryType='XPATH'> //a[@b='1'] </key>", { type: 'XPATH', xpath: "//a[@b='1']" }],
    ["<key queryType='xpath'>//a[@b &lt; 2 and c &gt; 1]</key>", { type: 'XPATH', xpath: '//a[@b < 2 and c > 1]' }],
    ["<key queryType='XPATH'><![CDATA[//a[@b < 2]]]></key>", { type: 'XPATH', xpath: '//a[@b < 2]' }],
    ["<key oid='a'>//b</key>", { type: 'XPATH', xpath: '//b' }],
    ["<key queryType='DOMAIN' domain='d'>//b</key>", { type: 'XPATH', xpath: '//b' }],
    ["<key queryType='DOMAIN' domain=' d '/>", { type: 'DOMAIN', domain: 'd' }],
    ["<key domain='d'/>", { type: 'DOMAIN', domain: 'd' }],
    ["<key oid='a' domain='d'/>", { type: 'EXACT', oid: 'a' }],
  ])('%s', (xml, query) => {
    expect(decodeQueryKey(parse(xml), limits)).toEqual(query);
  });

  test.each(
    titled([
      ['<key/>', 'user.illegalArgument', /^The key has no oid; write <key oid='…'\/> or/],
      ["<key queryType='EXACT'/>", 'user.illegalArgument', /^The key has no oid/],
      ["<key queryType='XPATH'> </key>", 'user.query.invalid', /^The XPath is empty/],
      ["<key queryType='DOMAIN'/>", 'user.query.invalid', /^The domain is empty/],
      ["<key queryType='REGEX'>a.*</key>", 'user.query.type.invalid', /^queryType "REGEX" is unknown; use EXACT, XPATH, DOMAIN$/],
      [`<key queryType='${'x'.repeat(10_000)}'/>`, 'user.query.type.invalid', /^queryType "X{60}…" is unknown/],
      [`<key oid='${'x'.repeat(1_025)}'/>`, 'user.maxSizeExceed', /is longer than 1024 bytes$/],
      ["<key oid='a'><filter type='GnuRegexFilter'>x</filter></key>", 'user.illegalArgument', /<filter> belongs into the <qos>/],
    ]),
  )('refuses %s', (_, xml, code, message) => {
    const refusal = refusalOf(() => decodeQueryKey(parse(xml), limits));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(message);
  });
});

/** A key with `depth` elements below each other in it. */
function nested(depth: number): string {
  return `<key>${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}</key>`;
}
