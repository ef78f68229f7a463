import { escapeAttribute } from '../base/xml-text.ts';
import type { MsgKey } from './message.ts';
import type { XmlAttribute, XmlNode } from './xml-element.ts';

const DEFAULT_MIME = 'text/plain';

/** What a key consists of; the oid is one of the attributes. */
export interface KeyParts {
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlNode[];
  /** The source text of `children`. */
  readonly inner: string;
}

/** Makes a key; `parts.attributes` must hold the oid. */
export function createMsgKey(oid: string, { attributes, children, inner }: KeyParts): MsgKey {
  const value = (name: string): string | undefined =>
    attributes.find((attribute) => attribute.name === name)?.value.trim() || undefined;
  return {
    oid,
    contentMime: value('contentMime') ?? DEFAULT_MIME,
    contentMimeExtended: value('contentMimeExtended'),
    domain: value('domain'),
    element: { name: 'key', attributes, children },
    xml: encodeKeyElement(attributes, inner),
  };
}

/** A key without meta data: an oid and perhaps some attributes. */
export function createPlainKey(oid: string, attributes: Readonly<Record<string, string | undefined>> = {}): MsgKey {
  const list: XmlAttribute[] = [{ name: 'oid', value: oid }];
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) list.push({ name, value });
  return createMsgKey(oid, { attributes: list, children: [], inner: '' });
}

function encodeKeyElement(attributes: readonly XmlAttribute[], inner: string): string {
  const text = attributes.map(({ name, value }) => ` ${name}='${escapeAttribute(value)}'`).join('');
  return inner === '' ? `<key${text}/>` : `<key${text}>${inner}</key>`;
}
