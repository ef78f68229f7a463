import type { ErrorCode } from '../../model/error-codes.ts';
import type { ReceivedMessage } from '../../model/message.ts';

/** `DEFAULT_MAX_LEN=200` and the like, as the broker's operator wrote it behind the name of a filter. */
export type FilterParameters = ReadonlyMap<string, string>;

/**
 * Whether a message passes. `receiver` is the absolute name of the session that is to get it, `/node/heron/client/joe/1`.
 *
 * It is called for every message, so it must be quick, and answer alike for the same message. Throwing means that it cannot be
 * said: the message is not delivered and becomes a dead message; a get fails.
 */
export type MessagePredicate = (message: ReceivedMessage, receiver: string) => boolean;

/** A kind of filter for subscribe and get: `<filter type='…' version='…'>query</filter>`. */
export interface AccessFilter {
  readonly type: string;
  /** Default 1.0. */
  readonly version?: string;
  /** Called once per query; throws an Error whose message says what is wrong with the query. */
  compile(query: string, parameters: FilterParameters): MessagePredicate;
}

/**
 * What becomes of a message that is published: undefined, `''` or `'OK'`, it is accepted; bytes, it is accepted with this content;
 * any other text, it is refused and the publisher gets this as the id of the state. Throwing fails the publish.
 */
export type PublishVerdict = string | Uint8Array | undefined;

/** A kind of filter that looks at what is published, before anything else has happened. */
export interface PublishFilter {
  readonly type: string;
  /** Called once, at the start of the broker. */
  create(parameters: FilterParameters): (message: ReceivedMessage) => PublishVerdict;
}

/** What a module named by `--filter-module` exports, one of the two or both. */
export interface FilterModule {
  readonly accessFilters?: readonly AccessFilter[];
  readonly publishFilters?: readonly PublishFilter[];
}

/** A filter's query, ready to be asked. */
export interface CompiledFilter {
  readonly matches: MessagePredicate;
  /** What it holds, in bytes. */
  readonly bytes: number;
  /** Where those are noted that subscriptions have: they are looked for in a message all at once. */
  readonly standing?: StandingFilter;
}

/** As many `hold` as there are subscriptions with the filter, and a `release` for each. */
export interface StandingFilter {
  hold(): void;
  release(): void;
}

/** A row of the table of filters. */
export interface FilterKind {
  readonly type: string;
  readonly version: string;
  /** The code of an error that is no BrokerError: of a query that it does not understand, and of a message that it fails on. */
  readonly queryError: ErrorCode;
  readonly failure: ErrorCode;
  /** @throws Error, whose message says what is wrong with the query. */
  compile(query: string, parameters: FilterParameters): CompiledFilter;
}
