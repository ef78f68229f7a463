import { createRequire } from 'node:module';
import { DOMImplementation, type Document, type Element, type Node } from '@xmldom/xmldom';
import type { XmlElement } from '../../../../src/model/xml-element.ts';

/** What the package `xpath` says about an expression, over a document of `@xmldom/xmldom`. */
export type OracleValue =
  | { readonly type: 'node-set'; readonly nodes: readonly Node[] }
  | { readonly type: 'scalar'; readonly boolean: boolean; readonly text: string };

/** The oracle is namespace-aware, we are not: for it, every `:` becomes a middle dot, which no generated value holds. */
export function plain(text: string): string {
  return text.replaceAll(':', '\u00B7');
}

/** What `plain` made of a text, undone. */
export function unplain(text: string): string {
  return text.replaceAll('\u00B7', ':');
}

/** `<xmlBlaster><key …>…</key></xmlBlaster>`, made by DOM calls from the same tree that we match on. */
export function createOracleDocument(key: XmlElement): Document {
  const document = new DOMImplementation().createDocument(null, '');
  const root = document.appendChild(document.createElement('xmlBlaster'));
  root.appendChild(elementOf(document, key));
  return document;
}

export function evaluateOracle(expression: string, document: Document): OracleValue {
  const value = library.parse(expression).evaluate({ node: document });
  if (value instanceof library.XNodeSet) return { type: 'node-set', nodes: value.toArray() };
  return { type: 'scalar', boolean: value.booleanValue(), text: value.stringValue() };
}

/** A path that selects `node` alone, from nothing but child positions. */
export function addressOf(node: Node): string {
  if (node.nodeType === DOCUMENT) return '/';
  if (node.nodeType === ATTRIBUTE) {
    const owner = (node as unknown as { ownerElement: Element }).ownerElement;
    return `${addressOf(owner)}/@*[${Array.from(owner.attributes).indexOf(node as never) + 1}]`;
  }
  let position = 1;
  for (let before = node.previousSibling; before !== null; before = before.previousSibling) position++;
  const parent = node.parentNode;
  return `${parent === null || parent.nodeType === DOCUMENT ? '' : addressOf(parent)}/node()[${position}]`;
}

const ATTRIBUTE = 2;
const DOCUMENT = 9;

function elementOf(document: Document, tree: XmlElement): Element {
  const element = document.createElement(plain(tree.name));
  for (const { name, value } of tree.attributes) element.setAttribute(plain(name), plain(value));
  for (const child of tree.children) {
    element.appendChild(typeof child === 'string' ? document.createTextNode(plain(child)) : elementOf(document, child));
  }
  return element;
}

interface OracleResult {
  booleanValue(): boolean;
  stringValue(): string;
  toArray(): Node[];
  toString(): string;
}

interface OracleStep {
  readonly axis: number;
  readonly nodeTest: { readonly type: number; matches(node: Node, context: unknown): boolean };
}

interface OracleLibrary {
  parse(text: string): { evaluate(options: { node: Document }): OracleResult };
  readonly XNodeSet: {
    new (): OracleResult;
    prototype: { number?: (this: OracleResult) => unknown; numberValue?: (this: OracleResult) => number };
  };
  readonly XNumber: { new (value: string): { num: number }; prototype: { numberFormat: RegExp } };
  readonly PathExpr: { applyStep(step: OracleStep, context: unknown, node: Node): Node[] };
  readonly Step: { readonly ATTRIBUTE: number; readonly FOLLOWING: number; readonly PRECEDING: number };
}

const library = createRequire(import.meta.url)('xpath') as OracleLibrary;
correct(library);

/** Where xpath 0.0.34 departs from XPath 1.0, and it can be set right from outside. */
function correct({ XNodeSet, XNumber, PathExpr, Step }: OracleLibrary): void {
  // Section 3.7: `Number ::= Digits ('.' Digits?)? | '.' Digits`, so '1.' is a number; white space is x20 x9 xD xA, not \s.
  XNumber.prototype.numberFormat = /^[ \t\r\n]*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[ \t\r\n]*$/;
  // Section 4.4: a node-set is converted by string() first; the library hands a String object to JavaScript's Number(): '' is 0.
  XNodeSet.prototype.number = function () {
    return new XNumber(this.toString());
  };
  XNodeSet.prototype.numberValue = function () {
    return new XNumber(this.toString()).num;
  };
  const applyStep = PathExpr.applyStep;
  PathExpr.applyStep = (step, context, node) => {
    // Section 2.2: following holds no descendants, preceding no ancestors; the library has both in, and fails at attributes.
    if (step.axis === Step.FOLLOWING || step.axis === Step.PRECEDING)
      return sideways(step, context, node, step.axis === Step.FOLLOWING);
    const found = applyStep(step, context, node);
    // Section 2.3: but on the attribute axis, a name test selects elements only, `@a/self::a` is empty.
    const isNameTest = step.nodeTest.type <= 2;
    return isNameTest && step.axis !== Step.ATTRIBUTE ? found.filter((each) => each.nodeType !== ATTRIBUTE) : found;
  };
}

function sideways(step: OracleStep, context: unknown, node: Node, following: boolean): Node[] {
  const owner = node.nodeType === ATTRIBUTE ? (node as unknown as { ownerElement: Element }).ownerElement : node;
  const before: Node[] = [];
  const after: Node[] = [];
  let passed = false;
  const visit = (each: Node): void => {
    if (each === owner) passed = true;
    else (passed ? after : before).push(each);
    for (let child = each.firstChild; child !== null; child = child.nextSibling) visit(child);
  };
  visit(node.ownerDocument ?? node);
  const chosen = following
    ? after.filter((each) => owner !== node || !contains(node, each))
    : before.filter((each) => !contains(each, owner)).reverse();
  return chosen.filter((each) => step.nodeTest.matches(each, context));
}

function contains(outer: Node, inner: Node): boolean {
  for (let node: Node | null = inner; node !== null; node = node.parentNode) if (node === outer) return true;
  return false;
}
