import type { ClientProperty } from '../model/client-property.ts';
import type { ReceivedMessage, UpdateInfo } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import type { PublishOutcome, SubscribeReply } from '../model/replies.ts';
import { formatTimestamp, type Timestamp } from '../model/timestamp.ts';
import type { AppletTable } from './applet-object.ts';
import { KNOWN_SUBSCRIPTION } from './return-qos-xml.ts';
import type { MessageParts } from './script-response-xml.ts';

/** The tables that applets get; the paths in them are those of the original (protocol/http-legacy.md, "Tables"). */

/**
 * What a message's QoS says; `info` is undefined in the answer to a get.
 *
 * `nowMs` is for `remainingLife`, in ms since 1970.
 */
export function qosTable(message: ReceivedMessage, info: UpdateInfo | undefined, nowMs: number): AppletTable {
  const { qos, expiresAt, sender, rcvTimestamp } = message;
  const remainingMs = expiresAt - nowMs;
  const table = new Map([
    ...timestampEntries(rcvTimestamp),
    ['/qos/methodName/text()', info ? 'update' : 'publish'],
    ['/qos/persistent/text()', String(qos.persistent ?? false)],
    ['/qos/sender/text()', sender],
    ['/qos/expiration/@lifeTime', String(qos.lifeTimeMs ?? -1)],
    ['/qos/expiration/@remainingLife', String(Number.isFinite(remainingMs) ? Math.max(0, Math.ceil(remainingMs)) : -1)],
  ]);
  for (const property of qos.clientProperties) addProperty(table, property);
  if (info) addUpdateInfo(table, message, info);
  return table;
}

/** What a message's key says. */
export function keyTable({ key: whole }: ReceivedMessage, parts: Pick<MessageParts, 'meta'>): AppletTable {
  const key = parts.meta ? whole : createPlainKey(whole.oid);
  const table = new Map([
    ['/key/@oid', key.oid],
    ['/key/@contentMime', key.contentMime],
  ]);
  if (key.contentMimeExtended !== undefined) table.set('/key/@contentMimeExtended', key.contentMimeExtended);
  const inner = /^<key[^>]*[^/]>([\s\S]*)<\/key>$/.exec(key.xml)?.[1];
  if (inner !== undefined) table.set('/key/child::node()', inner);
  return table;
}

export function publishTable(reply: PublishOutcome): AppletTable {
  if ('refusedAs' in reply) return statusTable('publish', [['/qos/state/@id', reply.refusedAs]]);
  const info: Entry[] = reply.info === undefined ? [] : [['/qos/state/@info', reply.info]];
  return statusTable('publish', [...timestampEntries(reply.rcvTimestamp), ['/qos/key/@oid', reply.oid], ...info]);
}

export function subscribeTable(reply: SubscribeReply): AppletTable {
  const warning: Entry[] = [
    ['/qos/state/@id', 'WARNING'],
    ['/qos/state/@info', KNOWN_SUBSCRIPTION],
  ];
  return statusTable('subscribe', [['/qos/subscribe/@id', reply.subscriptionId], ...(reply.isKnown ? warning : [])]);
}

export function unSubscribeTable(subscriptionId: string): AppletTable {
  return statusTable('unSubscribe', [['/qos/subscribe/@id', subscriptionId]]);
}

export function eraseTable(oid: string): AppletTable {
  return statusTable('erase', [['/qos/key/@oid', oid]]);
}

export const PING_TABLE: AppletTable = new Map([
  ['/qos/state/@id', 'OK'],
  ['/qos/state/@info', 'ALIVE'],
]);

type Entry = [path: string, value: string];

function statusTable(method: string, entries: readonly Entry[]): AppletTable {
  return new Map([['/qos/state/@id', 'OK'], ['/qos/methodName/text()', method], ...entries]);
}

/** Both are the time for people to read, as in the original. */
function timestampEntries(timestamp: Timestamp): Entry[] {
  const text = formatTimestamp(timestamp);
  return [
    ['/qos/rcvTimestamp/@nanos', text],
    ['/qos/rcvTimestamp/text()', text],
  ];
}

function addUpdateInfo(table: Map<string, string>, { qos: { state } }: ReceivedMessage, info: UpdateInfo): void {
  table.set('/qos/state/@id', state?.id ?? 'OK');
  if (state?.info !== undefined) table.set('/qos/state/@info', state.info);
  if (info.subscriptionId !== undefined) table.set('/qos/subscribe/@id', info.subscriptionId);
  table.set('/qos/queue/@index', String(info.queueIndex));
  table.set('/qos/queue/@size', String(info.queueSize));
  table.set('/qos/redeliver/text()', String(info.redeliver));
  if (info.isInitial) addProperty(table, { name: '__isInitialUpdate', type: 'boolean', value: 'true' });
}

function addProperty(table: Map<string, string>, { name, value, type, encoding }: ClientProperty): void {
  const path = `/qos/clientProperty[@name='${name}']`;
  table.set(`${path}/text()`, value);
  if (type !== undefined) table.set(`${path}/@type`, type);
  if (encoding !== undefined) table.set(`${path}/@encoding`, encoding);
}
