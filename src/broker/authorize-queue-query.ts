import { BrokerError } from '../model/error.ts';
import { isSystemOid } from '../model/system-topics.ts';
import { authorize } from './authorize.ts';
import type { QueuePath } from './queue-path.ts';
import type { Session } from './session.ts';

/**
 * A history is for those who may get the topic, the queues of a subject are its own; those of others need the right to administrate.
 * Nobody takes from the broker's own topics.
 *
 * @throws BrokerError `user.security.authorization.notAuthorized`.
 */
export function authorizeQueueQuery(session: Session, path: QueuePath, isConsumable: boolean): void {
  authorize(session, 'get', path.kind === 'topic' ? { type: 'EXACT', oid: path.oid } : undefined);
  if (path.kind === 'topic') {
    if (isConsumable && isSystemOid(path.oid)) throw notAuthorized('Nobody takes messages from the history of a __sys__ topic');
  } else if (path.subject !== session.name.subject && !session.principal.isAdmin) {
    throw notAuthorized(`The queues of ${path.subject} are its own; connect as ${path.subject}`);
  }
}

function notAuthorized(problem: string): BrokerError {
  return new BrokerError('user.security.authorization.notAuthorized', problem);
}
