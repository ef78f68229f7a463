import { BrokerError } from '../model/error.ts';
import { DEFAULT_PUBLISH_QOS, type MessageState, NORM_PRIORITY, type PublishQos, type TopicQos } from '../model/message.ts';
import { elementsOf, textOf, type XmlElement } from '../model/xml-element.ts';
import {
  booleanAttribute,
  decodeClientProperties,
  integerAttribute,
  parsePriority,
  QosElements,
  qosAttribute,
} from './qos-values.ts';

/**
 * Reads the QoS of a publish (protocol/qos.xsd, publish). Unknown elements are ignored, as in the original.
 *
 * @throws BrokerError `user.illegalArgument` for a value that is none, and for what this version does not do yet.
 */
export function decodePublishQos(qos: XmlElement | undefined): PublishQos {
  if (!qos || qos.children.length === 0) return DEFAULT_PUBLISH_QOS;
  const elements = new QosElements(qos);
  if (elements.one('destination')) {
    throw new BrokerError(
      'user.illegalArgument',
      '<destination>: point-to-point messages are not supported yet; publish to a topic',
    );
  }
  const expiration = decodeExpiration(elements);
  return {
    priority: decodePriority(elements),
    persistent: elements.flag('persistent'),
    ...expiration,
    forceUpdate: elements.flag('forceUpdate'),
    administrative: elements.flag('administrative'),
    topic: decodeTopicQos(elements),
    state: decodeState(elements.one('state')),
    clientProperties: decodeClientProperties(elements),
  };
}

/** Administrative publishes go first unless they say otherwise. */
function decodePriority(elements: QosElements): number {
  const priority = elements.one('priority');
  if (priority && textOf(priority).trim() !== '') return parsePriority(textOf(priority));
  return elements.flag('administrative') ? 9 : NORM_PRIORITY;
}

function decodeExpiration(elements: QosElements): Pick<PublishQos, 'lifeTimeMs' | 'forceDestroy'> {
  const expiration = elements.one('expiration');
  return {
    lifeTimeMs: integerAttribute(expiration, 'lifeTime') ?? (isVolatile(elements) ? 0 : undefined),
    forceDestroy: booleanAttribute(expiration, 'forceDestroy'),
  };
}

/** The older form of lifeTime 0. Other than with the flags, the empty element says nothing. */
function isVolatile(elements: QosElements): boolean {
  const element = elements.one('isVolatile');
  return element !== undefined && textOf(element).trim() !== '' && elements.flag('isVolatile') === true;
}

function decodeTopicQos(elements: QosElements): TopicQos | undefined {
  const topic = elements.one('topic');
  const readonly = elements.flag('readonly'); // the older form, beside <topic readonly='true'/>
  if (!topic && readonly === undefined) return undefined;
  const history =
    topic &&
    elementsOf(topic).find((child) => isNamed(child, 'queue') && qosAttribute(child, 'relating')?.toLowerCase() === 'history');
  return {
    readonly: booleanAttribute(topic, 'readonly') ?? readonly,
    destroyDelayMs: integerAttribute(topic, 'destroyDelay'),
    createDomEntry: booleanAttribute(topic, 'createDomEntry'),
    historyMaxEntries: integerAttribute(history, 'maxEntries'),
  };
}

function decodeState(state: XmlElement | undefined): MessageState | undefined {
  const id = qosAttribute(state, 'id');
  const info = qosAttribute(state, 'info');
  return (id === undefined || id === 'OK') && info === undefined ? undefined : { id: id ?? 'OK', info };
}

function isNamed(element: XmlElement, name: string): boolean {
  return element.name.toLowerCase() === name;
}
