import {
  type BurstMode,
  type CallbackQos,
  type ConnectQos,
  DEFAULT_CONNECT_QOS,
  DEFAULT_DISCONNECT_QOS,
  type DisconnectQos,
  type OverflowPolicy,
  type QueueQos,
} from '../model/connect.ts';
import { parseSessionName } from '../model/session-name.ts';
import { elementsOf, textOf, type XmlElement } from '../model/xml-element.ts';
import { booleanAttribute, decodeClientProperties, integerAttribute, QosElements, qosAttribute } from './qos-values.ts';
import { readXml } from './xml.ts';

/**
 * Reads the QoS of connect (protocol/qos.xsd, connect).
 *
 * @throws BrokerError `user.illegalArgument` for a value or a session name that is none.
 */
export function decodeConnectQos(qos: XmlElement | undefined): ConnectQos {
  if (!qos || qos.children.length === 0) return DEFAULT_CONNECT_QOS;
  const elements = new QosElements(qos);
  const session = elements.one('session');
  const name = qosAttribute(session, 'name');
  const queue =
    queueOf(elements, 'callback') ?? elements.all('queue').find((element) => qosAttribute(element, 'relating') === undefined);
  return {
    ...decodeCredentials(elements),
    sessionName: name === undefined ? undefined : parseSessionName(name),
    secretSessionId: qosAttribute(session, 'sessionId'),
    timeoutMs: integerAttribute(session, 'timeout'),
    maxSessions: integerAttribute(session, 'maxSessions'),
    clearSessions: booleanAttribute(session, 'clearSessions') ?? false,
    reconnectSameClientOnly: booleanAttribute(session, 'reconnectSameClientOnly') ?? false,
    callback: decodeCallback(queue, elements),
    callbackQueue: decodeQueue(queue),
    subjectQueue: decodeQueue(queueOf(elements, 'subject')),
    ptp: elements.flag('ptp'),
    duplicateUpdates: elements.flag('duplicateUpdates'),
    refreshSession: elements.flag('refreshSession'),
    persistent: elements.flag('persistent') ?? false,
    clientProperties: decodeClientProperties(elements),
  };
}

const DEFAULT_PING_INTERVAL_MS = 60_000;
const DEFAULT_DELAY_MS = 60_000;

/** `<callback>` inside the queue, or the older form beside it. */
function decodeCallback(queue: XmlElement | undefined, elements: QosElements): CallbackQos | undefined {
  const callback = new QosElements(queue).one('callback') ?? elements.one('callback');
  if (!callback) return undefined;
  const delayMs = integerAttribute(callback, 'delay') ?? 0;
  return {
    type: qosAttribute(callback, 'type') ?? 'SOCKET',
    address: callback.children
      .filter((child) => typeof child === 'string')
      .join('')
      .trim(),
    sessionId: qosAttribute(callback, 'sessionId') ?? 'unknown',
    pingIntervalMs: Math.max(0, integerAttribute(callback, 'pingInterval') ?? DEFAULT_PING_INTERVAL_MS),
    retries: Math.max(-1, integerAttribute(callback, 'retries') ?? 0),
    delayMs: delayMs > 0 ? delayMs : DEFAULT_DELAY_MS,
    oneway: booleanAttribute(callback, 'oneway') ?? false,
    dispatcherActive: booleanAttribute(callback, 'dispatcherActive') ?? true,
    usesDatagrams: isAttributeTrue(callback, 'useUdpForOneway'),
    contentAsString: isAttributeTrue(callback, 'contentAsString'),
    burst: decodeBurst(new QosElements(callback).one('burstMode')),
  };
}

/** `<attribute name='…'>true</attribute>`: what only some callbacks understand. */
function isAttributeTrue(callback: XmlElement, name: string): boolean {
  const attributes = new QosElements(callback).all('attribute');
  const attribute = attributes.findLast((element) => qosAttribute(element, 'name') === name);
  return attribute !== undefined && textOf(attribute).trim().toLowerCase() === 'true';
}

function decodeBurst(burst: XmlElement | undefined): BurstMode {
  return {
    collectTimeMs: Math.max(0, integerAttribute(burst, 'collectTime') ?? 0),
    maxEntries: integerAttribute(burst, 'maxEntries') ?? 1,
    maxBytes: integerAttribute(burst, 'maxBytes') ?? -1,
  };
}

/** The queue whose `relating` says so. */
function queueOf(elements: QosElements, relating: string): XmlElement | undefined {
  return elements.all('queue').find((queue) => qosAttribute(queue, 'relating')?.toLowerCase() === relating);
}

function decodeQueue(queue: XmlElement | undefined): QueueQos {
  const onOverflow = qosAttribute(queue, 'onOverflow');
  return {
    maxEntries: integerAttribute(queue, 'maxEntries'),
    maxBytes: integerAttribute(queue, 'maxBytes'),
    maxEntriesCache: integerAttribute(queue, 'maxEntriesCache'),
    maxBytesCache: integerAttribute(queue, 'maxBytesCache'),
    onOverflow: onOverflow === undefined ? undefined : decodeOverflow(onOverflow),
  };
}

const OVERFLOW_POLICIES: readonly OverflowPolicy[] = ['deadMessage', 'discardOldest', 'exception', 'block'];

/** As in the original, an unknown one is the default. */
function decodeOverflow(text: string): OverflowPolicy {
  return OVERFLOW_POLICIES.find((policy) => policy.toLowerCase() === text.toLowerCase()) ?? 'deadMessage';
}

/** Reads the QoS of disconnect. */
export function decodeDisconnectQos(qos: XmlElement | undefined): DisconnectQos {
  if (!qos || qos.children.length === 0) return DEFAULT_DISCONNECT_QOS;
  const elements = new QosElements(qos);
  return {
    deleteSubjectQueue: elements.flag('deleteSubjectQueue') ?? true,
    clearSessions: elements.flag('clearSessions') ?? false,
  };
}

/** `<securityService><user>…</user><passwd>…</passwd></securityService>`, its inside also in CDATA (a document in the document). */
function decodeCredentials(elements: QosElements): Pick<ConnectQos, 'user' | 'password'> {
  const service = elements.one('securityService') ?? elements.one('securityPlugin');
  if (!service) return { user: undefined, password: undefined };
  const inside = elementsOf(service).length > 0 ? service : readFragment(textOf(service));
  const credentials = new QosElements(inside);
  const user = credentials.one('user');
  const password = credentials.one('passwd');
  return { user: user && textOf(user).trim(), password: password && textOf(password).trim() };
}

function readFragment(text: string): XmlElement {
  const open = '<securityService>';
  return readXml(`${open}${text}</securityService>`, { prefixChars: open.length }).root;
}
