import type { KeyLimits } from '../../codec/key-xml.ts';

/** The bounds of the SOCKET protocol; README, "Limits", lists them with their defaults. */
export interface SocketOptions {
  readonly limits: KeyLimits & {
    /** Bytes of one frame. */
    readonly maxFrameBytes: number;
    readonly maxContentBytes: number;
    /** Requests of one connection that are not answered yet; more are not read. */
    readonly maxRequestsInFlight: number;
    /** Bytes waiting for one peer; above it, nothing more is read from it and no update is sent. */
    readonly maxBytesWaiting: number;
    /** Updates that a session may have unacknowledged. */
    readonly maxUpdatesInFlight: number;
    /** Ms that a client may take to answer a ping, and that bytes may wait for it. */
    readonly responseTimeoutMs: number;
  };
}
