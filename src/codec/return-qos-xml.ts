import { escapeAttribute, escapeText } from '../base/xml-text.ts';
import type { CallbackQos } from '../model/connect.ts';
import type { ConnectReply, PublishOutcome, SubscribeReply } from '../model/replies.ts';
import { encodeClientProperty } from './msg-qos-xml.ts';

/** The QoS that the verbs answer, with the elements and their order of the original's status QoS. */

export const OK_QOS = "<qos><state id='OK'/></qos>";

export function encodePublishReturnQos(reply: PublishOutcome): string {
  if ('refusedAs' in reply) return `<qos><state id='${escapeAttribute(reply.refusedAs)}'/></qos>`;
  const state = reply.info === undefined ? '' : ` <state id='OK' info='${escapeAttribute(reply.info)}'/>\n`;
  return `<qos>\n${state} <key oid='${escapeAttribute(reply.oid)}'/>\n <rcvTimestamp nanos='${reply.rcvTimestamp}'/>\n <isPublish/>\n</qos>`;
}

export function encodeSubscribeReturnQos(reply: SubscribeReply): string {
  const state = reply.isKnown ? " <state id='WARNING' info='Subscribed already, multiSubscribe is false'/>\n" : '';
  return `<qos>\n${state} <subscribe id='${escapeAttribute(reply.subscriptionId)}'/>\n <isSubscribe/>\n</qos>`;
}

export function encodeUnSubscribeReturnQos(subscriptionId: string): string {
  return `<qos>\n <subscribe id='${escapeAttribute(subscriptionId)}'/>\n <isUnSubscribe/>\n</qos>`;
}

export function encodeEraseReturnQos(oid: string): string {
  return `<qos>\n <key oid='${escapeAttribute(oid)}'/>\n <isErase/>\n</qos>`;
}

/** `sessionId` is the last attribute of `<session …/>`: clients of the XML-RPC kind read it with a regular expression. */
export function encodeConnectReturnQos(reply: ConnectReply): string {
  const session =
    ` <session name='${escapeAttribute(reply.absoluteName)}' timeout='${reply.timeoutMs}' maxSessions='${reply.maxSessions}'` +
    ` clearSessions='${reply.clearSessions}' reconnectSameClientOnly='false' sessionId='${escapeAttribute(reply.secretSessionId)}'/>`;
  return [
    '<qos>',
    ` <instanceId>${escapeAttribute(reply.instanceId)}</instanceId>`,
    session,
    encodeCallbackQueue(reply),
    ...(reply.isReconnect ? [' <reconnected/>'] : []),
    ...reply.clientProperties.map((property) => encodeClientProperty(property).trimEnd()),
    ` <clientProperty name='__cbQueueNumOfEntries' type='long'>${reply.queueSize}</clientProperty>`,
    ` <clientProperty name='__rcvTimestampStr'>${formatTimestamp(reply.nowMs)}</clientProperty>`,
    '</qos>',
  ].join('\n');
}

function encodeCallbackQueue({ maxEntries, maxBytes, callback }: ConnectReply): string {
  const attributes = `relating='callback' maxEntries='${maxEntries}' maxBytes='${maxBytes}'`;
  return callback ? ` <queue ${attributes}>\n${encodeCallback(callback)}\n </queue>` : ` <queue ${attributes}/>`;
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
