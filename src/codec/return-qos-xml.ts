import { escapeAttribute } from '../base/xml-text.ts';
import type { ConnectReply, PublishReply, SubscribeReply } from '../model/replies.ts';

/** The QoS that the verbs answer, with the elements and their order of the original's status QoS. */

export const OK_QOS = "<qos><state id='OK'/></qos>";

export function encodePublishReturnQos(reply: PublishReply): string {
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
    ` <queue relating='callback' maxEntries='${reply.maxEntries}' maxBytes='${reply.maxBytes}'/>`,
    ...(reply.isReconnect ? [' <reconnected/>'] : []),
    ` <clientProperty name='__cbQueueNumOfEntries' type='long'>${reply.queueSize}</clientProperty>`,
    '</qos>',
  ].join('\n');
}
