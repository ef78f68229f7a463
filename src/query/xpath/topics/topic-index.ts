import type { XmlElement } from '../../../model/xml-element.ts';
import { type Fact, type Need, passesTest, type ValueTest } from '../need.ts';
import type { NumberRange } from '../number-range.ts';
import { type LabelNode, MAX_VALUE } from './label-node.ts';
import { LabelTree } from './label-tree.ts';
import { OrderedUnion } from './ordered-union.ts';
import { holds, type Ordered, type Posting, sizeOfPosting, withoutPosting, withPosting } from './posting.ts';

/** Elements and attributes of one topic; one with more is not indexed, but looked at every time. */
const MAX_NODES_PER_TOPIC = 512;
/** Units of work between two pauses: a node that is indexed, a value that is looked at. */
const PAUSE = 256;
/** So many waiting topics a query indexes first: some 30 µs each; when there are more, it looks at all that wait. */
const MAX_CAUGHT_UP = 1_000;
/** So many values can be looked at in the time that one document takes. */
const VALUES_PER_DOCUMENT = 32;
/** Label paths of a fact that is only asked whether a topic has it. */
const MAX_ASKED_NODES = 4;

/** What is indexed: the key of a topic, which never changes. */
export interface IndexedTopic extends Ordered {
  readonly key: { readonly element: XmlElement } | undefined;
}

/**
 * Finds the topics of which an expression may be true without looking at the others: by the label paths and values of their keys. New
 * topics wait until a query comes, so that they cost nothing as long as nobody asks.
 */
export class TopicIndex<T extends IndexedTopic> {
  /** Those that are not indexed yet: later ones than all that are. */
  readonly #pending = new Set<T>();
  readonly #tree = new LabelTree<T>();
  /** Those that are too large, or come when there are too many label paths. */
  #unindexed: Posting<T>;

  /** @param topic has its key. */
  add(topic: T): void {
    this.#pending.add(topic);
  }

  delete(topic: T): void {
    if (topic.key === undefined || this.#pending.delete(topic)) return;
    if (holds(this.#unindexed, topic)) this.#unindexed = withoutPosting(this.#unindexed, topic);
    else this.#remove(topic, topic.key.element);
  }

  /**
   * The topics that may have what `need` says, in order and each once; undefined now and then is a pause for others. Topics may come
   * and go meanwhile: what is there from beginning to end is not missed. Undefined instead of a generator when all topics have to be looked at.
   */
  find(need: Need | undefined): Generator<T | undefined, undefined> | undefined {
    if (need === undefined) return undefined;
    return hasLookUp(need) ? this.#find(need) : undefined;
  }

  *#find(need: Need): Generator<T | undefined, undefined> {
    if (this.#pending.size <= MAX_CAUGHT_UP) yield* this.catchUp();
    const waiting = [...this.#pending];
    const end = waiting[0]?.keyOrder ?? Number.POSITIVE_INFINITY;
    const { lookUps, others } = this.#plan(need);
    const union = new OrderedUnion<T>();
    union.add(this.#unindexed);
    for (const lookUp of lookUps) yield* this.#gather(lookUp, union);
    const questions = others.filter(({ isQuestion }) => isQuestion);
    let work = 0;
    for (const topic of union) {
      if (topic.keyOrder >= end) break; // it has been indexed meanwhile
      if (questions.every((question) => isAmong(question, topic)) || holds(this.#unindexed, topic)) yield topic;
      else if (++work % PAUSE === 0) yield undefined;
    }
    yield* waiting;
  }

  /** Whether topics wait to be indexed. */
  get isBehind(): boolean {
    return this.#pending.size > 0;
  }

  /** Indexes what waits. Yields for pauses, after half a millisecond or so. */
  *catchUp(): Generator<undefined, undefined> {
    let work = 0;
    for (const topic of this.#pending) {
      this.#pending.delete(topic);
      work += this.#index(topic);
      if (work < PAUSE) continue;
      work = 0;
      yield;
    }
  }

  /** Returns how many nodes it has. */
  #index(topic: T): number {
    if (topic.key === undefined) return 1;
    const { element } = topic.key;
    const size = countNodes(element, MAX_NODES_PER_TOPIC);
    if (size <= MAX_NODES_PER_TOPIC) {
      const { top } = this.#tree;
      top.add(topic, undefined);
      this.#tree.add(topic, element, top);
      if (!this.#tree.isFull) return size;
      this.#remove(topic, element);
    }
    this.#unindexed = withPosting(this.#unindexed, topic);
    return size;
  }

  #remove(topic: T, element: XmlElement): void {
    const { top } = this.#tree;
    this.#tree.remove(topic, element, top);
    top.remove(topic, undefined);
  }

  #plan(need: Need): Plan<T> {
    if (need.kind === 'fact') {
      const lookUp = this.#lookUp(need);
      return { cost: lookUp.cost, lookUps: [lookUp], others: [] };
    }
    const plans = need.needs.filter(hasLookUp).map((part) => this.#plan(part));
    if (need.kind === 'any') {
      return {
        cost: plans.reduce((sum, { cost }) => sum + cost, 0),
        lookUps: plans.flatMap(({ lookUps }) => lookUps),
        others: [],
      };
    }
    const [best, ...rest] = plans.toSorted((a, b) => a.cost - b.cost) as [Plan<T>, ...Plan<T>[]];
    const others = rest.flatMap(({ lookUps, others: more }) => (lookUps.length === 1 ? [...lookUps, ...more] : []));
    return { ...best, others: [...best.others, ...others] };
  }

  #lookUp({ path, test }: Fact): LookUp<T> {
    const nodes = [...this.#tree.find(path)];
    const isOfText = path.steps.at(-1)?.node === 'text';
    const cost = nodes.reduce((sum, node) => sum + costAt(node, test) + (isOfText ? 0 : sizeOfPosting(node.mixed)), 0);
    const isQuestion = nodes.length <= MAX_ASKED_NODES && (test.kind === 'exists' || test.kind === 'equals');
    return { nodes, test, isOfText, cost, isQuestion };
  }

  *#gather({ nodes, test, isOfText }: LookUp<T>, union: OrderedUnion<T>): Generator<undefined, undefined> {
    let work = 0;
    for (const node of nodes) {
      if (test.kind !== 'exists') union.add(node.unread);
      if (test.kind !== 'exists' && !isOfText) union.add(node.mixed);
      for (const posting of postingsAt(node, test)) {
        union.add(posting);
        if (++work % PAUSE === 0) yield;
      }
    }
  }
}

/** Where to look a fact up. */
interface LookUp<T extends Ordered> {
  readonly nodes: readonly LabelNode<T>[];
  readonly test: ValueTest;
  readonly isOfText: boolean;
  /** Topics that it finds, and what it takes to find them in the same unit. */
  readonly cost: number;
  /** Whether `isAmong` answers quickly. */
  readonly isQuestion: boolean;
}

interface Plan<T extends Ordered> {
  readonly cost: number;
  /** Each topic that matches is found by one of them, */
  readonly lookUps: readonly LookUp<T>[];
  /** and by each of these. */
  readonly others: readonly LookUp<T>[];
}

/** Whether some fact limits the topics; the value of the root node does not. */
function hasLookUp(need: Need): boolean {
  switch (need.kind) {
    case 'fact':
      return need.path.steps.length > 0;
    case 'all':
      return need.needs.some(hasLookUp);
    case 'any':
      return need.needs.every(hasLookUp);
  }
}

function costAt<T extends Ordered>(node: LabelNode<T>, test: ValueTest): number {
  if (test.kind === 'exists') return sizeOfPosting(node.topics);
  const unread = sizeOfPosting(node.unread);
  switch (test.kind) {
    case 'equals':
      return unread + sizeOfPosting(node.values.get(test.text));
    case 'range':
      return unread + node.numbers.estimate(test.range.low, test.range.high);
    default:
      return unread + node.values.size / VALUES_PER_DOCUMENT + Math.min(node.values.size, 16);
  }
}

function isAmong<T extends Ordered>({ nodes, test, isOfText }: LookUp<T>, topic: T): boolean {
  return nodes.some((node) => {
    if (test.kind !== 'equals') return holds(node.topics, topic);
    if (holds(node.values.get(test.text), topic) || holds(node.unread, topic)) return true;
    return !isOfText && holds(node.mixed, topic);
  });
}

/** The postings of the values at `node` that pass; undefined for one that does not. */
function* postingsAt<T extends Ordered>(node: LabelNode<T>, test: ValueTest): Generator<Posting<T>, undefined> {
  switch (test.kind) {
    case 'exists':
      yield node.topics;
      return;
    case 'equals':
      yield node.values.get(test.text);
      return;
    case 'range':
      yield* postingsInRange(node, test.range, test);
      return;
    default:
      if (test.text.length > MAX_VALUE) return;
      for (const [text, topics] of node.values) yield passesTest(test, text) ? topics : undefined;
  }
}

/** Block by block, since values may come and go in between. */
function* postingsInRange<T extends Ordered>(
  { numbers, values }: LabelNode<T>,
  { low, high }: NumberRange,
  test: ValueTest,
): Generator<Posting<T>, undefined> {
  let entries = numbers.from(low);
  for (let last = entries.at(-1); last !== undefined; last = entries.at(-1)) {
    for (const { text, number } of entries) {
      if (number > high) return;
      yield passesTest(test, text) ? values.get(text) : undefined;
    }
    entries = numbers.after(last.number);
  }
}

/** Elements and attributes of `element`; stops when there are more than `most`. */
function countNodes(element: XmlElement, most: number): number {
  let count = 1 + element.attributes.length;
  for (const child of element.children) {
    if (count > most) return count;
    if (typeof child !== 'string') count += countNodes(child, most - count);
  }
  return count;
}
