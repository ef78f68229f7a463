import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkOid, decodeMsgKey, type KeyLimits, readKey } from '../../codec/key-xml.ts';
import { encodeMsgQos } from '../../codec/msg-qos-xml.ts';
import { parseDestination } from '../../codec/publish-qos-xml.ts';
import { parsePriority } from '../../codec/qos-values.ts';
import { encodePublishReturnQos } from '../../codec/return-qos-xml.ts';
import { encodeMessage, encodeResults } from '../../codec/script-response-xml.ts';
import { BrokerError } from '../../model/error.ts';
import {
  DEFAULT_PUBLISH_QOS,
  type Destination,
  type MsgKey,
  type PublishQos,
  type ReceivedMessage,
} from '../../model/message.ts';
import { createPlainKey } from '../../model/msg-key.ts';
import { DEFAULT_QUERY_QOS } from '../../model/query.ts';
import type { PublishOutcome } from '../../model/replies.ts';
import { answer, takeOver, XML_HEADERS } from './answer.ts';
import { contentTypeOf, readBody } from './body.ts';
import { identify, openCaller } from './caller.ts';
import { decodeHeaderValue, mediaTypeOf, setMessageHeaders } from './header-value.ts';
import type { HttpContext } from './http-context.ts';
import { refuseGet, XML_TYPE } from './http-error.ts';
import { CALLER_PARAMETERS, Query } from './query.ts';
import { readQueryKey } from './query-key.ts';

const MAX_HISTORY = 1_000_000;
/** What `curl -d` says when nobody says anything: no statement about the content. */
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** `/topics` and `/topics/{oid}`: everything common without XML. */
export function addTopicsRoutes(app: FastifyInstance, context: HttpContext): void {
  app.get('/topics', (request, reply) => listTopics(context, request, reply));
  app.get('/topics/*', (request, reply) => readTopic(context, request, reply));
  app.route({ method: ['PUT', 'POST'], url: '/topics/*', handler: (request, reply) => publishTopic(context, request, reply) });
  app.delete('/topics/*', (request, reply) => eraseTopic(context, request, reply));
}

async function listTopics({ broker, options }: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = new Query(request.query, [...CALLER_PARAMETERS, 'oid', 'xpath', 'domain']);
  const session = await identify(broker, request.raw, query);
  const keys = await broker.keys(session, readQueryKey(query, options.limits));
  return reply.type(XML_TYPE).send(Readable.from(listKeys(keys)));
}

function* listKeys(keys: readonly MsgKey[]): Generator<string> {
  yield '<xmlBlaster>\n';
  for (let i = 0; i < keys.length; i += 100) {
    yield `${keys
      .slice(i, i + 100)
      .map((key) => key.xml)
      .join('\n')}\n`;
  }
  yield '</xmlBlaster>\n';
}

async function readTopic({ broker, options }: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = new Query(request.query, [...CALLER_PARAMETERS, 'history']);
  const oid = oidOf(request, options.limits);
  const session = await identify(broker, request.raw, query);
  const numEntries = query.integer('history', -1, MAX_HISTORY);
  const qos = { ...DEFAULT_QUERY_QOS, history: { numEntries: numEntries ?? 1, newestFirst: true } };
  const got = broker.get(session, { type: 'EXACT', oid }, qos, true);
  const messages = await got.catch((error: unknown) => refuseGet(error, 'PUT, POST'));
  const [newest] = messages;
  if (newest && numEntries === undefined) return sendMessage(reply, newest, broker.now());
  if (!newest && !(numEntries === 0 && broker.hasTopic(oid))) throw noMessage(oid, broker.hasTopic(oid));
  const results = messages.map((message) => encodeMessage(message, qos, undefined, broker.now()));
  const body = [...encodeResults('get', results, results.length)].join('');
  return reply.type(XML_TYPE).send(`<xmlBlasterResponse>\n${body}</xmlBlasterResponse>\n`);
}

function sendMessage(reply: FastifyReply, message: ReceivedMessage, nowMs: number): FastifyReply {
  setMessageHeaders(reply.raw, message.key, encodeMsgQos(message, undefined, nowMs));
  return reply.header('Content-Type', mediaTypeOf(message.key)).send(message.content);
}

async function publishTopic(context: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { broker, options } = context;
  const query = new Query(request.query, [...CALLER_PARAMETERS, 'priority', 'persistent', 'lifeTime', 'destination', 'key']);
  const key = readTopicKey(context, request, query);
  const qos = readPublishQos(query);
  const caller = await openCaller(broker, request.raw, query);
  try {
    const content = await readBody(request.raw, options.limits.maxContentBytes, broker.account);
    const published = await broker.publish(caller.session, { key, qos, content });
    answer(takeOver(reply), statusOfPublish(published), XML_HEADERS, `${encodePublishReturnQos(published)}\n`);
  } finally {
    caller.close();
  }
}

/** 422: a publish filter refused it. */
function statusOfPublish(published: PublishOutcome): number {
  if ('refusedAs' in published) return 422;
  return published.isNewTopic ? 201 : 200;
}

async function eraseTopic({ broker, options }: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = new Query(request.query, CALLER_PARAMETERS);
  const oid = oidOf(request, options.limits);
  const caller = await openCaller(broker, request.raw, query);
  try {
    const [erased] = await broker.erase(caller.session, { type: 'EXACT', oid }, DEFAULT_QUERY_QOS);
    if (erased === undefined) throw noMessage(oid, false);
    return await reply.code(204).send();
  } finally {
    caller.close();
  }
}

/** The oid is all of the path behind `/topics/`, slashes too. */
function oidOf(request: FastifyRequest, limits: KeyLimits): string {
  const oid = ((request.params as { readonly '*': string })['*'] ?? '').trim();
  checkOid(oid, limits);
  return oid;
}

function readTopicKey({ options, keys }: HttpContext, request: FastifyRequest, query: Query): MsgKey {
  const oid = oidOf(request, options.limits);
  const header = request.headers['x-key'];
  const xml = typeof header === 'string' ? decodeHeaderValue('X-Key', header) : query.text('key');
  const contentMime = contentTypeGiven(request);
  const literal = `${oid}\0${contentMime ?? ''}\0${xml ?? ''}`; // what holds a NUL is refused, not kept
  const known = keys.get(literal);
  if (known) return known;
  const key = xml === undefined ? createPlainKey(oid, { contentMime }) : parseTopicKey(xml, oid, contentMime, options.limits);
  keys.set(literal, key, key.xml.length);
  return key;
}

/** `xml` is the inside of a key, or a whole `<key>` element. */
function parseTopicKey(xml: string, oid: string, contentMime: string | undefined, limits: KeyLimits): MsgKey {
  const whole = /^\s*<key[\s/>]/.test(xml) ? xml : `<key>${xml}</key>`;
  const { root, sourceOf } = readKey(whole);
  const overrides = contentMime === undefined ? { oid } : { oid, contentMime };
  return decodeMsgKey(root, sourceOf(root), overrides, () => oid, limits);
}

function contentTypeGiven(request: FastifyRequest): string | undefined {
  const type = contentTypeOf(request.raw)?.trim();
  return !type || type.toLowerCase().startsWith(FORM_TYPE) ? undefined : type;
}

function readPublishQos(query: Query): PublishQos {
  const priority = query.text('priority');
  const lifeTimeMs = query.integer('lifeTime', -1, Number.MAX_SAFE_INTEGER);
  const persistent = query.boolean('persistent');
  const destination = query.text('destination');
  if ([priority, lifeTimeMs, persistent, destination].every((value) => value === undefined)) return DEFAULT_PUBLISH_QOS;
  return {
    ...DEFAULT_PUBLISH_QOS,
    destinations: destination === undefined ? [] : [readDestination(destination)],
    priority: priority === undefined ? DEFAULT_PUBLISH_QOS.priority : parsePriority(priority),
    lifeTimeMs,
    persistent,
  };
}

/** Somebody who is there, or is to come. */
function readDestination(text: string): Destination {
  return { ...parseDestination(text), forceQueuing: true };
}

function noMessage(oid: string, isTopic: boolean): BrokerError {
  const problem = isTopic ? 'has no message now' : 'does not exist';
  return new BrokerError('user.oid.unknown', `The topic "${oid}" ${problem}`);
}
