import { shorten } from '../base/shorten.ts';
import { BrokerError } from '../model/error.ts';
import type { QueryKey } from '../model/query.ts';
import type { TopicVerb } from './ports.ts';
import type { Session } from './session.ts';

/**
 * Every verb that concerns topics begins with this. A query is allowed or denied as it was asked, whatever it finds.
 *
 * @throws BrokerError `user.security.authorization.notAuthorized`.
 */
export function authorize({ principal }: Session, verb: TopicVerb, key: QueryKey | undefined): void {
  if (principal.isAllowed(verb, key)) return;
  const what = key ? ` on ${describe(key)}` : '';
  throw new BrokerError('user.security.authorization.notAuthorized', `${principal.user} may not ${verb}${what}`);
}

function describe(key: QueryKey): string {
  if (key.type === 'EXACT') return `the topic "${shorten(key.oid)}"`;
  return key.type === 'DOMAIN' ? `the domain "${shorten(key.domain)}"` : `the XPath ${shorten(key.xpath)}`;
}
