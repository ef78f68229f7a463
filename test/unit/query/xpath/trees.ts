import type { XmlElement, XmlNode } from '../../../../src/model/xml-element.ts';
import { createTopicDocument, type TopicDocument } from '../../../../src/query/xpath/topic-document.ts';
import { compileXPath } from '../../../../src/query/xpath/xpath-expression.ts';

/** A tree in one line: `el('key', { oid: 'a' }, el('weather'), 'text')`. */
export function el(name: string, attributes: Readonly<Record<string, string>> = {}, ...children: XmlNode[]): XmlElement {
  return { name, attributes: Object.entries(attributes).map(([key, value]) => ({ name: key, value })), children };
}

export function matches(text: string, document: TopicDocument | XmlElement): boolean {
  return compileXPath(text).matches('children' in document ? createTopicDocument(document) : document);
}
