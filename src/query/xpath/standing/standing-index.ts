import { itemsOf } from '../../../base/bucket.ts';
import type { Fact, Need, ValueTest } from '../need.ts';
import { lastSteps, type PathPattern } from '../path-pattern.ts';
import type { TopicDocument } from '../topic-document.ts';
import { AccessFact } from './access-fact.ts';
import { FactTable } from './fact-table.ts';
import { FactWalk } from './fact-walk.ts';
import { PathStates } from './path-states.ts';

/** So many may be found by one fact before those that come need a second one. */
const HOT = 8;
/** Facts that are looked at between two pauses. */
const PAUSE = 4_096;

/** Where something is filed: under a fact, or under two that both must be there. */
type Place<T> = AccessFact<T> | { readonly fact: AccessFact<T>; readonly partner: AccessFact<T> };

/** Of one thing: one place for most, several for `or`, none for what is found every time. */
export type Places<T> = Place<T> | readonly Place<T>[];

/**
 * Finds the expressions that may be true of a document without looking at the others. Each is filed under one fact that it needs, the one
 * with the fewest others; under one of each branch of an `or`; those of which no fact is known are found every time.
 */
export class StandingIndex<T> {
  readonly #paths = new PathStates<T>();
  /** Those without any fact. */
  readonly #others = new Set<T>();

  get isEmpty(): boolean {
    return this.#paths.isEmpty && this.#others.size === 0;
  }

  /** How many are found every time. */
  get unfiled(): number {
    return this.#others.size;
  }

  /** Files `item`; what is returned is to be given to `remove`. */
  add(item: T, need: Need | undefined): Places<T> {
    if (need === undefined) {
      this.#others.add(item);
      return [];
    }
    const places = this.#choose(need).choices.map(({ fact, partner }) => this.#file(item, fact, partner));
    return places.length === 1 ? (places[0] as Place<T>) : places;
  }

  remove(item: T, places: Places<T>): void {
    this.#others.delete(item);
    for (const place of isList(places) ? places : [places]) {
      const { fact, partner } = place instanceof AccessFact ? { fact: place, partner: undefined } : place;
      fact.remove(item, partner);
      this.#dropUnused(fact);
      if (partner !== undefined) this.#dropUnused(partner);
    }
  }

  /**
   * Those that may be true of `document`, each at least once, and undefined now and then: a pause for others. Things may come and
   * go in between; what stays from beginning to end is not missed.
   */
  *candidates(document: TopicDocument): Generator<T | undefined, undefined> {
    const present = new Set<AccessFact<T>>();
    const walk = new FactWalk(this.#paths, document, present);
    while (!walk.goOn()) yield undefined;
    let work = 0;
    for (const fact of present) {
      const { items, partners } = fact;
      if (items instanceof Set) yield* items;
      else if (items !== undefined) yield items;
      if (partners === undefined) continue;
      const fewPartners = partners.size < present.size;
      for (const other of fewPartners ? partners.keys() : present) {
        if (++work % PAUSE === 0) yield undefined;
        if (!fewPartners || present.has(other)) yield* itemsOf(partners.get(other));
      }
    }
    yield* this.#others;
  }

  #choose(need: Need): Choice {
    if (need.kind === 'fact') return { cost: this.#costOf(need), choices: [{ fact: need, partner: undefined }] };
    const parts = need.needs.map((part) => this.#choose(part));
    return need.kind === 'any' ? sumOf(parts) : bestOf(parts);
  }

  /** How many are found in vain with it, roughly: those that are filed under it, and what it says about documents by its kind. */
  #costOf({ path, test }: Fact): number {
    const facts = this.#paths.find(filingPath(path, test))?.facts;
    const size = facts?.get(test)?.size ?? 0;
    switch (test.kind) {
      case 'equals':
        return size;
      case 'range':
        if (Number.isFinite(test.range.low) && Number.isFinite(test.range.high)) return 1 + size;
        return 16 + size + (facts?.count('range') ?? 0) / 4;
      case 'prefix':
        return (test.text.length < 3 ? 12 : 2) + size;
      case 'contains':
      case 'contains-lower':
        return (test.text.length < 3 ? 16 : 4) + size;
      case 'exists':
        return 32 + size;
    }
  }

  #file(item: T, fact: Fact, partner: Fact | undefined): Place<T> {
    const [filedFact, filedPartner] = [this.#getOrAdd(fact), partner && this.#getOrAdd(partner)];
    filedFact.add(item, filedPartner);
    return filedPartner === undefined ? filedFact : { fact: filedFact, partner: filedPartner };
  }

  #getOrAdd({ path, test }: Fact): AccessFact<T> {
    const node = this.#paths.getOrGrow(filingPath(path, test));
    const known = node.facts?.get(test);
    if (known !== undefined) return known;
    if (node.facts === undefined) this.#paths.setFacts(node, new FactTable());
    const fact = new AccessFact(node, test);
    node.facts?.add(fact);
    return fact;
  }

  #dropUnused(fact: AccessFact<T>): void {
    const { node } = fact;
    if (!fact.isUnused || node.facts?.get(fact.test) !== fact) return;
    node.facts.delete(fact);
    if (node.facts.isUnused) this.#paths.setFacts(node, undefined);
  }
}

function isList<T>(places: Places<T>): places is readonly Place<T>[] {
  return Array.isArray(places);
}

/**
 * Under which path a fact is filed: a value tells so much that the last two names are enough, and the fewer paths there are, the fewer
 * are looked into.
 */
function filingPath(path: PathPattern, test: ValueTest): PathPattern {
  return test.kind === 'exists' ? path : lastSteps(path, 2);
}

/** Where to file something, and what it costs to find it there. */
interface Choice {
  readonly cost: number;
  readonly choices: readonly { readonly fact: Fact; readonly partner: Fact | undefined }[];
}

function sumOf(parts: readonly Choice[]): Choice {
  return { cost: parts.reduce((sum, { cost }) => sum + cost, 0), choices: parts.flatMap(({ choices }) => choices) };
}

/** The cheapest; the second cheapest single fact beside it where it is hot. */
function bestOf(parts: readonly Choice[]): Choice {
  const [best, ...others] = parts.toSorted((a, b) => a.cost - b.cost) as [Choice, ...Choice[]];
  const [only, ...more] = best.choices;
  if (best.cost < HOT || only === undefined || more.length > 0 || only.partner !== undefined) return best;
  const partner = others.find(({ choices }) => choices.length === 1)?.choices[0]?.fact;
  return partner === undefined ? best : { cost: best.cost / 2, choices: [{ fact: only.fact, partner }] };
}
