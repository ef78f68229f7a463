import { shorten } from '../base/shorten.ts';
import { BrokerError } from '../model/error.ts';
import {
  DEFAULT_PUBLISH_QOS,
  type Destination,
  type MessageState,
  NORM_PRIORITY,
  type PublishQos,
  type TopicQos,
} from '../model/message.ts';
import { formatSessionName, parseSessionName } from '../model/session-name.ts';
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
 * @throws BrokerError `user.illegalArgument` for a value that is none.
 */
export function decodePublishQos(qos: XmlElement | undefined): PublishQos {
  if (!qos || qos.children.length === 0) return DEFAULT_PUBLISH_QOS;
  const elements = new QosElements(qos);
  const expiration = decodeExpiration(elements);
  return {
    priority: decodePriority(elements),
    persistent: elements.flag('persistent'),
    ...expiration,
    forceUpdate: elements.flag('forceUpdate'),
    administrative: elements.flag('administrative'),
    topic: decodeTopicQos(elements),
    destinations: decodeDestinations(elements),
    subscribable: elements.flag('subscribable'),
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
  const history = storage(topic, (name, relating) => name === 'queue' && relating !== undefined && relating !== MSG_UNIT_STORE);
  const store = storage(topic, (name, relating) => name === 'persistence' || (name === 'queue' && relating !== 'history'));
  return {
    readonly: booleanAttribute(topic, 'readonly') ?? readonly,
    destroyDelayMs: integerAttribute(topic, 'destroyDelay'),
    createDomEntry: booleanAttribute(topic, 'createDomEntry'),
    historyMaxEntries: integerAttribute(history, 'maxEntries'),
    historyMaxBytes: integerAttribute(history, 'maxBytes'),
    storeMaxEntries: integerAttribute(store, 'maxEntries'),
    storeMaxBytes: integerAttribute(store, 'maxBytes'),
    distributor: decodeDistributor(storage(topic, (name) => name === 'msgdistributor')),
  };
}

/** The original's plugins of this kind; `undef,1.0` is none. */
function decodeDistributor(element: XmlElement | undefined): TopicQos['distributor'] {
  const typeVersion = qosAttribute(element, 'typeVersion');
  const type = typeVersion?.split(',')[0]?.trim();
  if (type === undefined || type === 'undef') return undefined;
  if (type === 'ConsumableQueue') return type;
  throw new BrokerError(
    'user.illegalArgument',
    `msgDistributor: "${shorten(typeVersion ?? '')}" is unknown; known is "ConsumableQueue,1.0"`,
  );
}

const MSG_UNIT_STORE = 'msgunitstore';

/** The child of `<topic>` that `fits`, by its name and what it relates to, both in lower case. */
function storage(
  topic: XmlElement | undefined,
  fits: (name: string, relating: string | undefined) => boolean,
): XmlElement | undefined {
  if (!topic) return undefined;
  return elementsOf(topic).find((child) => fits(child.name.toLowerCase(), qosAttribute(child, 'relating')?.toLowerCase()));
}

/** One message may go to so many receivers. */
const MAX_DESTINATIONS = 1_000;

function decodeDestinations(elements: QosElements): readonly Destination[] {
  const destinations = elements.all('destination');
  if (destinations.length === 0) return NO_DESTINATIONS;
  if (destinations.length > MAX_DESTINATIONS) {
    throw new BrokerError('user.maxSizeExceed', `A message has at most ${MAX_DESTINATIONS} destinations; publish several`);
  }
  return destinations.map(decodeDestination);
}

const NO_DESTINATIONS: readonly Destination[] = [];

function decodeDestination(element: XmlElement): Destination {
  const queryType = qosAttribute(element, 'queryType') ?? 'EXACT';
  if (queryType.toUpperCase() !== 'EXACT') {
    throw new BrokerError(
      'user.illegalArgument',
      `<destination queryType='${shorten(queryType)}'> is not supported; name a client`,
    );
  }
  return { ...parseDestination(textOf(element).trim()), forceQueuing: booleanAttribute(element, 'forceQueuing') ?? false };
}

/** The name of a receiver, as a person or a client writes it. */
export function parseDestination(text: string): Omit<Destination, 'forceQueuing'> {
  const name = parseSessionName(text);
  return { name, text: text.startsWith('/') ? text : `client/${formatSessionName(name)}` };
}

function decodeState(state: XmlElement | undefined): MessageState | undefined {
  const id = qosAttribute(state, 'id');
  const info = qosAttribute(state, 'info');
  return (id === undefined || id === 'OK') && info === undefined ? undefined : { id: id ?? 'OK', info };
}
