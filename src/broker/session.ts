import type { Timer } from '../base/timer-wheel.ts';
import type { SessionName } from '../model/session-name.ts';
import type { Timestamp } from '../model/timestamp.ts';
import { VerbCounters } from './counters.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Principal } from './ports.ts';
import type { PushTarget } from './push-target.ts';
import type { SessionOptions } from './session-options.ts';
import type { Subscription } from './subscription.ts';

/** One client's stay at the broker: who it is, what it subscribed, what waits for it. */
export class Session {
  readonly name: SessionName;
  /** `/node/heron/client/joe/1` */
  readonly absoluteName: string;
  /** Unique in one life of the broker, never used again. */
  readonly serial: number;
  /** Whoever knows it is this session. */
  readonly secretId: string;
  /** Ends with the request that made it; has no public id and is not in the registry. */
  readonly isTransient: boolean;
  /** Updates can get to its client: it named a callback, or it can poll. */
  isReachable: boolean;
  /** Made for a message with forceQueuing; its client has not connected yet. */
  isProvisional = false;
  /** An administrator lets nobody connect to it again. */
  isLoginBlocked = false;
  readonly dispatcher: Dispatcher;
  readonly subscriptions = new Map<string, Subscription>();
  /** Who connected last. */
  principal: Principal;
  readonly counters = new VerbCounters();
  options: SessionOptions;
  /** Ms since 1970 of its first connect. */
  readonly createdAt: number;
  /** Ms since 1970 of its last sign of life. */
  lastSeenAt: number;
  expiryTimer: Timer | undefined;
  /** What was queued last, for those who want no duplicates. */
  lastQueued: Timestamp | undefined;
  /** Counts those who came to listen: while a subscription is looked for, a newer one may come. */
  lastListener = 0;
  isClosed = false;
  /** Its record in the store; 0: it has none. */
  recordId = 0;
  /** The text of that record. */
  savedRecord = '';
  /** Where the broker calls its client, if it does. */
  push: PushTarget | undefined;

  constructor(init: SessionInit) {
    this.name = init.name;
    this.absoluteName = init.absoluteName;
    this.serial = init.serial;
    this.secretId = init.secretId;
    this.isTransient = init.isTransient;
    this.isReachable = init.isReachable;
    this.dispatcher = init.dispatcher;
    this.principal = init.principal;
    this.options = init.options;
    this.createdAt = init.nowMs;
    this.lastSeenAt = init.nowMs;
  }
}

export interface SessionInit {
  readonly name: SessionName;
  readonly absoluteName: string;
  readonly serial: number;
  readonly secretId: string;
  readonly isTransient: boolean;
  readonly isReachable: boolean;
  readonly dispatcher: Dispatcher;
  readonly principal: Principal;
  readonly options: SessionOptions;
  readonly nowMs: number;
}
