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
  const queue = elements.all('queue').find((element) => qosAttribute(element, 'relating') !== 'connection');
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

/** `<securityService><user>…</user><passwd>…</passwd></securityService>`, its inside also in CDATA (a document in the document). */
function decodeCredentials(elements: QosElements): Pick<ConnectQos, 'user' | 'password'> {
  const service = elements.one('securityService') ?? elements.one('securityPlugin');
  if (!service) return { user: undefined, password: undefined };
  const inside = elementsOf(service).length > 0 ? service : readXml(`<securityService>${textOf(service)}</securityService>`).root;
  const credentials = new QosElements(inside);
  const user = credentials.one('user');
  const password = credentials.one('passwd');
  return { user: user && textOf(user).trim(), password: password && textOf(password).trim() };
}
