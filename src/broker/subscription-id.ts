import { BrokerError } from '../model/error.ts';
import type { QueryKey } from '../model/query.ts';
import type { SessionName } from '../model/session-name.ts';

const PREFIX = '__subId:';
const MAX_BYTES = 1024;

/**
 * Checks a subscription id that a client chose: `__subId:client/joe/session/1-news` or `__subId:joe-news`, so that nobody takes
 * the id of another session.
 *
 * @throws BrokerError `user.subscribe.id`.
 */
export function checkSubscriptionId(id: string, { subject, pubSessionId }: SessionName): void {
  const allowed = [`client/${subject}/session/${pubSessionId ?? 0}`, `${subject}-`];
  const rest = id.slice(PREFIX.length);
  if (id.startsWith(PREFIX) && Buffer.byteLength(id) <= MAX_BYTES && allowed.some((start) => rest.startsWith(start))) return;
  throw new BrokerError(
    'user.subscribe.id',
    `The subscription id "${id.slice(0, 80)}" must begin with ${PREFIX}${subject}- or ${PREFIX}${allowed[0]} and have at most ${MAX_BYTES} bytes`,
  );
}

/** The subscription id that the query of an unSubscribe means, if it means one. */
export function subscriptionIdOf(query: QueryKey): string | undefined {
  return query.type === 'EXACT' && query.oid.startsWith(PREFIX) ? query.oid : undefined;
}
