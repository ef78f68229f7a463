import { type ConnectQos, DEFAULT_CONNECT_QOS } from '../model/connect.ts';
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
  const queue = elements.all('queue').find(isCallbackQueue);
  return {
    ...decodeCredentials(elements),
    sessionName: name === undefined ? undefined : parseSessionName(name),
    timeoutMs: integerAttribute(session, 'timeout'),
    maxSessions: integerAttribute(session, 'maxSessions'),
    clearSessions: booleanAttribute(session, 'clearSessions') ?? false,
    maxEntries: integerAttribute(queue, 'maxEntries'),
    maxBytes: integerAttribute(queue, 'maxBytes'),
    persistent: elements.flag('persistent') ?? false,
    clientProperties: decodeClientProperties(elements),
  };
}

/** The queue whose `relating` says so, or says nothing; the original's other queues do not exist here. */
function isCallbackQueue(queue: XmlElement): boolean {
  return (qosAttribute(queue, 'relating') ?? 'callback').toLowerCase() === 'callback';
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
