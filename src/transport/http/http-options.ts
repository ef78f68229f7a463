import type { ScriptLimits } from '../../codec/script-xml.ts';

/** The bounds of the HTTP binding; README, "Limits", lists them with their defaults. */
interface HttpLimits extends ScriptLimits {
  /** Bytes of one request body. */
  readonly maxBodyBytes: number;
  /** Ms of silence after which a session ends; 0 = never. */
  readonly sessionTimeoutMs: number;
  /** Ms a client may take to send its header. */
  readonly headersTimeoutMs: number;
  /** Ms a client may take to send its whole request. */
  readonly requestTimeoutMs: number;
  /** Ms a client may leave an answer unread. */
  readonly writeTimeoutMs: number;
}

export interface HttpOptions {
  /** The address that the broker listens on. */
  readonly host: string;
  /** Origins of browser pages that may use the broker, beside its own. */
  readonly corsOrigins: readonly string[];
  /** Values of the Host header to accept beside localhost and the bound address. */
  readonly allowedHosts: readonly string[];
  /** Whether every POST to this port is a call of XML-RPC, whatever its path. */
  readonly isMethodCallPort: (port: number | undefined) => boolean;
  readonly limits: HttpLimits;
  readonly version: string;
}
