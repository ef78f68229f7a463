import { escapeAttribute, escapeText } from '../base/xml-text.ts';
import type { ClientProperty } from '../model/client-property.ts';
import {
  type Destination,
  NORM_PRIORITY,
  type PublishQos,
  type ReceivedMessage,
  type SharedQos,
  type TopicQos,
  type UpdateInfo,
} from '../model/message.ts';

/**
 * The QoS of a message on its way to a client, with the elements and their order of the original. What all subscribers share is
 * encoded once per message; `info` is undefined in the answer to a get.
 *
 * `nowMs` is for `remainingLife`, in ms since 1970. `marker` is the element that says what it is.
 */
export function encodeMsgQos(
  message: ReceivedMessage,
  info: UpdateInfo | undefined,
  nowMs: number,
  marker: 'isPublish' | 'isUpdate' = 'isPublish',
): string {
  message.sharedQos ??= encodeSharedQos(message);
  const shared = message.sharedQos;
  let xml = shared.head;
  if (info?.subscriptionId !== undefined) xml += ` <subscribe id='${escapeAttribute(info.subscriptionId)}'/>\n`;
  xml += encodeExpiration(message, nowMs) + shared.timestamp;
  if (info) xml += ` <queue index='${info.queueIndex}' size='${info.queueSize}'/>\n`;
  xml += shared.flags;
  if (info && info.redeliver > 0) xml += ` <redeliver>${info.redeliver}</redeliver>\n`;
  xml += ` <${marker}/>\n`;
  if (!info) xml += encodeTopicQos(message.qos.topic);
  if (info?.isInitial) xml += INITIAL_UPDATE;
  return `${xml}${shared.properties}</qos>`;
}

const INITIAL_UPDATE = " <clientProperty name='__isInitialUpdate' type='boolean'>true</clientProperty>\n";
const PRIORITY_NAMES: Readonly<Record<number, string>> = { 0: 'MIN', 3: 'LOW', 7: 'HIGH', 9: 'MAX' };

function encodeSharedQos(message: ReceivedMessage): SharedQos {
  const { qos } = message;
  return {
    head:
      '<qos>\n' +
      encodeState(qos) +
      encodeFlag('subscribable', qos.subscribable) +
      qos.destinations.map(encodeDestination).join('') +
      ` <sender>${escapeText(message.sender)}</sender>\n` +
      (qos.priority === NORM_PRIORITY ? '' : ` <priority>${PRIORITY_NAMES[qos.priority] ?? qos.priority}</priority>\n`),
    timestamp: ` <rcvTimestamp nanos='${message.rcvTimestamp}'/>\n`,
    flags:
      encodeFlag('administrative', qos.administrative) +
      encodeFlag('persistent', qos.persistent) +
      encodeFlag('forceUpdate', qos.forceUpdate),
    properties: qos.clientProperties.map(encodeClientProperty).join(''),
  };
}

function encodeState({ state }: PublishQos): string {
  if (!state) return '';
  return ` <state${encodeAttribute('id', state.id)}${encodeAttribute('info', state.info)}/>\n`;
}

function encodeDestination({ text, forceQueuing }: Destination): string {
  return ` <destination${forceQueuing ? " forceQueuing='true'" : ''}>${escapeText(text)}</destination>\n`;
}

function encodeFlag(name: string, value: boolean | undefined): string {
  if (value === undefined) return '';
  return value ? ` <${name}/>\n` : ` <${name}>false</${name}>\n`;
}

function encodeExpiration(message: ReceivedMessage, nowMs: number): string {
  const { lifeTimeMs, forceDestroy }: PublishQos = message.qos;
  if (lifeTimeMs === undefined && forceDestroy === undefined) return '';
  const remaining = message.expiresAt - nowMs;
  return (
    ' <expiration' +
    (lifeTimeMs === undefined ? '' : ` lifeTime='${lifeTimeMs}'`) +
    (Number.isFinite(remaining) && remaining > 0 ? ` remainingLife='${Math.ceil(remaining)}'` : '') +
    (forceDestroy === undefined ? '' : ` forceDestroy='${forceDestroy}'`) +
    '/>\n'
  );
}

function encodeTopicQos(topic: TopicQos | undefined): string {
  if (!topic) return '';
  const attributes =
    encodeAttribute('readonly', topic.readonly) +
    encodeAttribute('destroyDelay', topic.destroyDelayMs) +
    encodeAttribute('createDomEntry', topic.createDomEntry);
  const children =
    (topic.distributor === undefined ? '' : `<msgDistributor typeVersion='${topic.distributor},1.0'/>`) +
    encodeStorage('persistence', 'msgUnitStore', topic.storeMaxEntries, topic.storeMaxBytes) +
    encodeStorage('queue', 'history', topic.historyMaxEntries, topic.historyMaxBytes);
  return children === '' ? ` <topic${attributes}/>\n` : ` <topic${attributes}>${children}</topic>\n`;
}

function encodeStorage(name: string, relating: string, maxEntries: number | undefined, maxBytes: number | undefined): string {
  const bounds = encodeAttribute('maxEntries', maxEntries) + encodeAttribute('maxBytes', maxBytes);
  return bounds === '' ? '' : `<${name} relating='${relating}'${bounds}/>`;
}

function encodeAttribute(name: string, value: boolean | number | string | undefined): string {
  return value === undefined ? '' : ` ${name}='${escapeAttribute(String(value))}'`;
}

/** On a line of its own. */
export function encodeClientProperty(property: ClientProperty): string {
  const attributes = [
    ` name='${escapeAttribute(property.name)}'`,
    encodeAttribute('type', property.type),
    encodeAttribute('encoding', property.encoding),
    encodeAttribute('charset', property.charset),
  ];
  return ` <clientProperty${attributes.join('')}>${escapeAttribute(property.value)}</clientProperty>\n`;
}
