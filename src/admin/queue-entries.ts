import { BrokerError } from '../model/error.ts';
import { DEFAULT_QUERY_QOS } from '../model/query.ts';
import { parseQueueQuery } from '../model/queue-query.ts';
import type { CommandCall, Value } from './command.ts';

/** One line for protocol/admin.md. */
export const QUEUE_HELP =
  'what waits, all of it or as `=maxEntries=3&consumable=true` says; for those whom "Queries on queues" in http.md allows it';

/** What a queue holds. Waiting for more is for those who `get` it: their connections are watched while they wait. */
export async function queueEntries(
  place: string,
  name: string,
  { broker, caller, argument, requireChange }: CommandCall,
): Promise<Value> {
  const querySpec = argument ?? 'maxEntries=-1';
  const { consumable, waitingDelayMs } = parseQueueQuery(querySpec);
  if (waitingDelayMs !== 0) {
    throw new BrokerError('user.illegalArgument', 'waitingDelay is for a get with <querySpec>; leave it out');
  }
  if (consumable) requireChange();
  const asker = { session: caller, onGone: () => () => {} };
  const answer = await broker.queryQueue(
    asker,
    { type: 'EXACT', oid: `__cmd:${place}/?${name}` },
    { ...DEFAULT_QUERY_QOS, querySpec },
  );
  answer?.settle(true);
  return { messages: answer?.messages ?? [] };
}
