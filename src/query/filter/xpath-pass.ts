import type { StandingIndex } from '../xpath/standing/standing-index.ts';
import type { TopicDocument } from '../xpath/topic-document.ts';

/** A pass costs as much as some expressions: the first ones that look at a message go without. */
const FIRST = 16;
/** Pauses that a pass may need, each within a millisecond, and filters that it may find: what takes more is not worth it. */
const MAX_PAUSES = 5;
const MAX_FOUND = 20_000;

/** One pass of the index over one document, as soon as many filters look at it. */
export class XPathPass {
  #asked = 0;
  /** Undefined: it has not been made, or took too much. */
  #found: ReadonlySet<unknown> | undefined;
  #madeAt = -1;

  /**
   * False when the filter `item` of `index` cannot be true of `document`.
   *
   * @param heldAt the number that `index` had when the filter was filed, and `now` the one that it has: those that came later than the
   * pass are not in it.
   */
  mayMatch<T>(index: StandingIndex<T>, document: TopicDocument, item: T, heldAt: number, now: number): boolean {
    if (this.#asked++ < FIRST) return true;
    if (this.#madeAt < 0) {
      this.#madeAt = now;
      this.#found = findAll(index, document);
    }
    return this.#found === undefined || heldAt > this.#madeAt || this.#found.has(item);
  }
}

function findAll<T>(index: StandingIndex<T>, document: TopicDocument): ReadonlySet<T> | undefined {
  const found = new Set<T>();
  let pauses = 0;
  for (const item of index.candidates(document)) {
    if (item === undefined) pauses++;
    else found.add(item);
    if (pauses > MAX_PAUSES || found.size > MAX_FOUND) return undefined;
  }
  return found;
}
