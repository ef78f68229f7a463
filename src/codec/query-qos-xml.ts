import { shorten } from '../base/shorten.ts';
import type { ClientProperty } from '../model/client-property.ts';
import { BrokerError } from '../model/error.ts';
import {
  DEFAULT_FILTER_VERSION,
  DEFAULT_HISTORY,
  DEFAULT_QUERY_QOS,
  type FilterQos,
  type HistoryQos,
  MAX_FILTERS,
  type QueryQos,
} from '../model/query.ts';
import { textOf, type XmlElement } from '../model/xml-element.ts';
import { booleanAttribute, decodeClientProperties, integerAttribute, QosElements, qosAttribute } from './qos-values.ts';

/**
 * Reads the QoS of subscribe, unSubscribe, get and erase (protocol/qos.xsd, query). Unknown elements are ignored.
 *
 * @throws BrokerError `user.illegalArgument` for a value that is none, and for a querySpec of another type than QueueQuery.
 */
export function decodeQueryQos(qos: XmlElement | undefined): QueryQos {
  if (!qos || qos.children.length === 0) return DEFAULT_QUERY_QOS;
  const elements = new QosElements(qos);
  const clientProperties = decodeClientProperties(elements);
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
    clientProperties,
    filters: decodeFilters(elements.all('filter')),
    newestOnly: isNewestOnly(clientProperties),
    querySpec: decodeQuerySpec(elements.all('querySpec')),
  };
}

/** The text of the first QueueQuery, the only type that the original has. */
function decodeQuerySpec(specs: readonly XmlElement[]): string | undefined {
  const [first] = specs;
  for (const spec of specs) {
    const type = qosAttribute(spec, 'type') ?? '';
    if (type === 'QueueQuery') continue;
    throw new BrokerError('user.illegalArgument', `<querySpec>: the type "${shorten(type)}" is unknown; known is QueueQuery`);
  }
  return first && textOf(first);
}

function isNewestOnly(clientProperties: readonly ClientProperty[]): boolean {
  const property = clientProperties.find(({ name }) => name === '__newestOnly');
  return property?.value.trim().toLowerCase() === 'true';
}

/** `<subscribe id='…'/>`, or the older `<id>…</id>`. */
function decodeSubscriptionId(elements: QosElements): string | undefined {
  const id = elements.one('id');
  return qosAttribute(elements.one('subscribe'), 'id') ?? ((id && textOf(id).trim()) || undefined);
}

/** `<filter type='GnuRegexFilter' version='1.0'>a.*b</filter>`; white space around the query is not part of it. */
function decodeFilters(filters: readonly XmlElement[]): readonly FilterQos[] {
  if (filters.length > MAX_FILTERS) {
    throw new BrokerError('user.maxSizeExceed', `${filters.length} filters in one QoS, at most ${MAX_FILTERS} are accepted`);
  }
  return filters.map((filter) => {
    const type = qosAttribute(filter, 'type');
    if (type === undefined) throw new BrokerError('user.illegalArgument', "<filter> has no type; write <filter type='…'>");
    return { type, version: qosAttribute(filter, 'version') ?? DEFAULT_FILTER_VERSION, query: textOf(filter).trim() };
  });
}

function decodeHistory(history: XmlElement | undefined): HistoryQos | undefined {
  if (!history) return undefined;
  return {
    numEntries: Math.max(-1, integerAttribute(history, 'numEntries') ?? DEFAULT_HISTORY.numEntries),
    newestFirst: booleanAttribute(history, 'newestFirst') ?? DEFAULT_HISTORY.newestFirst,
  };
}
