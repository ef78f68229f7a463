import type { PathPattern } from '../path-pattern.ts';
import { ATTRIBUTE, ELEMENT, type NodeKind } from '../topic-document.ts';
import type { FactTable } from './fact-table.ts';
import { edgeOf, labelOf, PathNode } from './path-node.ts';

/** States that are remembered, and the patterns' nodes that they hold together. */
const MAX_STATES = 20_000;
const MAX_ENTRIES = 400_000;

/** What all patterns make of one label path, such as /xmlBlaster/key/@oid. */
export interface PathState<T> {
  /** What is filed under the patterns that end there. */
  readonly tables: readonly FactTable<T>[];
  /** The prefixes of patterns that end there. */
  readonly nodes: readonly PathNode<T>[];
  /** The prefixes that go on with a gap, there or further up. */
  readonly gaps: readonly PathNode<T>[];
  readonly elements: Map<string, PathState<T>>;
  readonly attributes: Map<string, PathState<T>>;
  text: PathState<T> | undefined;
}

/**
 * Patterns as one automaton over label paths: patterns with the same beginning share it, and each distinct label path of known names is
 * worked out once. What has been worked out is forgotten when a pattern comes or goes, or when it becomes too much. A step costs time in
 * proportion to the prefixes that it goes on from: those that match where it comes from.
 */
export class PathStates<T> {
  readonly #root = new PathNode<T>(undefined, '');
  /** How many edges have a label: other names are all alike. */
  readonly #labels = new Map<string, number>();
  #start: PathState<T> | undefined;
  #states = 0;
  #entries = 0;

  get isEmpty(): boolean {
    return this.#root.isUnused;
  }

  /** The state of the root node. */
  get start(): PathState<T> {
    this.#start ??= this.#stateOf([this.#root], []);
    return this.#start;
  }

  find({ steps }: PathPattern): PathNode<T> | undefined {
    let node: PathNode<T> | undefined = this.#root;
    for (const step of steps) node = node?.get(edgeOf(step));
    return node;
  }

  getOrGrow({ steps }: PathPattern): PathNode<T> {
    let node = this.#root;
    for (const step of steps) {
      const edge = edgeOf(step);
      node = node.get(edge) ?? this.#grow(node, edge);
    }
    return node;
  }

  /** Gives a pattern its table, or takes it away. */
  setFacts(node: PathNode<T>, facts: FactTable<T> | undefined): void {
    node.facts = facts;
    this.#forget();
    this.#prune(node);
  }

  /** Takes out what nobody needs any more, upward. */
  #prune(unused: PathNode<T>): void {
    let node = unused;
    while (node.parent !== undefined && node.isUnused) {
      node.parent.prune(node.edge);
      this.#count(node.edge, -1);
      node = node.parent;
    }
  }

  /** Where a child or attribute of that kind and name leads to. */
  next(state: PathState<T>, kind: NodeKind, name: string): PathState<T> {
    if (kind !== ELEMENT && kind !== ATTRIBUTE) {
      state.text ??= this.#advance(state, 'text()', 'text()');
      return state.text;
    }
    const known = kind === ELEMENT ? state.elements : state.attributes;
    const next = known.get(name);
    if (next !== undefined) return next;
    const [label, anyLabel] = kind === ELEMENT ? [name, '*'] : [labelOf('attribute', name), '@*'];
    return this.#labels.has(label) ? this.#remember(known, name, state, label, anyLabel) : this.#unknown(known, state, anyLabel);
  }

  #unknown(known: Map<string, PathState<T>>, state: PathState<T>, anyLabel: string): PathState<T> {
    return known.get('') ?? this.#remember(known, '', state, '', anyLabel);
  }

  #remember(known: Map<string, PathState<T>>, name: string, state: PathState<T>, label: string, anyLabel: string): PathState<T> {
    const next = this.#advance(state, label, anyLabel);
    known.set(name, next);
    return next;
  }

  #advance(state: PathState<T>, label: string, anyLabel: string): PathState<T> {
    const nodes: PathNode<T>[] = [];
    const labels = label === anyLabel ? [label] : [label, anyLabel];
    const take = (from: readonly PathNode<T>[], edge: string): void => {
      for (const node of from) {
        const next = node.get(edge);
        if (next !== undefined) nodes.push(next);
      }
    };
    for (const each of labels) {
      take(state.nodes, `/${each}`);
      take(state.gaps, `//${each}`);
    }
    // Below an unknown name everything may be as it was: then it is the same state, however deep the document.
    if (nodes.length === 0 && state.nodes.length === 0) return state;
    return this.#stateOf(nodes, state.gaps);
  }

  #stateOf(nodes: readonly PathNode<T>[], gapsAbove: readonly PathNode<T>[]): PathState<T> {
    const news = nodes.filter((node) => node.hasGaps);
    const gaps = news.length === 0 ? gapsAbove : [...new Set([...gapsAbove, ...news])];
    this.#states++;
    this.#entries += nodes.length + (gaps === gapsAbove ? 0 : gaps.length);
    if (this.#states > MAX_STATES || this.#entries > MAX_ENTRIES) this.#forget();
    const tables = nodes.flatMap(({ facts }) => facts ?? []);
    return { tables, nodes, gaps, elements: new Map(), attributes: new Map(), text: undefined };
  }

  #grow(parent: PathNode<T>, edge: string): PathNode<T> {
    this.#count(edge, 1);
    return parent.grow(edge);
  }

  #count(edge: string, by: number): void {
    const label = edge.replace(/^\/+/, '');
    const count = (this.#labels.get(label) ?? 0) + by;
    if (count > 0) this.#labels.set(label, count);
    else this.#labels.delete(label);
    this.#forget();
  }

  #forget(): void {
    this.#start = undefined;
    this.#states = 0;
    this.#entries = 0;
  }
}
