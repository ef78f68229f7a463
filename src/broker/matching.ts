import type { Slicer } from '../base/slicer.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey } from '../model/message.ts';
import type { QueryKey } from '../model/query.ts';
import type { QueryTable, StandingQuery } from '../query/query-table.ts';
import { type CompiledQuery, type QueryCompiler, type TopicQuery, TopicView, type WideQuery } from '../query/topic-query.ts';
import { XPathBudgetError } from '../query/xpath/budget.ts';
import { TopicIndex } from '../query/xpath/topics/topic-index.ts';
import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';
import { isGone, type Topics } from './topics.ts';

/**
 * Brings queries and topics together, in both directions, by an index for each: only what may match is looked at. That may still be
 * much, so both take slices of at most 5 ms and let the broker go on in between.
 */
export class Matching {
  readonly #topics: Topics;
  readonly #queries: QueryTable<Subscription>;
  readonly #slicer: Slicer;
  readonly #compiler: QueryCompiler;
  readonly #index = new TopicIndex<Topic>();
  #isCatchingUp = false;
  #isClosed = false;
  #exceeded = 0;

  constructor(topics: Topics, queries: QueryTable<Subscription>, slicer: Slicer, compiler: QueryCompiler) {
    this.#topics = topics;
    this.#queries = queries;
    this.#slicer = slicer;
    this.#compiler = compiler;
  }

  /** How often a query has cost too much on a topic. */
  get exceeded(): number {
    return this.#exceeded;
  }

  /** Different standing queries that every new topic is tested against, because nothing is known that it must have. */
  get unfiled(): number {
    return this.#queries.unfiled;
  }

  /** @throws BrokerError `user.query.invalid`, `user.maxSizeExceed` */
  compile(query: WideQuery): CompiledQuery {
    return this.#compiler.compile(query);
  }

  /** The topics that `query` finds, in the order in which they were made. Rejects with BrokerError `user.query.invalid`. */
  async find(query: QueryKey): Promise<Topic[]> {
    if (query.type === 'EXACT') {
      const topic = this.#topics.get(query.oid);
      return topic ? [topic] : [];
    }
    const found: Topic[] = [];
    await this.scanTopics(this.compile(query), (topic) => found.push(topic) > 0);
    return found.filter((topic) => !isGone(topic));
  }

  /**
   * Calls `onMatch` for each topic that had its key when this was called, is there still when its turn comes, and matches; in
   * the order in which the topics got their keys. Ends early when `onMatch` returns false.
   *
   * @throws BrokerError `user.query.invalid` naming the first topic on which the query costs too much.
   */
  async scanTopics({ query, need }: CompiledQuery, onMatch: (topic: Topic) => boolean): Promise<void> {
    const { keyOrder } = this.#topics;
    const found = this.#index.find(need);
    if (found && this.#index.isBehind && !this.#isCatchingUp) void this.#catchUp(); // nothing in it rejects
    this.#slicer.begin();
    for (const topic of found ?? this.#topics) {
      if (topic?.key && topic.keyOrder < keyOrder && !isGone(topic) && sees(query, topic) && this.#finds(query, topic.key)) {
        if (!onMatch(topic)) return;
      }
      if (this.#slicer.expired) await this.#slicer.next();
    }
  }

  /** Where one asks, others will, too: the waiting topics are indexed, a little in each turn of the event loop. */
  async #catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    for (const _ of this.#index.catchUp()) {
      await this.#slicer.next();
      if (this.#isClosed) return;
    }
    this.#isCatchingUp = false;
  }

  #finds(query: TopicQuery, key: MsgKey): boolean {
    const answer = this.#tryMatch(query, new TopicView(key));
    if (answer instanceof BrokerError) throw answer;
    return answer;
  }

  /** An error when the answer costs too much. */
  #tryMatch(query: TopicQuery, view: TopicView): boolean | BrokerError {
    try {
      return query.matches(view);
    } catch (error) {
      if (!(error instanceof XPathBudgetError)) throw error;
      this.#exceeded++;
      const where = `on the topic "${view.key.oid.slice(0, 100)}"`;
      return new BrokerError('user.query.invalid', `${error.message} ${where}; make the expression more selective`, {
        cause: error,
      });
    }
  }

  /**
   * Calls `onMatch` for each subscription whose standing query finds the new `topic`, `onBudget` for each whose query costs too
   * much on it; for some more than once. Returns a promise only when one slice was not enough.
   */
  matchNewTopic(topic: Topic, onMatch: OnMatch, onBudget: OnBudget): Promise<void> | undefined {
    if (!topic.key) return undefined;
    this.#index.add(topic);
    const view = new TopicView(topic.key);
    const candidates = this.#queries.candidates(view, !topic.options.createDomEntry);
    this.#slicer.begin();
    const slice = (): boolean => {
      do {
        const { value: standing, done } = candidates.next();
        if (done) return true;
        if (standing) this.#notifySubscribers(standing, view, topic.keyOrder, { onMatch, onBudget });
      } while (!this.#slicer.expired);
      return false;
    };
    return slice() ? undefined : this.#goOn(topic, slice);
  }

  async #goOn(topic: Topic, slice: () => boolean): Promise<void> {
    do await this.#slicer.next();
    while (!isGone(topic) && !slice());
  }

  #notifySubscribers(
    standing: StandingQuery<Subscription>,
    view: TopicView,
    keyOrder: number,
    { onMatch, onBudget }: OnAnswer,
  ): void {
    const answer = this.#tryMatch(standing.query, view);
    if (answer === false) return;
    for (const subscription of standing.subscribers) {
      // Whoever subscribed after the topic had its key finds it by a scan.
      if (subscription.registeredAt > keyOrder) continue;
      if (answer === true) onMatch(subscription);
      else onBudget(subscription, answer);
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  /** The topic is not there any more. */
  forget(topic: Topic): void {
    this.#index.delete(topic);
  }
}

function sees(query: TopicQuery, topic: Topic): boolean {
  return topic.options.createDomEntry || query.findsHidden;
}

type OnMatch = (subscription: Subscription) => void;
type OnBudget = (subscription: Subscription, error: BrokerError) => void;

interface OnAnswer {
  readonly onMatch: OnMatch;
  readonly onBudget: OnBudget;
}
