import type { XmlElement } from '../../../model/xml-element.ts';
import type { PathPattern, PatternStep } from '../path-pattern.ts';
import { labelOf } from '../standing/path-node.ts';
import { LabelNode } from './label-node.ts';
import type { Ordered } from './posting.ts';

/** Different label paths; topics that would bring more are not indexed. */
const MAX_NODES = 32_768;

const TEXT = labelOf('text', '');
const ANY_ELEMENT = { node: 'element', name: '*' } as const;

/** All label paths of the indexed topics, as a tree. */
export class LabelTree<T extends Ordered> {
  readonly #root = new LabelNode<T>(undefined, '');
  readonly #byLabel = new Map<string, Set<LabelNode<T>>>();
  #size = 0;

  get isFull(): boolean {
    return this.#size > MAX_NODES;
  }

  /** The path of the element that all topics have outermost, `xmlBlaster`. */
  get top(): LabelNode<T> {
    return this.#child(this.#root, 'xmlBlaster');
  }

  add(topic: T, element: XmlElement, parent: LabelNode<T>): void {
    const node = this.#child(parent, element.name);
    const value = textInside(element);
    node.add(topic, value);
    for (const { name, value: text } of element.attributes) this.#child(node, labelOf('attribute', name)).add(topic, text);
    for (const child of element.children) {
      if (typeof child !== 'string') this.add(topic, child, node);
      else if (value === undefined) this.#child(node, TEXT).add(topic, child);
    }
  }

  remove(topic: T, element: XmlElement, parent: LabelNode<T>): void {
    const node = parent.children.get(element.name);
    if (node === undefined) return;
    const value = textInside(element);
    for (const child of element.children) {
      if (typeof child !== 'string') this.remove(topic, child, node);
      else if (value === undefined) this.#removeAt(node.children.get(TEXT), topic, child);
    }
    for (const { name, value: text } of element.attributes) {
      this.#removeAt(node.children.get(labelOf('attribute', name)), topic, text);
    }
    this.#removeAt(node, topic, value);
  }

  /**
   * The label paths that `pattern` fits, but of the root node. For a text, those of texts beside elements, and those of elements: the
   * value of one without elements inside is its text.
   */
  *find({ steps }: PathPattern): Generator<LabelNode<T>, undefined> {
    const last = steps.at(-1);
    if (last === undefined) return;
    for (const node of this.#labelled(last)) if (fits(node, steps, steps.length - 1)) yield node;
    if (last.node !== 'text') return;
    const above = steps.slice(0, -1);
    for (const node of this.#labelled(ANY_ELEMENT)) if (mayHold(node, above, last.hasGap)) yield node;
  }

  #labelled({ node, name }: Pick<PatternStep, 'node' | 'name'>): Iterable<LabelNode<T>> {
    if (name !== '*') return this.#byLabel.get(labelOf(node, name)) ?? [];
    const labels = [...this.#byLabel.keys()].filter((label) => isOfKind(label, node));
    return labels.flatMap((label) => [...(this.#byLabel.get(label) ?? [])]);
  }

  #child(parent: LabelNode<T>, label: string): LabelNode<T> {
    const known = parent.children.get(label);
    if (known !== undefined) return known;
    const node = new LabelNode(parent, label);
    parent.children.set(label, node);
    const alike = this.#byLabel.get(label);
    if (alike === undefined) this.#byLabel.set(label, new Set([node]));
    else alike.add(node);
    this.#size++;
    return node;
  }

  #removeAt(node: LabelNode<T> | undefined, topic: T, value: string | undefined): void {
    node?.remove(topic, value);
    if (!node?.isUnused) return;
    node.parent?.children.delete(node.label);
    const alike = this.#byLabel.get(node.label);
    alike?.delete(node);
    if (alike?.size === 0) this.#byLabel.delete(node.label);
    this.#size--;
  }
}

/** The string-value of an element without elements inside. */
function textInside({ children }: XmlElement): string | undefined {
  const [text = '', ...others] = children;
  return typeof text === 'string' && others.length === 0 ? text : undefined;
}

/** Whether the steps up to `last` lead to `node`. */
function fits<T extends Ordered>(node: LabelNode<T>, steps: readonly PatternStep[], last: number): boolean {
  const step = steps[last];
  if (step === undefined || !isLabelled(node.label, step)) return false;
  const { parent } = node;
  if (last === 0) return step.hasGap || parent?.parent === undefined;
  if (!step.hasGap) return parent !== undefined && fits(parent, steps, last - 1);
  return fitsAbove(parent, steps, last - 1);
}

function fitsAbove<T extends Ordered>(start: LabelNode<T> | undefined, steps: readonly PatternStep[], last: number): boolean {
  for (let node = start; node !== undefined; node = node.parent) if (fits(node, steps, last)) return true;
  return false;
}

/** Whether elements at `node` may hold a text behind `steps`. */
function mayHold<T extends Ordered>(node: LabelNode<T>, steps: readonly PatternStep[], hasGap: boolean): boolean {
  if (steps.length === 0) return hasGap;
  return hasGap ? fitsAbove(node, steps, steps.length - 1) : fits(node, steps, steps.length - 1);
}

function isLabelled(label: string, { node, name }: PatternStep): boolean {
  return name === '*' ? isOfKind(label, node) : label === labelOf(node, name);
}

function isOfKind(label: string, node: PatternStep['node']): boolean {
  if (label === TEXT) return node === 'text';
  return label.startsWith('@') === (node === 'attribute');
}
