import type { PatternStep } from '../path-pattern.ts';
import type { FactTable } from './fact-table.ts';

/** A prefix of patterns, and what is filed under the pattern that ends here. */
export class PathNode<T> {
  readonly parent: PathNode<T> | undefined;
  /** Of the edge that leads here, '' for the root. */
  readonly edge: string;
  facts: FactTable<T> | undefined;
  #edges: Map<string, PathNode<T>> | undefined;
  #gaps = 0;

  constructor(parent: PathNode<T> | undefined, edge: string) {
    this.parent = parent;
    this.edge = edge;
  }

  /** Some pattern goes on from here with a gap. */
  get hasGaps(): boolean {
    return this.#gaps > 0;
  }

  get isUnused(): boolean {
    return this.facts === undefined && this.#edges === undefined;
  }

  get(edge: string): PathNode<T> | undefined {
    return this.#edges?.get(edge);
  }

  grow(edge: string): PathNode<T> {
    const child = new PathNode(this, edge);
    this.#edges ??= new Map();
    this.#edges.set(edge, child);
    if (isGap(edge)) this.#gaps++;
    return child;
  }

  prune(edge: string): void {
    this.#edges?.delete(edge);
    if (this.#edges?.size === 0) this.#edges = undefined;
    if (isGap(edge)) this.#gaps--;
  }
}

/** The text by which a step is known: `/a`, `//a`, `/@a`, `//text()`, with `*` for any name. */
export function edgeOf({ node, name, hasGap }: PatternStep): string {
  return (hasGap ? '//' : '/') + labelOf(node, name);
}

export function labelOf(node: PatternStep['node'], name: string): string {
  if (node === 'element') return name;
  return node === 'attribute' ? `@${name}` : 'text()';
}

function isGap(edge: string): boolean {
  return edge.startsWith('//');
}
