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
  /** They may come as datagrams, if they are not acknowledged; default false. */
  readonly usesDatagrams: boolean;
  /** Contents are strings where the protocol knows strings and bytes; default false. */
  readonly contentAsString: boolean;
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

/** What becomes of a message that a full queue does not take. */
export type OverflowPolicy = 'deadMessage' | 'discardOldest' | 'exception' | 'block';

/** What a client says about one of its queues. Undefined means not said. */
export interface QueueQos {
  readonly maxEntries: number | undefined;
  /** Content bytes. */
  readonly maxBytes: number | undefined;
  /** How many of its persistent entries, and content bytes of these, are in memory, too. */
  readonly maxEntriesCache: number | undefined;
  readonly maxBytesCache: number | undefined;
  /** Default deadMessage. */
  readonly onOverflow: OverflowPolicy | undefined;
}

/** What a client asks for when it connects. Undefined means not said. */
export interface ConnectQos {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly sessionName: SessionName | undefined;
  /** Of a session that the client has already: to go on with it. */
  readonly secretSessionId: string | undefined;
  /** Ms without a sign of life after which the session ends; 0 = never; default 24 h. */
  readonly timeoutMs: number | undefined;
  /** Sessions one subject may have at a time; default 10. */
  readonly maxSessions: number | undefined;
  /** End all other sessions of the subject first; default false. */
  readonly clearSessions: boolean;
  /** Nobody may take the session over by its name; default false. */
  readonly reconnectSameClientOnly: boolean;
  /** What waits for the session. */
  readonly callbackQueue: QueueQos;
  /** What waits for the subject while it has no session. */
  readonly subjectQueue: QueueQos;
  /** Where updates go to; undefined: the client wants none. */
  readonly callback: CallbackQos | undefined;
  /** False: the session gets no point-to-point messages; default true. */
  readonly ptp: boolean | undefined;
  /** False: several subscriptions of the session to one topic bring one update; default true. */
  readonly duplicateUpdates: boolean | undefined;
  /** Said back only: a client library may keep the session alive by itself. */
  readonly refreshSession: boolean | undefined;
  /** Default false. */
  readonly persistent: boolean;
  readonly clientProperties: readonly ClientProperty[];
}

const DEFAULT_QUEUE_QOS: QueueQos = {
  maxEntries: undefined,
  maxBytes: undefined,
  maxEntriesCache: undefined,
  maxBytesCache: undefined,
  onOverflow: undefined,
};

export const DEFAULT_CONNECT_QOS: ConnectQos = {
  user: undefined,
  password: undefined,
  sessionName: undefined,
  secretSessionId: undefined,
  timeoutMs: undefined,
  maxSessions: undefined,
  clearSessions: false,
  reconnectSameClientOnly: false,
  callbackQueue: DEFAULT_QUEUE_QOS,
  subjectQueue: DEFAULT_QUEUE_QOS,
  callback: undefined,
  ptp: undefined,
  duplicateUpdates: undefined,
  refreshSession: undefined,
  persistent: false,
  clientProperties: [],
};

/** How a client ends its session. */
export interface DisconnectQos {
  /** With the last session of the subject, what waits for the subject is dropped; default true. */
  readonly deleteSubjectQueue: boolean;
  /** All other sessions of the subject end, too; default false. */
  readonly clearSessions: boolean;
}

export const DEFAULT_DISCONNECT_QOS: DisconnectQos = { deleteSubjectQueue: true, clearSessions: false };
