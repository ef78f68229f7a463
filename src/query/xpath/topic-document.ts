import type { XmlElement } from '../../model/xml-element.ts';

/** What a node is; numbers, because every step of every path compares them. */
export const ROOT = 0;
export const ELEMENT = 1;
export const ATTRIBUTE = 2;
export const TEXT = 3;
export type NodeKind = typeof ROOT | typeof ELEMENT | typeof ATTRIBUTE | typeof TEXT;

/**
 * What XPath sees of one topic, `<xmlBlaster><key …>…</key></xmlBlaster>`, or filters of one message, as flat arrays in document
 * order. A node is an index: 0 is the root node, an element is followed by its attributes, then by its subtree. Built once, read by
 * any number of expressions. Memory: about 110 bytes per node beside the strings, which are the tree's own.
 */
export class TopicDocument {
  readonly #kinds: NodeKind[] = [];
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  readonly #parents: number[] = [];
  readonly #firstChildren: number[] = [];
  readonly #ends: number[] = [];

  /** @param root the root element; what it holds lies between its node and the end. */
  constructor(root: XmlElement) {
    this.#open(ROOT, '', '', -1);
    this.#addElement(root, 0);
    this.#ends[0] = this.size;
  }

  get size(): number {
    return this.#kinds.length;
  }

  kind(node: number): NodeKind {
    return this.#kinds[node] ?? ROOT;
  }

  /** The literal name of an element or attribute, '' for others. */
  name(node: number): string {
    return this.#names[node] ?? '';
  }

  /** The value of an attribute or text, '' for others. */
  value(node: number): string {
    return this.#values[node] ?? '';
  }

  /** The parent (an attribute's is its element), -1 for the root node. */
  parent(node: number): number {
    return this.#parents[node] ?? -1;
  }

  /** Where the children of `node` begin: its first child, or `end(node)` when it has none. */
  firstChild(node: number): number {
    return this.#firstChildren[node] ?? 0;
  }

  /** The first index behind `node` and all that it holds. */
  end(node: number): number {
    return this.#ends[node] ?? 0;
  }

  #addElement(element: XmlElement, parent: number): void {
    const node = this.#open(ELEMENT, element.name, '', parent);
    for (const attribute of element.attributes) this.#open(ATTRIBUTE, attribute.name, attribute.value, node);
    this.#firstChildren[node] = this.size;
    for (const child of element.children) {
      if (typeof child === 'string') this.#open(TEXT, '', child, node);
      else this.#addElement(child, node);
    }
    this.#ends[node] = this.size;
  }

  #open(kind: NodeKind, name: string, value: string, parent: number): number {
    const node = this.#kinds.push(kind) - 1;
    this.#names.push(name);
    this.#values.push(value);
    this.#parents.push(parent);
    this.#firstChildren.push(node + 1);
    this.#ends.push(node + 1);
    return node;
  }
}

/**
 * The view of one topic that expressions are matched against; about a microsecond for keys of some hundred bytes. It descends by
 * recursion: the codec bounds the depth of keys.
 */
export function createTopicDocument(key: XmlElement): TopicDocument {
  return new TopicDocument({ name: 'xmlBlaster', attributes: [], children: [key] });
}
