import type { ConnectQos } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import { GUEST, parseSessionName, type SessionName } from '../model/session-name.ts';
import type { Authenticator, Principal } from './ports.ts';
import type { PushTarget } from './push-target.ts';

/** What a transport knows of who connects. */
export interface Peer {
  /** Who it is, if it has shown that already; for a connect that names nobody. */
  readonly principal: Principal | undefined;
  /** Its IP address. */
  readonly address: string | undefined;
  /** Whether it can fetch updates even without a callback. */
  readonly canPoll: boolean;
  /** Where the broker will call it with its updates; undefined: nowhere. */
  readonly push?: PushTarget | undefined;
}

/** Somebody who may open a session of this name. */
export interface Login {
  readonly principal: Principal;
  readonly name: SessionName;
}

/** What may be done by those who are not known yet: nothing but connect. */
export const NOBODY: Principal = { user: GUEST, isAdmin: false, owns: () => false, isAllowed: () => false };

/**
 * Finds out who connects: the user of the QoS, else the one that the transport knows, else the subject of the session, if that
 * needs no password. A session is opened, and opened again, by its own subject only.
 *
 * @throws BrokerError `user.security.authentication.accessDenied`, `resource.exhaust`, `user.illegalArgument`.
 */
export async function logIn(authenticator: Authenticator, qos: ConnectQos, peer: Peer): Promise<Login> {
  const asked = qos.user === undefined ? undefined : parseSessionName(qos.user);
  const isNamed = asked !== undefined || qos.password !== undefined;
  const principal =
    (isNamed ? undefined : peer.principal) ??
    (await authenticator.authenticate({
      user: asked?.subject ?? qos.sessionName?.subject,
      password: qos.password,
      address: peer.address,
    }));
  const name = qos.sessionName ?? asked ?? parseSessionName(principal.user);
  if (principal.owns(name.subject)) return { principal, name };
  throw new BrokerError(
    'user.security.authentication.accessDenied',
    `The session belongs to ${name.subject}, and the password is that of ${principal.user}; connect as ${name.subject}`,
  );
}
