import { BrokerError } from '../model/error.ts';
import { DEFAULT_HISTORY, DEFAULT_QUERY_QOS, type HistoryQos, type QueryQos } from '../model/query.ts';
import { textOf, type XmlElement } from '../model/xml-element.ts';
import { booleanAttribute, integerAttribute, QosElements, qosAttribute } from './qos-values.ts';

/**
 * Reads the QoS of subscribe, unSubscribe, get and erase (protocol/qos.xsd, query). Unknown elements are ignored.
 *
 * @throws BrokerError `user.illegalArgument` for a value that is none, and for what this version does not do yet.
 */
export function decodeQueryQos(qos: XmlElement | undefined): QueryQos {
  if (!qos || qos.children.length === 0) return DEFAULT_QUERY_QOS;
  const elements = new QosElements(qos);
  for (const name of ['filter', 'querySpec']) {
    if (elements.one(name)) throw new BrokerError('user.illegalArgument', `<${name}> is not supported yet; leave it out`);
  }
  return {
    subscriptionId: decodeSubscriptionId(elements),
    content: elements.flag('content') ?? true,
    meta: elements.flag('meta') ?? true,
    multiSubscribe: elements.flag('multiSubscribe') ?? true,
    local: elements.flag('local') ?? true,
    initialUpdate: elements.flag('initialUpdate') ?? true,
    updateOneway: elements.flag('updateOneway') ?? false,
    notify: elements.flag('notify') ?? true,
    persistent: elements.flag('persistent') ?? false,
    forceDestroy: booleanAttribute(elements.one('erase'), 'forceDestroy') ?? false,
    history: decodeHistory(elements.one('history') ?? new QosElements(elements.one('erase')).one('history')),
  };
}

/** `<subscribe id='…'/>`, or the older `<id>…</id>`. */
function decodeSubscriptionId(elements: QosElements): string | undefined {
  const id = elements.one('id');
  return qosAttribute(elements.one('subscribe'), 'id') ?? ((id && textOf(id).trim()) || undefined);
}

function decodeHistory(history: XmlElement | undefined): HistoryQos | undefined {
  if (!history) return undefined;
  return {
    numEntries: Math.max(-1, integerAttribute(history, 'numEntries') ?? DEFAULT_HISTORY.numEntries),
    newestFirst: booleanAttribute(history, 'newestFirst') ?? DEFAULT_HISTORY.newestFirst,
  };
}
