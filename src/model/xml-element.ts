/**
 * One element of the tree that `codec/xml.ts` reads and `query/xpath` matches on.
 *
 * Names are plain strings: `p:a` is a name like any other (protocol/http.md, "Keys"). Comments and processing instructions are
 * not part of the tree, CDATA is text, adjacent text is one string, references are decoded, line ends are `\n`.
 */
export interface XmlElement {
  readonly name: string;
  /** Attributes in document order; names are unique within one element. */
  readonly attributes: readonly XmlAttribute[];
  /** Elements and non-empty texts in document order; never two texts side by side. */
  readonly children: readonly XmlNode[];
}

export interface XmlAttribute {
  readonly name: string;
  /** The decoded value, white space normalised to blanks as XML demands. */
  readonly value: string;
}

export type XmlNode = XmlElement | string;

/** The decoded value of attribute `name`, or undefined. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  for (const attribute of element.attributes) if (attribute.name === name) return attribute.value;
  return undefined;
}

/** The text directly inside `element` and inside all its descendants, in document order (XPath's string-value). */
export function textOf(element: XmlElement): string {
  let text = '';
  for (const child of element.children) text += typeof child === 'string' ? child : textOf(child);
  return text;
}

/** The first child element called `name`, or undefined. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) if (typeof child !== 'string' && child.name === name) return child;
  return undefined;
}

/** The child elements in document order, texts left out. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter((child) => typeof child !== 'string');
}
