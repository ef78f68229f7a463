import type { Broker } from '../../broker/broker.ts';
import type { Peer } from '../../broker/login.ts';
import type { Session } from '../../broker/session.ts';
import type { Verb } from '../../model/command.ts';
import { BrokerError } from '../../model/error.ts';
import type { CommandCaller } from '../command-handler.ts';

/** Whose request a frame is: its header names the session. */
export class FrameCaller implements CommandCaller {
  readonly peer: Peer;
  #session: Session | undefined;

  constructor(broker: Broker, verb: Verb, secretId: string, address: string | undefined) {
    this.peer = { principal: undefined, address, canPoll: false };
    if (verb !== 'connect' && verb !== 'ping') this.#session = broker.sessions.find(secretId);
  }

  /** @throws BrokerError `user.security.authentication.accessDenied`. */
  get session(): Session {
    if (this.#session) return this.#session;
    throw new BrokerError(
      'user.security.authentication.accessDenied',
      'The secret session id is unknown or its session has ended; connect again',
    );
  }

  get isKnown(): boolean {
    return this.#session !== undefined;
  }

  connected(session: Session): void {
    this.#session = session;
  }
}
