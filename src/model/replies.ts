import type { ConnectQos, OverflowPolicy } from './connect.ts';
import type { Timestamp } from './timestamp.ts';

/** What the verbs return; each transport encodes them in its own way. */

export interface PublishReply {
  readonly oid: string;
  readonly rcvTimestamp: Timestamp;
  /** A remark for people, for example that a persistent message will not survive a restart. */
  readonly info: string | undefined;
  /** Whether the publish gave the topic its first key. */
  readonly isNewTopic: boolean;
}

/** A publish filter refused the message, or it is about a session that is not there; nothing has happened. */
interface PublishRefusal {
  /** The id of the state: what the filter says, `REJECTED`; or `WARNING`. */
  readonly refusedAs: string;
}

export type PublishOutcome = PublishReply | PublishRefusal;

export interface SubscribeReply {
  readonly subscriptionId: string;
  /** The query was subscribed already and multiSubscribe is false: nothing new was made. */
  readonly isKnown: boolean;
}

export interface ConnectReply {
  /** What the client asked for, to be said back. */
  readonly asked: ConnectQos;
  readonly secretSessionId: string;
  /** `/node/heron/client/joe/1`. */
  readonly absoluteName: string;
  readonly instanceId: string;
  readonly timeoutMs: number;
  readonly maxSessions: number;
  readonly isReconnect: boolean;
  readonly callbackQueue: QueueReply;
  readonly subjectQueue: QueueReply;
  /** Updates that wait for the session. */
  readonly queueSize: number;
  /** Ms since 1970 at which it connected. */
  readonly nowMs: number;
}

/** The bounds of a queue as they are now. */
export interface QueueReply {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly onOverflow: OverflowPolicy;
}
