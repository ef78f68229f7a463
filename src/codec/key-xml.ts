import { shorten } from '../base/shorten.ts';
import { isXmlText } from '../base/xml-text.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey } from '../model/message.ts';
import { createMsgKey } from '../model/msg-key.ts';
import type { QueryKey } from '../model/query.ts';
import { attributeOf, elementsOf, textOf, type XmlAttribute, type XmlElement } from '../model/xml-element.ts';
import { readXml, type XmlSource } from './xml.ts';

/** The bounds of one key (protocol/http.md, "Bodies"). */
export interface KeyLimits {
  /** UTF-8 bytes; default 1,024. */
  readonly maxOidBytes: number;
  /** UTF-8 bytes of the whole element; default 65,536. */
  readonly maxKeyBytes: number;
  /** Default 64. */
  readonly maxDepth: number;
}

/** What a transport knows of a publish key: the oid is still missing when the client leaves the choice to the broker. */
export interface KeyOverrides {
  readonly oid?: string;
  readonly contentMime?: string;
}

/**
 * Makes the key of a publish from its `<key>` element and the text between its tags.
 *
 * `overrides` come from outside the XML (the path of a URL, a Content-Type); what the element says itself goes first, and an oid
 * must be the same in both places. `newOid` is asked when there is none.
 *
 * @throws BrokerError `user.illegalArgument` or `user.maxSizeExceed`.
 */
export function decodeMsgKey(
  element: XmlElement,
  inner: string,
  overrides: KeyOverrides,
  newOid: () => string,
  limits: KeyLimits,
): MsgKey {
  const own = attributeOf(element, 'oid')?.trim() || undefined;
  if (own !== undefined && overrides.oid !== undefined && own !== overrides.oid) {
    throw new BrokerError(
      'user.illegalArgument',
      `The key says oid "${shorten(own)}" and the address says "${shorten(overrides.oid)}"; make them equal`,
    );
  }
  const oid = own ?? overrides.oid ?? newOid();
  checkOid(oid, limits);
  if (depthOf(element, limits.maxDepth) > limits.maxDepth) {
    throw new BrokerError('user.maxSizeExceed', `The key of "${shorten(oid)}" is nested deeper than ${limits.maxDepth} elements`);
  }
  const key = createMsgKey(oid, { attributes: keyAttributes(element, oid, overrides), children: element.children, inner });
  if (Buffer.byteLength(key.xml) > limits.maxKeyBytes) {
    throw new BrokerError('user.maxSizeExceed', `The key of "${shorten(oid)}" is longer than ${limits.maxKeyBytes} bytes`);
  }
  return key;
}

function keyAttributes(element: XmlElement, oid: string, { contentMime }: KeyOverrides): XmlAttribute[] {
  const attributes = element.attributes.filter(({ name }) => name !== 'oid' && name !== 'queryType');
  if (contentMime !== undefined && attributeOf(element, 'contentMime') === undefined) {
    attributes.unshift({ name: 'contentMime', value: contentMime });
  }
  return [{ name: 'oid', value: oid }, ...attributes];
}

/** Reads a key that stands alone: the text of a whole `<key>` element. */
export function readKey(text: string): XmlSource {
  const source = readXml(text, { keepSource: ['key'] });
  if (source.root.name !== 'key') {
    throw new BrokerError('user.illegalArgument', `A key must be a <key> element, this is <${shorten(source.root.name)}>`);
  }
  return source;
}

/** Makes a key again of what was the `xml` of one: bounds were checked then. @throws BrokerError for what is none. */
export function decodeStoredKey(xml: string): MsgKey {
  const { root, sourceOf } = readKey(xml);
  return decodeMsgKey(root, sourceOf(root), {}, () => '', { maxOidBytes: MAX, maxKeyBytes: MAX, maxDepth: MAX });
}

const MAX = Number.MAX_SAFE_INTEGER;

const QUERY_TYPES: readonly string[] = ['EXACT', 'XPATH', 'DOMAIN'];

/**
 * Reads the key of subscribe, unSubscribe, get and erase.
 *
 * @throws BrokerError `user.query.type.invalid`, `user.query.invalid`, `user.illegalArgument` (an EXACT query without oid).
 */
export function decodeQueryKey(element: XmlElement, limits: KeyLimits): QueryKey {
  if (elementsOf(element).some((child) => child.name.toLowerCase() === 'filter')) {
    throw new BrokerError('user.illegalArgument', 'A <filter> belongs into the <qos>, not into the key');
  }
  const type = (attributeOf(element, 'queryType')?.trim() || 'EXACT').toUpperCase();
  const xpath = textOf(element).trim();
  if (!QUERY_TYPES.includes(type)) {
    throw new BrokerError('user.query.type.invalid', `queryType "${shorten(type)}" is unknown; use ${QUERY_TYPES.join(', ')}`);
  }
  if (type === 'XPATH' || xpath !== '') return xpathQuery(xpath);
  return type === 'EXACT' ? exactQuery(element, limits) : domainQuery(element);
}

function exactQuery(element: XmlElement, limits: KeyLimits): QueryKey {
  const oid = attributeOf(element, 'oid')?.trim();
  if (!oid) {
    const domain = attributeOf(element, 'domain')?.trim();
    if (domain) return { type: 'DOMAIN', domain };
    // Clients of the original erase what they have not published: nothing is found, and that is no error.
    if (oid === '') return { type: 'EXACT', oid };
    throw new BrokerError('user.illegalArgument', "The key has no oid; write <key oid='…'/> or <key queryType='XPATH'>//…</key>");
  }
  checkOid(oid, limits);
  return { type: 'EXACT', oid };
}

/** As in the original, text in the key is an XPath whatever the queryType. */
function xpathQuery(xpath: string): QueryKey {
  if (xpath === '') throw new BrokerError('user.query.invalid', "The XPath is empty; write <key queryType='XPATH'>//…</key>");
  return { type: 'XPATH', xpath };
}

function domainQuery(element: XmlElement): QueryKey {
  const domain = attributeOf(element, 'domain')?.trim();
  if (!domain) throw new BrokerError('user.query.invalid', "The domain is empty; write <key queryType='DOMAIN' domain='…'/>");
  return { type: 'DOMAIN', domain };
}

/** @throws BrokerError when `oid` cannot name a topic. */
export function checkOid(oid: string, limits: KeyLimits): void {
  if (oid === '') throw new BrokerError('user.illegalArgument', 'The oid is empty');
  if (!isXmlText(oid)) throw new BrokerError('user.illegalArgument', 'The oid has a character that XML does not allow');
  if (Buffer.byteLength(oid) > limits.maxOidBytes) {
    throw new BrokerError('user.maxSizeExceed', `The oid "${shorten(oid)}" is longer than ${limits.maxOidBytes} bytes`);
  }
}

function depthOf(element: XmlElement, limit: number): number {
  if (limit < 0) return 0;
  return 1 + elementsOf(element).reduce((deepest, child) => Math.max(deepest, depthOf(child, limit - 1)), 0);
}
