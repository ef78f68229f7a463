import { DOMParser, type Element, type Node } from '@xmldom/xmldom';
import type { XmlElement, XmlNode } from '../../../src/model/xml-element.ts';

/** The second opinion: what @xmldom/xmldom makes of `text`; it throws whatever it finds wrong, be it only a warning. */
export function parseDom(text: string): XmlElement {
  const parser = new DOMParser({
    onError: (level, message) => {
      // U+FFFD is a character like any other.
      if (!message.includes('Unicode replacement character')) throw new Error(`${level}: ${message} in ${JSON.stringify(text)}`);
    },
  });
  const { documentElement } = parser.parseFromString(text, 'text/xml');
  if (!documentElement) throw new Error(`no root in ${JSON.stringify(text)}`);
  return toTree(documentElement);
}

/** xmldom takes U+0085, U+2028 and U+2029 for line ends: it has no say in texts that hold them. */
export function hasUnicodeLineEnds(text: string): boolean {
  return /[\u0085\u2028\u2029]/.test(text);
}

function toTree(element: Element): XmlElement {
  const children: XmlNode[] = [];
  let text = '';
  for (let node: Node | null = element.firstChild; node; node = node.nextSibling) {
    if (node.nodeType === node.TEXT_NODE || node.nodeType === node.CDATA_SECTION_NODE) text += node.nodeValue ?? '';
    if (node.nodeType !== node.ELEMENT_NODE) continue;
    if (text !== '') children.push(text);
    text = '';
    children.push(toTree(node as Element));
  }
  if (text !== '') children.push(text);
  const attributes = [...element.attributes].map(({ name, value }) => ({ name, value }));
  return { name: element.nodeName, attributes, children };
}
