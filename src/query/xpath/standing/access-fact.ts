import { type Bucket, sizeOf, withItem, withoutItem } from '../../../base/bucket.ts';
import type { ValueTest } from '../need.ts';
import type { PathNode } from './path-node.ts';

/**
 * A fact under which expressions are filed: whoever is true of a document that has it, is found by it. Where very many need the same
 * fact, they are filed under a second one inside.
 */
export class AccessFact<T> {
  readonly node: PathNode<T>;
  readonly test: ValueTest;
  #items: Bucket<T>;
  #partners: Map<AccessFact<T>, Bucket<T>> | undefined;
  /** How often it is a second fact of others. */
  #errands = 0;

  constructor(node: PathNode<T>, test: ValueTest) {
    this.node = node;
    this.test = test;
  }

  /** How many are found by it alone. */
  get size(): number {
    return sizeOf(this.#items);
  }

  get isUnused(): boolean {
    return this.#items === undefined && this.#partners === undefined && this.#errands === 0;
  }

  /** Files `item`; with a `partner`, it needs both. */
  add(item: T, partner: AccessFact<T> | undefined): void {
    if (partner === undefined) {
      this.#items = withItem(this.#items, item);
      return;
    }
    this.#partners ??= new Map();
    this.#partners.set(partner, withItem(this.#partners.get(partner), item));
    partner.#errands++;
  }

  remove(item: T, partner: AccessFact<T> | undefined): void {
    if (partner === undefined) {
      this.#items = withoutItem(this.#items, item);
      return;
    }
    const left = withoutItem(this.#partners?.get(partner), item);
    if (left !== undefined) this.#partners?.set(partner, left);
    else this.#partners?.delete(partner);
    if (this.#partners?.size === 0) this.#partners = undefined;
    partner.#errands--;
  }

  /** What is found by it alone. */
  get items(): Bucket<T> {
    return this.#items;
  }

  /** What is found by it together with one of these; undefined: nothing is. */
  get partners(): ReadonlyMap<AccessFact<T>, Bucket<T>> | undefined {
    return this.#partners;
  }
}
