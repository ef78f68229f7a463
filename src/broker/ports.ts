import type { BrokerError } from '../model/error.ts';
import type { Delivery } from './delivery.ts';

/** Why a session's channel ends. */
export type ChannelEnd = 'displaced' | 'disconnected' | 'shutdown';

/**
 * What a session's updates are handed to: a waiting poll, an event stream. Made by a transport, used by the session's
 * dispatcher only, one at a time per session.
 */
export interface CallbackChannel {
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
