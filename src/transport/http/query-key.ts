import { checkOid, type KeyLimits } from '../../codec/key-xml.ts';
import type { QueryKey } from '../../model/query.ts';
import { HttpError } from './http-error.ts';
import type { Query } from './query.ts';

/** The query that `oid=`, `xpath=` or `domain=` of an address means. @throws HttpError 400 for more than one of them. */
export function readQueryKey(query: Query, limits: KeyLimits): QueryKey | undefined {
  const oid = query.text('oid')?.trim();
  const xpath = query.text('xpath')?.trim();
  const domain = query.text('domain')?.trim();
  const given = [oid, xpath, domain].filter((value) => value !== undefined);
  if (given.length > 1) throw new HttpError(400, 'Give one of oid, xpath and domain');
  if (xpath !== undefined) return { type: 'XPATH', xpath };
  if (domain !== undefined) return { type: 'DOMAIN', domain };
  if (oid === undefined) return undefined;
  checkOid(oid, limits);
  return { type: 'EXACT', oid };
}
