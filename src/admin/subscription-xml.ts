import { escapeAttribute, escapeText } from '../base/xml-text.ts';
import type { Subscription } from '../broker/subscription.ts';
import type { FilterQos, QueryKey, QueryQos } from '../model/query.ts';

/** A query as the text that a client would send, and on one line as `xpath://a`. */
export function encodeQueryKey(query: QueryKey): { readonly xml: string; readonly target: string } {
  switch (query.type) {
    case 'EXACT':
      return { xml: `<key oid='${escapeAttribute(query.oid)}'/>`, target: query.oid };
    case 'XPATH':
      return { xml: `<key queryType='XPATH'>${escapeText(query.xpath)}</key>`, target: `xpath:${query.xpath}` };
    case 'DOMAIN':
      return {
        xml: `<key queryType='DOMAIN' domain='${escapeAttribute(query.domain)}'/>`,
        target: `domain:${query.domain}`,
      };
  }
}

/** The flags of a subscription that are not as they are when nothing is said. */
export function encodeSubscribeQos(qos: QueryQos): string {
  const flags: readonly (readonly [string, boolean, boolean])[] = [
    ['content', qos.content, true],
    ['meta', qos.meta, true],
    ['multiSubscribe', qos.multiSubscribe, true],
    ['local', qos.local, true],
    ['initialUpdate', qos.initialUpdate, true],
    ['updateOneway', qos.updateOneway, false],
    ['notify', qos.notify, true],
    ['persistent', qos.persistent, false],
  ];
  const said = flags.filter(([, value, fallback]) => value !== fallback).map(([name, value]) => `<${name}>${value}</${name}>`);
  said.push(...qos.filters.map(encodeFilter));
  if (qos.history) said.push(`<history numEntries='${qos.history.numEntries}' newestFirst='${qos.history.newestFirst}'/>`);
  return said.length === 0 ? '<qos/>' : `<qos>${said.join('')}</qos>`;
}

/** A filter as a client would send it. */
export function encodeFilter({ type, version, query }: FilterQos): string {
  return `<filter type='${escapeAttribute(type)}' version='${escapeAttribute(version)}'>${escapeText(query)}</filter>`;
}

/** One subscription in a dump. */
export function encodeSubscription({ id, session, query, qos, topics }: Subscription): string {
  const attributes = `id='${escapeAttribute(id)}' sessionName='${escapeAttribute(session.absoluteName)}' numTopics='${topics.size}'`;
  return `<subscription ${attributes}>${encodeQueryKey(query).xml}${encodeSubscribeQos(qos)}</subscription>`;
}
