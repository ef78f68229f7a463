import { shorten } from '../base/shorten.ts';
import { BrokerError } from '../model/error.ts';
import type { QueriedQueue } from './queried-queue.ts';
import type { QueuePath } from './queue-path.ts';
import type { Sessions } from './sessions.ts';
import type { Topics } from './topics.ts';

/** The queue that a path means. @throws BrokerError `user.illegalArgument` when there is none. */
export function findQueue(path: QueuePath, sessions: Sessions, topics: Topics): QueriedQueue {
  if (path.kind === 'topic') return findHistory(path.oid, topics);
  const subject = sessions.subjects.get(path.subject);
  if (!subject) throw new BrokerError('user.illegalArgument', `There is no client ${shorten(path.subject)}`);
  if (path.kind === 'subject') return subject.queue.queried;
  const session = subject.sessions.get(path.pubSessionId);
  if (session) return session.dispatcher.queue.queried;
  throw new BrokerError('user.illegalArgument', `There is no session ${shorten(path.subject)}/${path.pubSessionId}`);
}

function findHistory(oid: string, topics: Topics): QueriedQueue {
  const topic = topics.get(oid);
  if (topic && topic.options.historyMaxEntries > 0) return topic.history;
  const problem = topic ? 'keeps no history' : 'does not exist';
  throw new BrokerError('user.illegalArgument', `The topic "${shorten(oid)}" ${problem}`);
}
