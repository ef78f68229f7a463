import type { Peer } from '../../broker/login.ts';
import type { PushTarget } from '../../broker/push-target.ts';
import type { Session } from '../../broker/session.ts';
import { BrokerError } from '../../model/error.ts';
import type { CommandCaller } from '../command-handler.ts';

/** Whose call it is: mostly its first parameter names the session. */
export class MethodCaller implements CommandCaller {
  readonly peer: Peer;
  #session: Session | undefined;

  constructor(session: Session | undefined, address: string | undefined, push?: PushTarget) {
    // Also without a callback its queue can be read, with a get of `callbackQueueEntries` and with updateRequest.
    this.peer = { principal: undefined, address, canPoll: true, push };
    this.#session = session;
  }

  /** @throws BrokerError `user.security.authentication.accessDenied`. */
  get session(): Session {
    if (this.#session) return this.#session;
    throw new BrokerError(
      'user.security.authentication.accessDenied',
      'The secret session id is unknown or its session has ended; connect again',
    );
  }

  connected(session: Session): void {
    this.#session = session;
  }
}
