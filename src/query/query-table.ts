import { type Bucket, itemsOf, withItem, withoutItem } from '../base/bucket.ts';
import { ShardedMap } from '../base/sharded-map.ts';
import { type CompiledQuery, domainName, type TopicQuery, type TopicView } from './topic-query.ts';
import { type Places, StandingIndex } from './xpath/standing/standing-index.ts';

/** A query that waits for topics, and those who wait for its matches; queries that mean the same are one. */
export class StandingQuery<S> {
  readonly name: string;
  readonly query: TopicQuery;
  /** Where the index has it. */
  places: Places<StandingQuery<S>> | undefined;
  #subscribers: Bucket<S>;

  constructor({ name, query }: CompiledQuery) {
    this.name = name;
    this.query = query;
  }

  /** Also while others come and go. */
  get subscribers(): Iterable<S> {
    return itemsOf(this.#subscribers);
  }

  /** The index may find it more than once. */
  get hasManyPlaces(): boolean {
    return Array.isArray(this.places);
  }

  get isUnused(): boolean {
    return this.#subscribers === undefined;
  }

  add(subscriber: S): void {
    this.#subscribers = withItem(this.#subscribers, subscriber);
  }

  remove(subscriber: S): void {
    this.#subscribers = withoutItem(this.#subscribers, subscriber);
  }
}

/** The standing queries of all subscriptions, and which of them a new topic may match. */
export class QueryTable<S> {
  readonly #queries = new ShardedMap<StandingQuery<S>>();
  readonly #index = new StandingIndex<StandingQuery<S>>();

  /** Different queries. */
  get size(): number {
    return this.#queries.size;
  }

  /** Those of which no fact is known: each topic is tested against all of them. */
  get unfiled(): number {
    return this.#index.unfiled;
  }

  /** Registers `subscriber`; every `add` needs its `remove`. */
  add(compiled: CompiledQuery, subscriber: S): StandingQuery<S> {
    let standing = this.#queries.get(compiled.name);
    if (standing === undefined) {
      standing = new StandingQuery<S>(compiled);
      this.#queries.set(compiled.name, standing);
      if (!compiled.query.findsHidden) standing.places = this.#index.add(standing, compiled.need);
    }
    standing.add(subscriber);
    return standing;
  }

  remove(standing: StandingQuery<S>, subscriber: S): void {
    standing.remove(subscriber);
    if (!standing.isUnused || this.#queries.get(standing.name) !== standing) return;
    this.#queries.delete(standing.name);
    if (standing.places !== undefined) this.#index.remove(standing, standing.places);
  }

  /**
   * The queries that `topic` may match, to be asked, each once; undefined now and then is a pause for others. Queries may come and go
   * meanwhile: one that is there from beginning to end is not missed.
   *
   * @param isHidden from XPath.
   */
  *candidates(topic: TopicView, isHidden: boolean): Generator<StandingQuery<S> | undefined, undefined> {
    const { domain } = topic.key;
    const standing = domain === undefined ? undefined : this.#queries.get(domainName(domain));
    if (standing !== undefined) yield standing;
    if (isHidden || this.#index.isEmpty) return;
    let repeatable: Set<StandingQuery<S>> | undefined;
    for (const candidate of this.#index.candidates(topic.document)) {
      if (candidate?.hasManyPlaces) {
        if (repeatable?.has(candidate)) continue;
        repeatable ??= new Set();
        repeatable.add(candidate);
      }
      yield candidate;
    }
  }
}
