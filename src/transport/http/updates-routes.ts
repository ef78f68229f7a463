import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../../broker/session.ts';
import { DEFAULT_QUERY_QOS, type QueryKey } from '../../model/query.ts';
import { type Caller, openCaller, readSessionQos } from './caller.ts';
import type { HttpContext } from './http-context.ts';
import { HttpError } from './http-error.ts';
import { PollChannel } from './poll-channel.ts';
import { CALLER_PARAMETERS, Query, SESSION_PARAMETERS } from './query.ts';
import { readQueryKey } from './query-key.ts';
import { DISPLACED_MARK, StreamChannel } from './stream-channel.ts';

const DEFAULT_TIMEOUT_S = 30;
const MAX_TIMEOUT_S = 120;
const DEFAULT_MAX_UPDATES = 100;
const MAX_UPDATES = 10_000;
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const MAX_HISTORY = 1_000_000;
const DEFAULT_WINDOW = 100;

const PARAMETERS = [
  ...SESSION_PARAMETERS,
  'oid',
  'xpath',
  'domain',
  'timeout',
  'max',
  'maxBytes',
  'ack',
  'history',
  'content',
  'window',
];

/** `GET /updates`: the long poll and the event stream; `POST /ack`. */
export function addUpdatesRoutes(app: FastifyInstance, context: HttpContext): void {
  app.get('/updates', { exposeHeadRoute: false }, async (request, reply) => {
    const query = new Query(request.query, PARAMETERS);
    const wanted = readQueryKey(query, context.options.limits);
    const caller = openCaller(context.broker, request.raw, query, readSessionQos(query));
    try {
      await listen(context, request, reply, query, wanted, caller);
    } catch (error) {
      caller.close();
      throw error;
    }
  });

  app.post('/ack', async (request, reply) => {
    const query = new Query(request.query, [...CALLER_PARAMETERS, 'ack']);
    const ack = query.text('ack');
    if (ack === undefined)
      throw new HttpError(400, 'The parameter ack is missing; it is the ack that an answer of /updates carried');
    const caller = openCaller(context.broker, request.raw, query);
    caller.session.dispatcher.acknowledge(context.cursors.decode(caller.session, ack));
    caller.close();
    return reply.code(204).send();
  });
}

async function listen(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  query: Query,
  wanted: QueryKey | undefined,
  caller: Caller,
): Promise<void> {
  const { session } = caller;
  const lastEventId = headerOf(request, 'last-event-id');
  const isStream = (request.headers.accept ?? '').includes('text/event-stream');
  if (isStream && lastEventId?.endsWith(DISPLACED_MARK)) {
    caller.close();
    await reply.code(204).send();
    return;
  }
  if (session.isTransient && wanted === undefined) {
    throw new HttpError(
      400,
      'Nothing to wait for: add oid=…, xpath=… or domain=…, or session=NAME/1 of a session with subscriptions',
    );
  }
  const open = isStream ? prepareStream(context, reply, query, caller) : preparePoll(context, reply, query, caller);
  if (wanted) await subscribeOnce(context, session, wanted, query);
  if (session.isClosed || context.closing.isClosing) {
    caller.close();
    await reply.code(204).send();
    return;
  }
  const ack = lastEventId ?? query.text('ack');
  reply.hijack();
  if (reply.raw.destroyed) {
    caller.close();
    return;
  }
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
  open(ack === undefined ? undefined : context.cursors.decode(session, ack));
}

async function subscribeOnce({ broker }: HttpContext, session: Session, wanted: QueryKey, query: Query): Promise<void> {
  if (broker.isSubscribed(session, wanted)) return;
  const numEntries = query.integer('history', -1, MAX_HISTORY);
  const history = numEntries === undefined ? undefined : { numEntries, newestFirst: false };
  await broker.subscribe(session, wanted, { ...DEFAULT_QUERY_QOS, history });
}

type Open = (acknowledged: number | undefined) => void;

function preparePoll({ broker, options, cursors }: HttpContext, reply: FastifyReply, query: Query, caller: Caller): Open {
  const timeoutS = query.number('timeout', 0, MAX_TIMEOUT_S) ?? DEFAULT_TIMEOUT_S;
  const isRaw = readRaw(query);
  const maxEntries = isRaw ? 1 : (query.integer('max', 1, MAX_UPDATES) ?? DEFAULT_MAX_UPDATES);
  const maxBytes = query.integer('maxBytes', 1, Number.MAX_SAFE_INTEGER) ?? DEFAULT_MAX_BYTES;
  const { session } = caller;
  const { dispatcher } = session;
  return (acknowledged) => {
    const timer = broker.timers.start(timeoutS * 1000, () => channel.expire());
    const channel = new PollChannel(reply.raw, {
      isRaw,
      maxEntries,
      maxBytes,
      writeTimeoutMs: options.limits.writeTimeoutMs,
      encodeCursor: (cursor) => cursors.encode(session, cursor),
      now: broker.now,
      onEnd: () => {
        timer.cancel();
        broker.sessions.touch(session);
        dispatcher.detach(channel, 'disconnected');
        caller.close();
      },
    });
    dispatcher.attach(channel, acknowledged);
    if (timeoutS === 0) channel.expire();
  };
}

function prepareStream({ broker, options, cursors }: HttpContext, reply: FastifyReply, query: Query, caller: Caller): Open {
  const window = query.integer('window', 1, MAX_UPDATES) ?? DEFAULT_WINDOW;
  const maxBytes = query.integer('maxBytes', 1, Number.MAX_SAFE_INTEGER) ?? DEFAULT_MAX_BYTES;
  const { session } = caller;
  const { dispatcher } = session;
  return (acknowledged) => {
    const channel = new StreamChannel(reply.raw, dispatcher, {
      window,
      maxBytes,
      writeTimeoutMs: options.limits.writeTimeoutMs,
      encodeCursor: (cursor) => cursors.encode(session, cursor),
      now: broker.now,
      timers: broker.timers,
      onEnd: () => {
        broker.sessions.touch(session);
        dispatcher.detach(channel, 'disconnected');
        caller.close();
      },
    });
    dispatcher.attach(channel, acknowledged);
  };
}

function readRaw(query: Query): boolean {
  const content = query.text('content');
  if (content !== undefined && content !== 'raw')
    throw new HttpError(400, `content=${content.slice(0, 40)} is unknown; leave it out or use content=raw`);
  return content === 'raw';
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
