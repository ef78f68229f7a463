import type { MsgKey } from '../model/message.ts';
import { createTopicDocument, type TopicDocument } from './xpath/topic-document.ts';
import { compileXPath, type XPathExpression, type XPathLimits } from './xpath/xpath-expression.ts';
import { XPathTable } from './xpath/xpath-table.ts';

/** What queries see of one topic; the document is built when the first XPath asks for it. */
export class TopicView {
  readonly key: MsgKey;
  #document: TopicDocument | undefined;

  constructor(key: MsgKey) {
    this.key = key;
  }

  get document(): TopicDocument {
    this.#document ??= createTopicDocument(this.key.element);
    return this.#document;
  }
}

/** The queries that look at many topics. */
export type WideQuery = { readonly type: 'XPATH'; readonly xpath: string } | { readonly type: 'DOMAIN'; readonly domain: string };

/** A compiled query: does a topic match? */
export interface TopicQuery {
  /** Whether it finds topics with createDomEntry='false' too: they are hidden from XPath only. */
  readonly findsHidden: boolean;
  /** @throws XPathBudgetError when the answer costs more than one evaluation may. */
  matches(topic: TopicView): boolean;
}

/** Compiles a query for one use. @throws BrokerError when the XPath is not one (see `compileXPath`). */
export function compileQuery(query: WideQuery, limits: XPathLimits): TopicQuery {
  return query.type === 'DOMAIN' ? domainQuery(query.domain) : xpathQuery(compileXPath(query.xpath, limits));
}

/** A standing query and those who wait for its matches. */
export interface StandingQuery<S> extends TopicQuery {
  readonly subscribers: Set<S>;
}

/** The standing queries of all subscriptions; queries that mean the same are one and are evaluated once per topic. */
export class QueryTable<S> {
  readonly #expressions: XPathTable;
  readonly #queries = new Map<XPathExpression | string, StandingQuery<S>>();
  readonly #keys = new Map<StandingQuery<S>, XPathExpression | string>();

  constructor(limits: XPathLimits) {
    this.#expressions = new XPathTable(limits);
  }

  /** Registers `subscriber`; every `add` needs its `remove`. @throws BrokerError when the XPath is not one. */
  add(query: WideQuery, subscriber: S): StandingQuery<S> {
    const key = query.type === 'DOMAIN' ? query.domain : this.#expressions.acquire(query.xpath);
    let standing = this.#queries.get(key);
    if (!standing) {
      standing = { ...(typeof key === 'string' ? domainQuery(key) : xpathQuery(key)), subscribers: new Set() };
      this.#queries.set(key, standing);
      this.#keys.set(standing, key);
    }
    standing.subscribers.add(subscriber);
    return standing;
  }

  remove(standing: StandingQuery<S>, subscriber: S): void {
    const key = this.#keys.get(standing);
    if (key === undefined || !standing.subscribers.delete(subscriber)) return;
    if (typeof key !== 'string') this.#expressions.release(key);
    if (standing.subscribers.size > 0) return;
    this.#queries.delete(key);
    this.#keys.delete(standing);
  }

  /** All standing queries, also while others are added and removed. */
  [Symbol.iterator](): IterableIterator<StandingQuery<S>> {
    return this.#queries.values();
  }
}

function domainQuery(domain: string): TopicQuery {
  return { findsHidden: true, matches: (topic) => topic.key.domain === domain };
}

function xpathQuery(expression: XPathExpression): TopicQuery {
  return { findsHidden: false, matches: (topic) => expression.matches(topic.document) };
}
