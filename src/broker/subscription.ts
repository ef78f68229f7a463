import type { QueryKey, QueryQos } from '../model/query.ts';
import type { FilterChain } from '../query/filter/filter-chain.ts';
import type { StandingQuery } from '../query/query-table.ts';
import type { Session } from './session.ts';
import type { Topic } from './topic.ts';

/** What one session wants to get: one topic (EXACT), or all topics that a query finds, now and later. */
export interface Subscription {
  readonly id: string;
  readonly session: Session;
  readonly query: QueryKey;
  readonly qos: QueryQos;
  /** The topics it reaches, each with the id of the route. */
  readonly topics: Map<Topic, string>;
  /** The broker's count of keyed topics when it was registered: topics after that find the subscription by themselves. */
  readonly registeredAt: number;
  /** What it is charged to the memory account, beside its filters. */
  readonly bytes: number;
  /** Where it is registered, unless EXACT. */
  standing: StandingQuery<Subscription> | undefined;
  /** What a message must pass to be delivered; undefined: everything is. */
  filters: FilterChain | undefined;
  isCancelled: boolean;
  /** Its record in the store; 0: it has none. */
  recordId: number;
  /** Its query exceeded the budget on some topic, and its subscriber was told. */
  hasFailed: boolean;
}
