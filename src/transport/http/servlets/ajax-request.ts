import { escapeText } from '../../../base/xml-text.ts';
import type { Broker } from '../../../broker/broker.ts';
import type { Asker } from '../../../broker/queue-queries.ts';
import { checkOid, type KeyLimits } from '../../../codec/key-xml.ts';
import { decodePublishQos } from '../../../codec/publish-qos-xml.ts';
import { readXml } from '../../../codec/xml.ts';
import type { ClientProperty } from '../../../model/client-property.ts';
import { DEFAULT_PUBLISH_QOS, type PublishUnit, type ReceivedMessage } from '../../../model/message.ts';
import { createPlainKey } from '../../../model/msg-key.ts';
import { DEFAULT_QUERY_QOS, type QueryKey } from '../../../model/query.ts';
import type { Form } from './form.ts';

const DEFAULT_TOPIC = 'service';
const DEFAULT_TIMEOUT_MS = 8_000;
const MAX_TIMEOUT_MS = 120_000;
const MAX_ENTRIES = 1_000;

/** How long the topic of an answer stays when nobody is there to erase it; ms. */
const REPLY_TOPIC_MS = 60_000;

/** Where whoever answers finds the topic for the answer. */
const REPLY_TO = '__jms:JMSReplyTo';

/**
 * Request and reply (protocol/http-legacy.md, "Requests"): publishes what the form says, with a topic of its own for answers, and
 * waits there. Resolves with the first of them; undefined when none comes in time.
 *
 * Rejects with BrokerError as `Broker.publish` and `QueueQueries.query` do, and `user.illegalArgument` for an oid or a QoS.
 */
export async function requestReply(
  broker: Broker,
  asker: Asker,
  form: Form,
  limits: KeyLimits,
): Promise<ReceivedMessage | undefined> {
  const timeoutMs = form.integer('timeout', DEFAULT_TIMEOUT_MS, 0, MAX_TIMEOUT_MS);
  const maxEntries = form.integer('maxEntries', 1, 1, MAX_ENTRIES);
  const replyTo = broker.newOid();
  const question = readQuestion(form, replyTo, limits);
  const topic: QueryKey = { type: 'EXACT', oid: replyTo };
  await broker.publish(asker.session, replyTopic(replyTo, maxEntries, timeoutMs));
  try {
    await broker.publish(asker.session, question);
    const query: QueryKey = { type: 'EXACT', oid: `__cmd:topic/${replyTo}/?historyQueueEntries` };
    const querySpec = `maxEntries=${maxEntries}&consumable=true&waitingDelay=${timeoutMs}`;
    const answer = await broker.queryQueue(asker, query, { ...DEFAULT_QUERY_QOS, querySpec });
    answer?.settle(true); // its topic goes anyway
    return answer?.messages[0];
  } finally {
    await broker.erase(asker.session, topic, { ...DEFAULT_QUERY_QOS, forceDestroy: true });
  }
}

function readQuestion(form: Form, replyTo: string, limits: KeyLimits): PublishUnit {
  const oid = form.text('topicId') || DEFAULT_TOPIC;
  checkOid(oid, limits);
  const qos = decodePublishQos(readXml(form.text('qos') || '<qos/>').root);
  const property: ClientProperty = { name: REPLY_TO, value: replyTo };
  return {
    key: createPlainKey(oid),
    content: Buffer.from(form.text('content') ?? serviceContent(form)),
    qos: { ...qos, clientProperties: [...qos.clientProperties, property] },
  };
}

/** What services of the original are called with: collection, service, properties. */
function serviceContent(form: Form): string {
  const properties = [
    ['serviceName', form.text('serviceName') ?? 'track'],
    ['taskType', form.text('taskType') ?? 'named'],
    ['task', form.text('task') ?? ''],
    ['data', form.text('data') ?? ''],
  ];
  const text = properties.map(([name, value = '']) => `<p k='${name}'>${escapeText(value)}</p>`).join('');
  return `<sc><s>${text}</s></sc>`;
}

/** A topic that XPath does not see. */
function replyTopic(oid: string, maxEntries: number, timeoutMs: number): PublishUnit {
  const topic = {
    readonly: false,
    destroyDelayMs: timeoutMs + REPLY_TOPIC_MS,
    createDomEntry: false,
    historyMaxEntries: maxEntries,
    historyMaxBytes: undefined,
    storeMaxEntries: undefined,
    storeMaxBytes: undefined,
    distributor: undefined,
  };
  return { key: createPlainKey(oid), content: Buffer.alloc(0), qos: { ...DEFAULT_PUBLISH_QOS, administrative: true, topic } };
}
