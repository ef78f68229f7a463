import type { Session } from '../broker/session.ts';
import { BrokerError } from '../model/error.ts';

/**
 * Every change by an administrative command begins with this, whichever way it came in. Who has the right is said by the password
 * file; without one it is everybody who connected from loopback and said who it is.
 *
 * @throws BrokerError `user.security.authorization.notAuthorized`.
 */
export function requireAdmin({ principal }: Session): void {
  if (principal.isAdmin) return;
  throw new BrokerError(
    'user.security.authorization.notAuthorized',
    `${principal.user} may not change the broker; that needs a user with the right admin (in the password file; without one, any user who says its name from this machine)`,
  );
}
