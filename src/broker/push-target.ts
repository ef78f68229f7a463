import type { CallbackQos } from '../model/connect.ts';

/** A server of a client's own that the broker calls: all that it needs to do so again after a restart. */
export interface PushTarget {
  readonly qos: CallbackQos;
  /** Where that server is: its IP address when the client connected, whatever the name in the URL means later. */
  readonly ip: string;
  /** The IP address that the client came from. */
  readonly peer: string | undefined;
  /** What the client is likely to call its methods (protocol/xmlrpc.md, "Push"). */
  readonly isVersion2: boolean;
}
