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
 * any number of expressions. Memory: about 50 bytes per node beside the strings, which are the tree's own.
 */
export class TopicDocument {
  readonly size: number;
  /** KIND, PARENT, FIRST_CHILD and END of each node. */
  readonly #links: number[];
  readonly #names: string[];
  readonly #values: string[];
  #next = 0;

  /** @param root the root element; what it holds lies between its node and the end. */
  constructor(root: XmlElement) {
    this.size = 1 + countNodes(root);
    // Of their final size: growing would take longer than all the rest.
    this.#links = new Array<number>(LINKS * this.size);
    this.#names = new Array<string>(this.size);
    this.#values = new Array<string>(this.size);
    this.#open(ROOT, '', '', -1);
    this.#addElement(root, 0);
    this.#links[END] = this.size;
  }

  kind(node: number): NodeKind {
    return (this.#links[LINKS * node + KIND] ?? ROOT) as NodeKind;
  }

  /** The literal name of an element or attribute, '' for others. */
  name(node: number): string {
    return this.#names[node] ?? '';
  }

  /** The value of an attribute or text, '' for others. */
  value(node: number): string {
    return this.#values[node] ?? '';
  }

  /** All text inside of an element or the root, the value of others. */
  stringValue(node: number): string {
    const kind = this.kind(node);
    if (kind === ATTRIBUTE || kind === TEXT) return this.value(node);
    const end = this.end(node);
    let text = '';
    for (let i = this.firstChild(node); i < end; i++) if (this.kind(i) === TEXT) text += this.value(i);
    return text;
  }

  /** The parent (an attribute's is its element), -1 for the root node. */
  parent(node: number): number {
    return this.#links[LINKS * node + PARENT] ?? -1;
  }

  /** Where the children of `node` begin: its first child, or `end(node)` when it has none. */
  firstChild(node: number): number {
    return this.#links[LINKS * node + FIRST_CHILD] ?? 0;
  }

  /** The first index behind `node` and all that it holds. */
  end(node: number): number {
    return this.#links[LINKS * node + END] ?? 0;
  }

  #addElement(element: XmlElement, parent: number): void {
    const node = this.#open(ELEMENT, element.name, '', parent);
    for (const attribute of element.attributes) this.#open(ATTRIBUTE, attribute.name, attribute.value, node);
    this.#links[LINKS * node + FIRST_CHILD] = this.#next;
    for (const child of element.children) {
      if (typeof child === 'string') this.#open(TEXT, '', child, node);
      else this.#addElement(child, node);
    }
    this.#links[LINKS * node + END] = this.#next;
  }

  #open(kind: NodeKind, name: string, value: string, parent: number): number {
    const node = this.#next++;
    const at = LINKS * node;
    this.#names[node] = name;
    this.#values[node] = value;
    this.#links[at + KIND] = kind;
    this.#links[at + PARENT] = parent;
    this.#links[at + FIRST_CHILD] = node + 1;
    this.#links[at + END] = node + 1;
    return node;
  }
}

/** Numbers for each node, side by side. */
const LINKS = 4;
const [KIND, PARENT, FIRST_CHILD, END] = [0, 1, 2, 3] as const;

/** The nodes of an element, its attributes and all inside of it. */
function countNodes({ attributes, children }: XmlElement): number {
  let count = 1 + attributes.length;
  for (const child of children) count += typeof child === 'string' ? 1 : countNodes(child);
  return count;
}

/**
 * The view of one topic that expressions are matched against; about a microsecond for keys of some hundred bytes. It descends by
 * recursion: the codec bounds the depth of keys.
 */
export function createTopicDocument(key: XmlElement): TopicDocument {
  return new TopicDocument({ name: 'xmlBlaster', attributes: [], children: [key] });
}
