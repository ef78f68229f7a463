import type { ConnectQos } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import { formatSessionName } from '../model/session-name.ts';
import type { Session } from './session.ts';
import type { Subject } from './subject.ts';

/** Who may go on with a session that is there already. */

/** @throws BrokerError `communication.noConnection.serverDeny` for whom an administrator keeps out. */
export function requireUnblocked(subject: Subject | undefined, session: Session | undefined): void {
  if (!subject?.isLoginBlocked && !session?.isLoginBlocked) return;
  throw new BrokerError('communication.noConnection.serverDeny', 'An administrator has blocked this login; ask there');
}

/** Who said so when it connected is not taken over by its name, and takes nobody over. */
export function requireSameClient({ name, options }: Session, qos: ConnectQos): void {
  if (!options.reconnectSameClientOnly && !qos.reconnectSameClientOnly) return;
  throw new BrokerError(
    'user.configuration.identicalClient',
    `The session ${formatSessionName(name)} is connected, and reconnectSameClientOnly forbids to take it over; choose another number`,
  );
}
