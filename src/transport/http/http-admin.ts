import type { Session } from '../../broker/session.ts';

/** What administration answers. */
export interface AdminAnswer {
  readonly contentType: string;
  readonly body: string | Buffer;
}

/** Administration as this room sees it; somebody else makes it. */
export interface HttpAdmin {
  /**
   * `place` is the path before the `?`, `command` what stands behind it, both decoded.
   *
   * Rejects with BrokerError: `user.oid.unknown` for what is not there, `user.wrongApiUsage` for a command that changes something.
   */
  read(caller: Session, place: string, command: string): Promise<AdminAnswer>;
  /** Sets or does something; `body` counts where the command has no `=`. Rejects like `read`. */
  change(caller: Session, place: string, command: string, body: Buffer): Promise<AdminAnswer>;
  /** The page of that name, undefined when there is none. */
  page(caller: Session, name: string): Promise<AdminAnswer | undefined>;
  /** What Prometheus reads. Rejects with `user.security.authorization.notAuthorized`. */
  metrics(caller: Session): Promise<AdminAnswer>;
}
