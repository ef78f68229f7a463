import type { ClientProperty } from './client-property.ts';
import type { SessionName } from './session-name.ts';

/** How a client wants its updates; see interface.connect of the original. */
export interface CallbackQos {
  /** SOCKET, XMLRPC and the like, as the client writes it. */
  readonly type: string;
  /** The address, as the client writes it. */
  readonly address: string;
  /** Handed back with every update, so that the client knows that it comes from the broker; default `unknown`. */
  readonly sessionId: string;
  /** Ms between two pings; 0 = none; default 60,000. */
  readonly pingIntervalMs: number;
  /** How often a lost callback is tried again; -1 = for ever; default 0. */
  readonly retries: number;
  /** Ms between two tries; default 60,000. */
  readonly delayMs: number;
  /** Updates are not acknowledged; default false. */
  readonly oneway: boolean;
  /** False: updates wait until somebody asks for them; default true. */
  readonly dispatcherActive: boolean;
  /** Several updates in one call. */
  readonly burst: BurstMode;
}

export interface BurstMode {
  /** Ms to wait for more; default 0. */
  readonly collectTimeMs: number;
  /** Updates in one call; below 0: all there are; default 1. */
  readonly maxEntries: number;
  /** Content bytes in one call; below 0: any. */
  readonly maxBytes: number;
}

/** What a client asks for when it connects. Undefined means not said. */
export interface ConnectQos {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly sessionName: SessionName | undefined;
  /** Ms without a sign of life after which the session ends; 0 = never; default 24 h. */
  readonly timeoutMs: number | undefined;
  /** Sessions one subject may have at a time; default 10. */
  readonly maxSessions: number | undefined;
  /** End all other sessions of the subject first; default false. */
  readonly clearSessions: boolean;
  /** The callback queue's bounds. */
  readonly maxEntries: number | undefined;
  readonly maxBytes: number | undefined;
  /** Where updates go to; undefined: the client wants none. */
  readonly callback: CallbackQos | undefined;
  /** Default false. */
  readonly persistent: boolean;
  readonly clientProperties: readonly ClientProperty[];
}

export const DEFAULT_CONNECT_QOS: ConnectQos = {
  user: undefined,
  password: undefined,
  sessionName: undefined,
  timeoutMs: undefined,
  maxSessions: undefined,
  clearSessions: false,
  callback: undefined,
  maxEntries: undefined,
  maxBytes: undefined,
  persistent: false,
  clientProperties: [],
};
