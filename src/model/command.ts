import type { ConnectQos, DisconnectQos } from './connect.ts';
import type { PublishUnit } from './message.ts';
import type { QueryKey, QueryQos } from './query.ts';

/** One call of a verb, as every transport hands it in. */
export type Command =
  | { readonly verb: 'connect'; readonly qos: ConnectQos }
  | { readonly verb: 'disconnect'; readonly qos: DisconnectQos }
  | { readonly verb: 'ping' }
  | { readonly verb: 'publish'; readonly unit: PublishUnit }
  | { readonly verb: 'publishArr'; readonly units: readonly PublishUnit[] }
  | { readonly verb: QueryVerb; readonly key: QueryKey; readonly qos: QueryQos };

/** A step of a script that calls nothing. */
export interface Pause {
  readonly verb: 'wait';
  readonly delayMs: number;
}

export type QueryVerb = 'subscribe' | 'unSubscribe' | 'get' | 'erase';
export type Verb = Command['verb'];

export const QUERY_VERBS: readonly QueryVerb[] = ['subscribe', 'unSubscribe', 'get', 'erase'];
export const VERBS: readonly Verb[] = ['connect', 'disconnect', 'ping', 'publish', 'publishArr', ...QUERY_VERBS];
