import { ShardedMap } from '../../../base/sharded-map.ts';
import { SortedList } from '../../../base/sorted-list.ts';
import { numberOf } from '../conversions.ts';
import { type Ordered, type Posting, withoutPosting, withPosting } from './posting.ts';

/** The longest value, in characters, that is indexed as it is. */
export const MAX_VALUE = 64;

/** A value that is a number. */
interface NumericValue {
  readonly text: string;
  readonly number: number;
}

/** One label path, such as /xmlBlaster/key/weather/@city, and the topics that have it. */
export class LabelNode<T extends Ordered> {
  readonly parent: LabelNode<T> | undefined;
  /** `a` of an element, `@a` of an attribute, `text()` of texts beside elements. */
  readonly label: string;
  readonly children = new Map<string, LabelNode<T>>();
  topics: Posting<T>;
  /** Those in which it has a value that is too long to be indexed. */
  unread: Posting<T>;
  /** Those in which it has elements inside; their string-value is not indexed. */
  mixed: Posting<T>;
  /** The values that nodes have there, each with the topics in which they have it. */
  readonly values = new ShardedMap<Posting<T>>();
  /** Those of the values that are numbers. */
  readonly numbers = new SortedList<NumericValue>(numberIn);

  constructor(parent: LabelNode<T> | undefined, label: string) {
    this.parent = parent;
    this.label = label;
  }

  get isUnused(): boolean {
    return this.topics === undefined && this.children.size === 0;
  }

  /** @param value undefined when there are elements inside. */
  add(topic: T, value: string | undefined): void {
    this.topics = withPosting(this.topics, topic);
    if (value === undefined) this.mixed = withPosting(this.mixed, topic);
    else if (value.length > MAX_VALUE) this.unread = withPosting(this.unread, topic);
    else this.#addValue(topic, value);
  }

  remove(topic: T, value: string | undefined): void {
    this.topics = withoutPosting(this.topics, topic);
    if (value === undefined) this.mixed = withoutPosting(this.mixed, topic);
    else if (value.length > MAX_VALUE) this.unread = withoutPosting(this.unread, topic);
    else this.#removeValue(topic, value);
  }

  #addValue(topic: T, text: string): void {
    const known = this.values.get(text);
    const posting = withPosting(known, topic);
    if (posting !== known) this.values.set(text, posting);
    if (known !== undefined) return;
    const number = numberOf(text);
    if (!Number.isNaN(number)) this.numbers.add({ text, number });
  }

  #removeValue(topic: T, text: string): void {
    const known = this.values.get(text);
    const posting = withoutPosting(known, topic);
    if (posting !== undefined) {
      if (posting !== known) this.values.set(text, posting);
    } else if (this.values.delete(text)) {
      const number = numberOf(text);
      if (!Number.isNaN(number)) this.numbers.delete(number, (value) => value.text === text);
    }
  }
}

function numberIn({ number }: NumericValue): number {
  return number;
}
