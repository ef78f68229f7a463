import type { ClientProperty } from './client-property.ts';
import type { SessionName } from './session-name.ts';

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
  maxEntries: undefined,
  maxBytes: undefined,
  persistent: false,
  clientProperties: [],
};
