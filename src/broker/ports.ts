import type { QueryVerb } from '../model/command.ts';
import type { BrokerError } from '../model/error.ts';
import type { MsgKey, ReceivedMessage } from '../model/message.ts';
import type { QueryKey } from '../model/query.ts';
import type { Delivery } from './delivery.ts';
import type { Session } from './session.ts';

/** Why a session's channel ends: another one came, the session is over or the client gone, its time-out is over, the broker ends. */
export type ChannelEnd = 'displaced' | 'disconnected' | 'expired' | 'shutdown';

/**
 * What a session's updates are handed to: a waiting poll, an event stream. Made by a transport, used by the session's
 * dispatcher only, one at a time per session.
 */
export interface CallbackChannel {
  /** Whether its being there shows that the client is: somebody waits at it. Else only what the client says does. */
  readonly isSignOfLife: boolean;
  /** How many more deliveries it takes now; whenever it grows by itself, the transport calls `dispatcher.wake()`. */
  readonly capacity: number;
  /** Ms for which deliveries may be collected before they are handed out, and how many are enough; none: 0 ms. */
  readonly collectTimeMs?: number;
  readonly batchEntries?: number;
  /** The most content bytes per `update`, one delivery aside. */
  readonly maxBytes: number;
  /**
   * Takes at least one and at most `capacity` deliveries, in order. They are numbered consecutively, `lastCursor` is the number of
   * the last one; `waiting` others wait behind them. Never throws.
   */
  update(deliveries: readonly Delivery[], lastCursor: number, waiting: number): void;
  /** Tells the subscriber of an error that concerns this session. Never throws. */
  fail(error: BrokerError): void;
  /** The last call. Never throws. */
  close(end: ChannelEnd): void;
}

/** What a client says of itself, and where it is. */
export interface Credentials {
  /** Undefined: it names nobody. */
  readonly user: string | undefined;
  /** Undefined: it gives none, and can only be somebody who needs none. */
  readonly password: string | undefined;
  /** The IP address of the peer. */
  readonly address: string | undefined;
}

export type TopicVerb = 'publish' | QueryVerb;

/** Somebody whom an Authenticator knows. What it may do can change at any time; the answers are those of now. */
export interface Principal {
  /** The subject it logged in as. */
  readonly user: string;
  /** Whether it may change things with administrative commands. */
  readonly isAdmin: boolean;
  /** Whether the sessions of `subject` are its own. */
  owns(subject: string): boolean;
  /** Whether it may call `verb` with `key`; a key of undefined asks for the verb alone. Called for every message: must be fast. */
  isAllowed(verb: TopicVerb, key: QueryKey | undefined): boolean;
}

/** Says who is who. */
export interface Authenticator {
  /** Whether everybody is let in without a password. */
  readonly isOpen: boolean;
  /**
   * Rejects with BrokerError `user.security.authentication.accessDenied`, as late as it likes, without telling whether the user or
   * the password is wrong; `resource.exhaust` when too many ask at a time.
   */
  authenticate(credentials: Credentials): Promise<Principal>;
  /** Somebody who was let in before the broker started. */
  recall(user: string): Principal;
  /** Ends what is under way. */
  close(): void;
}

/** The QoS of a message as XML, as a `get` answers it now. */
export type QosEncoder = (message: ReceivedMessage) => string;

/** Makes a key of a whole `<key>` element that was one before. */
export type KeyDecoder = (xml: string) => MsgKey;

/** Answers administrative commands: what stands behind `__cmd:` in an oid (protocol/admin.md). */
export interface Commands {
  /**
   * What a `get` asks for; with `isReadOnly` nothing may change by it.
   *
   * Rejects with BrokerError `user.illegalArgument` for what is unknown, `user.wrongApiUsage` for a change with `isReadOnly`,
   * `user.security.authorization.notAuthorized` for a change by somebody who has not the right.
   */
  get(session: Session, path: string, querySpec: string | undefined, isReadOnly: boolean): Promise<ReceivedMessage[]>;
  /** What a `publish` changes; resolves with what it did, as `/node/heron/?exit=0`. Rejects like `get`. */
  set(session: Session, path: string, content: Buffer): Promise<string>;
}
