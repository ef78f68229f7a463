import { escapeAttribute } from '../base/xml-text.ts';
import type { XmlElement } from '../model/xml-element.ts';

/** `element` on one line: line ends in texts and values as references, CDATA resolved, no comments (they are not in the tree). */
export function encodeElement(element: XmlElement): string {
  const attributes = element.attributes.map(({ name, value }) => ` ${name}='${escapeAttribute(value)}'`).join('');
  if (element.children.length === 0) return `<${element.name}${attributes}/>`;
  const inner = element.children.map((child) => (typeof child === 'string' ? escapeAttribute(child) : encodeElement(child)));
  return `<${element.name}${attributes}>${inner.join('')}</${element.name}>`;
}
