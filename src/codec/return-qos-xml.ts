import { escapeAttribute, escapeText } from '../base/xml-text.ts';
import type { CallbackQos } from '../model/connect.ts';
import type { ConnectReply, PublishOutcome, QueueReply, SubscribeReply } from '../model/replies.ts';
import { encodeClientProperty } from './msg-qos-xml.ts';

/** The QoS that the verbs answer, with the elements and their order of the original's status QoS. */

export const OK_QOS = "<qos><state id='OK'/></qos>";

export function encodePublishReturnQos(reply: PublishOutcome): string {
  if ('refusedAs' in reply) return `<qos><state id='${escapeAttribute(reply.refusedAs)}'/></qos>`;
  const state = reply.info === undefined ? '' : ` <state id='OK' info='${escapeAttribute(reply.info)}'/>\n`;
  return `<qos>\n${state} <key oid='${escapeAttribute(reply.oid)}'/>\n <rcvTimestamp nanos='${reply.rcvTimestamp}'/>\n <isPublish/>\n</qos>`;
}

export const KNOWN_SUBSCRIPTION = 'Subscribed already, multiSubscribe is false';

export function encodeSubscribeReturnQos(reply: SubscribeReply): string {
  const state = reply.isKnown ? ` <state id='WARNING' info='${KNOWN_SUBSCRIPTION}'/>\n` : '';
  return `<qos>\n${state} <subscribe id='${escapeAttribute(reply.subscriptionId)}'/>\n <isSubscribe/>\n</qos>`;
}

export function encodeUnSubscribeReturnQos(subscriptionId: string): string {
  return `<qos>\n <subscribe id='${escapeAttribute(subscriptionId)}'/>\n <isUnSubscribe/>\n</qos>`;
}

export function encodeEraseReturnQos(oid: string): string {
  return `<qos>\n <key oid='${escapeAttribute(oid)}'/>\n <isErase/>\n</qos>`;
}

/**
 * Elements and their order are the original's. `sessionId` is the last attribute of `<session …/>`: clients of the XML-RPC kind
 * read it with a regular expression. The password is not said back.
 */
export function encodeConnectReturnQos(reply: ConnectReply): string {
  const { asked } = reply;
  const session =
    ` <session name='${escapeAttribute(reply.absoluteName)}' timeout='${reply.timeoutMs}' maxSessions='${reply.maxSessions}'` +
    ` clearSessions='${asked.clearSessions}' reconnectSameClientOnly='${asked.reconnectSameClientOnly}'` +
    ` sessionId='${escapeAttribute(reply.secretSessionId)}'/>`;
  return [
    '<qos>',
    ...encodeFlag('ptp', asked.ptp),
    ...encodeFlag('refreshSession', asked.refreshSession),
    ...encodeFlag('duplicateUpdates', asked.duplicateUpdates),
    ...encodeFlag('reconnected', reply.isReconnect || undefined),
    ` <instanceId>${escapeAttribute(reply.instanceId)}</instanceId>`,
    ...encodeFlag('persistent', asked.persistent || undefined),
    session,
    ` <queue ${encodeQueue('subject', reply.subjectQueue)}/>`,
    encodeCallbackQueue(reply),
    ...asked.clientProperties.map((property) => encodeClientProperty(property).trimEnd()),
    ` <clientProperty name='__cbQueueNumOfEntries' type='long'>${reply.queueSize}</clientProperty>`,
    ` <clientProperty name='__rcvTimestampStr'>${formatTimestamp(reply.nowMs)}</clientProperty>`,
    '</qos>',
  ].join('\n');
}

/** A line, or none for what was not said. */
function encodeFlag(name: string, value: boolean | undefined): string[] {
  if (value === undefined) return [];
  return [value ? ` <${name}/>` : ` <${name}>false</${name}>`];
}

function encodeCallbackQueue({ callbackQueue, asked: { callback } }: ConnectReply): string {
  const attributes = encodeQueue('callback', callbackQueue);
  return callback ? ` <queue ${attributes}>\n${encodeCallback(callback)}\n </queue>` : ` <queue ${attributes}/>`;
}

function encodeQueue(relating: string, { maxEntries, maxBytes, onOverflow }: QueueReply): string {
  return `relating='${relating}' maxEntries='${maxEntries}' maxBytes='${maxBytes}' onOverflow='${onOverflow}'`;
}

function encodeCallback(callback: CallbackQos): string {
  const { maxEntries, maxBytes, collectTimeMs } = callback.burst;
  return (
    `  <callback type='${escapeAttribute(callback.type)}' sessionId='${escapeAttribute(callback.sessionId)}'` +
    ` pingInterval='${callback.pingIntervalMs}' retries='${callback.retries}' delay='${callback.delayMs}'` +
    ` oneway='${callback.oneway}' dispatcherActive='${callback.dispatcherActive}'>\n   ${escapeText(callback.address)}\n` +
    `   <burstMode collectTime='${collectTimeMs}' maxEntries='${maxEntries}' maxBytes='${maxBytes}'/>\n  </callback>`
  );
}

/** `2026-11-23 00:22:10.106Z` */
function formatTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ');
}
