import { readXml } from '../../../src/codec/xml.ts';
import type { XmlElement } from '../../../src/model/xml-element.ts';

/** The root element of `text`. */
export function parse(text: string): XmlElement {
  return readXml(text).root;
}

/** A `<qos>` with `inner` in it. */
export function qos(inner: string): XmlElement {
  return parse(`<qos>${inner}</qos>`);
}

export const limits = { maxOidBytes: 1_024, maxKeyBytes: 65_536, maxDepth: 64, maxCommands: 1_000, maxContentBytes: 1_000_000 };
