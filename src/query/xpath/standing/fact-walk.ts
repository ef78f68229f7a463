import { ROOT, type TopicDocument } from '../topic-document.ts';
import type { AccessFact } from './access-fact.ts';
import type { FactTable } from './fact-table.ts';
import type { PathState, PathStates } from './path-states.ts';

/** Units of work between two pauses: a node, a pattern that it fits, or 8 characters of its value; some 50 to 200 ns each. */
const PAUSE = 4_096;

/** One pass over a document, which finds the facts that it has. */
export class FactWalk<T> {
  readonly #paths: PathStates<T>;
  readonly #document: TopicDocument;
  readonly #present: Set<AccessFact<T>>;
  /** Of the nodes before `#node`. */
  readonly #states: PathState<T>[];
  #node = 0;
  /** How many tables of `#node` have been looked at. */
  #table = 0;

  /** @param present takes what is found. */
  constructor(paths: PathStates<T>, document: TopicDocument, present: Set<AccessFact<T>>) {
    this.#paths = paths;
    this.#document = document;
    this.#states = new Array<PathState<T>>(document.size);
    this.#present = present;
  }

  /** Works for a millisecond at most, give or take one value or one path; true when it is done. */
  goOn(): boolean {
    const { size } = this.#document;
    for (let work = 0; this.#node < size; this.#node++) {
      if (work > PAUSE) return false;
      const { tables } = this.#enter(this.#node);
      work++;
      if (tables.length === 0) continue;
      work += this.#look(tables, PAUSE - work);
      if (this.#table < tables.length) return false;
      this.#table = 0;
    }
    return true;
  }

  #enter(node: number): PathState<T> {
    const known = this.#states[node];
    if (known !== undefined) return known;
    const document = this.#document;
    const kind = document.kind(node);
    const above = this.#states[document.parent(node)];
    const state = kind === ROOT || above === undefined ? this.#paths.start : this.#paths.next(above, kind, document.name(node));
    this.#states[node] = state;
    return state;
  }

  /** Returns the work that it took; ends early when that is more than `most`. */
  #look(tables: readonly FactTable<T>[], most: number): number {
    let value: string | undefined;
    let work = 0;
    for (; this.#table < tables.length && work <= most; this.#table++) {
      const table = tables[this.#table] as FactTable<T>;
      if (table.looksAtValues) value ??= this.#document.stringValue(this.#node);
      table.probe(value ?? '', this.#present);
      work += 1 + ((value?.length ?? 0) >> 3);
    }
    return work;
  }
}
