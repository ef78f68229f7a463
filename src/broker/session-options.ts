import type { ConnectQos } from '../model/connect.ts';
import type { BrokerLimits } from './broker-options.ts';

/** How a session behaves; see ConnectQos. */
export interface SessionOptions {
  readonly timeoutMs: number;
  readonly clearSessions: boolean;
  readonly reconnectSameClientOnly: boolean;
  readonly ptp: boolean;
  readonly duplicateUpdates: boolean;
  readonly persistent: boolean;
}

/** What counts when nobody states anything. */
export function defaultOptions({ sessionTimeoutMs }: BrokerLimits): SessionOptions {
  return {
    timeoutMs: sessionTimeoutMs,
    clearSessions: false,
    reconnectSameClientOnly: false,
    ptp: true,
    duplicateUpdates: true,
    persistent: false,
  };
}

/** What a connect states, and for the rest what was stated before. */
export function changedOptions(before: SessionOptions, qos: ConnectQos): SessionOptions {
  return {
    timeoutMs: qos.timeoutMs ?? before.timeoutMs,
    clearSessions: qos.clearSessions,
    reconnectSameClientOnly: qos.reconnectSameClientOnly,
    ptp: qos.ptp ?? before.ptp,
    duplicateUpdates: qos.duplicateUpdates ?? before.duplicateUpdates,
    persistent: qos.persistent || before.persistent,
  };
}
