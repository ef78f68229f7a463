import { type XmlElement as LibxmlElement, XmlDocument, XmlXPath } from 'libxml2-wasm';
import type { XmlElement } from '../../../../src/model/xml-element.ts';
import { plain } from './oracle.ts';

/**
 * libxml2 reads exponents, also ones without digits (`1e`), which XPath 1.0 does not know (section 4.4): it is not asked where one may be
 * read, nor where a text that begins with an e may come behind a digit.
 */
const EXPONENT = /(?:^|[0-9.])e/i;

/** Behind an attribute it does not see what is in the attribute's element (section 2.2: all nodes after the context node in document order). */
const BEHIND_ATTRIBUTE = /(?:attribute::|@).*following::/s;

/** The second oracle: libxml2, compiled to WebAssembly, over documents made node by node. */
export class Libxml2Document {
  readonly #document: XmlDocument;
  readonly #hasExponents: boolean;

  constructor(key: XmlElement) {
    this.#document = XmlDocument.create();
    addElements(this.#document.createRoot('xmlBlaster'), [key]);
    this.#hasExponents = textsOf(key).some((text) => EXPONENT.test(text));
  }

  /** Undefined when it is known to differ from XPath 1.0. `expression` is as the first oracle reads it. */
  matches(expression: string): boolean | undefined {
    if (this.#hasExponents || literalsOf(expression).some((text) => EXPONENT.test(text))) return undefined;
    if (BEHIND_ATTRIBUTE.test(expression)) return undefined;
    // Its context node is the root element, ours the root node.
    const compiled = XmlXPath.compile(`boolean(/self::node()[boolean(${expression})])`);
    const answer = this.#document.eval(compiled);
    compiled.dispose();
    return answer === true;
  }

  dispose(): void {
    this.#document.dispose();
  }
}

function addElements(parent: LibxmlElement, children: XmlElement['children']): void {
  for (const child of children) {
    if (typeof child === 'string') {
      parent.addText(plain(child));
      continue;
    }
    const element = parent.addElement(plain(child.name));
    for (const { name, value } of child.attributes) element.setAttr(plain(name), plain(value));
    addElements(element, child.children);
  }
}

/** The values of all attributes and the texts of a key. */
function textsOf({ attributes, children }: XmlElement): string[] {
  const values = attributes.map(({ value }) => plain(value));
  return [...values, ...children.flatMap((child) => (typeof child === 'string' ? [plain(child)] : textsOf(child)))];
}

function literalsOf(expression: string): string[] {
  return (expression.match(/"[^"]*"|'[^']*'/g) ?? []).map((literal) => literal.slice(1, -1));
}
