import type { ClientProperty } from './client-property.ts';

/** Which topics a subscribe, unSubscribe, get or erase means. */
export type QueryKey =
  | { readonly type: 'EXACT'; readonly oid: string }
  | { readonly type: 'XPATH'; readonly xpath: string }
  | { readonly type: 'DOMAIN'; readonly domain: string };

/** How many of a topic's messages, and in which order. */
export interface HistoryQos {
  /** Below 0: all. Default 1. */
  readonly numEntries: number;
  /** Default true. */
  readonly newestFirst: boolean;
}

/** A condition on messages, beside the key that picks topics: what passes is delivered. */
export interface FilterQos {
  /** Which filter understands `query`: GnuRegexFilter, XPathFilter, Sql92Filter, ContentLenFilter or one of a module. */
  readonly type: string;
  /** Default 1.0. */
  readonly version: string;
  readonly query: string;
}

/** The most filters of one subscribe or get. */
export const MAX_FILTERS = 100;

export const DEFAULT_FILTER_VERSION = '1.0';

/** The QoS of subscribe, unSubscribe, get and erase; each verb reads what concerns it. */
export interface QueryQos {
  /** The subscription id that the client wishes, or that it unsubscribes. */
  readonly subscriptionId: string | undefined;
  /** Default true: updates and results carry the content. */
  readonly content: boolean;
  /** Default true: updates and results carry the whole key. */
  readonly meta: boolean;
  /** Default true: the same query may be subscribed again. */
  readonly multiSubscribe: boolean;
  /** Default true: a session gets its own publishes too. */
  readonly local: boolean;
  /** Default true: what the topics hold already is delivered at once. */
  readonly initialUpdate: boolean;
  /** Default false: the client does not acknowledge the updates of this subscription. */
  readonly updateOneway: boolean;
  /** Default true: subscribers are told of an erase. */
  readonly notify: boolean;
  /** Default false. */
  readonly persistent: boolean;
  /** Erase: default false. */
  readonly forceDestroy: boolean;
  /** Undefined when the client says nothing: then DEFAULT_HISTORY. An erase that says something erases no more than that. */
  readonly history: HistoryQos | undefined;
  /** Get: which session's properties are asked for (`__sys__remoteProperties`). */
  readonly clientProperties: readonly ClientProperty[];
  /** Subscribe and get: a message must pass all of them. At most MAX_FILTERS. */
  readonly filters: readonly FilterQos[];
  /** Subscribe, `__newestOnly`: default false; while updates wait, only the newest of each topic does. */
  readonly newestOnly: boolean;
  /** Get on `__cmd:…`: the text of its QueueQuery, for `parseQueueQuery`. */
  readonly querySpec: string | undefined;
}

export const DEFAULT_HISTORY: HistoryQos = { numEntries: 1, newestFirst: true };

export const DEFAULT_QUERY_QOS: QueryQos = {
  subscriptionId: undefined,
  content: true,
  meta: true,
  multiSubscribe: true,
  local: true,
  initialUpdate: true,
  updateOneway: false,
  notify: true,
  persistent: false,
  forceDestroy: false,
  history: undefined,
  clientProperties: [],
  filters: [],
  newestOnly: false,
  querySpec: undefined,
};
