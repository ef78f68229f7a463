import type { Slicer } from '../base/slicer.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey } from '../model/message.ts';
import type { QueryKey } from '../model/query.ts';
import { compileQuery, type QueryTable, type StandingQuery, type TopicQuery, TopicView } from '../query/topic-query.ts';
import { XPathBudgetError } from '../query/xpath/budget.ts';
import type { XPathLimits } from '../query/xpath/xpath-expression.ts';
import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';
import { isGone, type Topics } from './topics.ts';

/**
 * Brings queries and topics together, in both directions. Either may be large, so both take slices of at most 5 ms and let the
 * broker go on in between.
 */
export class Matching {
  readonly #topics: Topics;
  readonly #queries: QueryTable<Subscription>;
  readonly #slicer: Slicer;
  readonly #limits: XPathLimits;

  constructor(topics: Topics, queries: QueryTable<Subscription>, slicer: Slicer, limits: XPathLimits) {
    this.#topics = topics;
    this.#queries = queries;
    this.#slicer = slicer;
    this.#limits = limits;
  }

  /** The topics that `query` finds, in the order in which they were made. Rejects with BrokerError `user.query.invalid`. */
  async find(query: QueryKey): Promise<Topic[]> {
    if (query.type === 'EXACT') {
      const topic = this.#topics.get(query.oid);
      return topic ? [topic] : [];
    }
    const found: Topic[] = [];
    await this.scanTopics(compileQuery(query, this.#limits), (topic) => found.push(topic) > 0);
    return found.filter((topic) => !isGone(topic));
  }

  /**
   * Calls `onMatch` for each topic that had its key when this was called, is there still when its turn comes, and matches; in
   * the order in which the topics were made. Ends early when `onMatch` returns false.
   *
   * @throws BrokerError `user.query.invalid` naming the first topic on which the query costs too much.
   */
  async scanTopics(query: TopicQuery, onMatch: (topic: Topic) => boolean): Promise<void> {
    const keyOrder = this.#topics.keyOrder;
    this.#slicer.begin();
    for (const topic of this.#topics) {
      if (topic.key && topic.keyOrder < keyOrder && sees(query, topic) && this.#finds(query, topic.key)) {
        if (!onMatch(topic)) return;
      }
      if (this.#slicer.expired) await this.#slicer.next();
    }
  }

  #finds(query: TopicQuery, key: MsgKey): boolean {
    const answer = tryMatch(query, new TopicView(key));
    if (answer instanceof BrokerError) throw answer;
    return answer;
  }

  /**
   * Calls `onMatch` for each subscription whose standing query finds the new `topic`, `onBudget` for each whose query costs too
   * much on it. Returns a promise only when one slice was not enough.
   */
  matchNewTopic(topic: Topic, onMatch: OnMatch, onBudget: OnBudget): Promise<void> | undefined {
    if (!topic.key) return undefined;
    const view = new TopicView(topic.key);
    const queries = this.#queries[Symbol.iterator]();
    this.#slicer.begin();
    const slice = (): boolean => {
      do {
        const { value: query, done } = queries.next();
        if (done) return true;
        if (sees(query, topic)) notifySubscribers(query, view, topic.keyOrder, onMatch, onBudget);
      } while (!this.#slicer.expired);
      return false;
    };
    return slice() ? undefined : this.#goOn(topic, slice);
  }

  async #goOn(topic: Topic, slice: () => boolean): Promise<void> {
    do await this.#slicer.next();
    while (!isGone(topic) && !slice());
  }
}

function sees(query: TopicQuery, topic: Topic): boolean {
  return topic.options.createDomEntry || query.findsHidden;
}

type OnMatch = (subscription: Subscription) => void;
type OnBudget = (subscription: Subscription, error: BrokerError) => void;

function notifySubscribers(
  query: StandingQuery<Subscription>,
  view: TopicView,
  keyOrder: number,
  onMatch: OnMatch,
  onBudget: OnBudget,
): void {
  const answer = tryMatch(query, view);
  if (answer === false) return;
  for (const subscription of query.subscribers) {
    // Whoever subscribed after the topic had its key finds it by a scan.
    if (subscription.registeredAt > keyOrder) continue;
    if (answer === true) onMatch(subscription);
    else onBudget(subscription, answer);
  }
}

/** An error when the answer costs too much. */
function tryMatch(query: TopicQuery, view: TopicView): boolean | BrokerError {
  try {
    return query.matches(view);
  } catch (error) {
    if (!(error instanceof XPathBudgetError)) throw error;
    const where = `on the topic "${view.key.oid.slice(0, 100)}"`;
    return new BrokerError('user.query.invalid', `${error.message} ${where}; make the expression more selective`, {
      cause: error,
    });
  }
}
