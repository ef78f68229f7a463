import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BrokerError } from '../../model/error.ts';
import { takeOver } from './answer.ts';
import { type Caller, identify, openCaller, readSessionQos } from './caller.ts';
import type { HttpContext } from './http-context.ts';
import { HttpError } from './http-error.ts';
import { onAnswered } from './on-answered.ts';
import { DISPLACED, PollChannel } from './poll-channel.ts';
import { CALLER_PARAMETERS, Query } from './query.ts';
import { DISPLACED_MARK, StreamChannel } from './stream-channel.ts';
import { readUpdatesRequest, type UpdatesRequest } from './updates-request.ts';

/** `GET /updates`: the long poll and the event stream; `POST /ack`. */
export function addUpdatesRoutes(app: FastifyInstance, context: HttpContext): void {
  app.get('/updates', { exposeHeadRoute: false }, async (request, reply) => {
    const asked = readUpdatesRequest(request.query, context.options.limits);
    const caller = await openCaller(context.broker, request.raw, asked.query, { qos: readSessionQos(asked.query) });
    try {
      await listen(context, request, reply, asked, caller);
    } catch (error) {
      caller.close();
      throw error;
    }
  });

  app.post('/ack', async (request, reply) => {
    const query = new Query(request.query, [...CALLER_PARAMETERS, 'ack']);
    const ack = query.text('ack');
    if (ack === undefined) throw new HttpError(400, NO_ACK);
    const session = await identify(context.broker, request.raw, query);
    if (session.isTransient) throw new HttpError(400, NO_SESSION);
    session.dispatcher.acknowledge(context.cursors.decode(session, ack));
    return reply.code(204).send();
  });
}

const NO_ACK = 'The parameter ack is missing; it is the ack that an answer of /updates carried';
const NO_SESSION = 'Whose updates? Add session=NAME/1, or the sessionId that connect returned';
const NOTHING_TO_WAIT_FOR =
  'Nothing to wait for: add oid=…, xpath=… or domain=…, or session=NAME/1 of a session with subscriptions';

async function listen(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: UpdatesRequest,
  caller: Caller,
): Promise<void> {
  const { broker, closing, cursors } = context;
  const { session } = caller;
  const lastEventId = lastEventIdOf(request);
  const isStream = (request.headers.accept ?? '').includes('text/event-stream');
  if (isStream && lastEventId?.endsWith(DISPLACED_MARK)) return answerNothing(reply, caller);
  if (session.isTransient && !asked.wanted) throw new HttpError(400, NOTHING_TO_WAIT_FOR);
  const turn = ++session.lastListener;
  if (asked.wanted) await broker.subscribeOnce(session, asked.wanted, asked.subscribeQos);
  await session.dispatcher.prepare(asked.maxEntries, asked.maxBytes);
  // Looking through many topics takes its time: the world may have changed.
  if (session.isClosed || closing.isClosing || reply.raw.destroyed) return answerNothing(reply, caller);
  if (turn !== session.lastListener) throw new BrokerError('user.connect.multiple', DISPLACED);
  const ack = lastEventId ?? asked.ack;
  const response = takeOver(reply);
  const open = isStream ? openStream : openPoll;
  open(context, response, asked, caller, ack === undefined ? undefined : cursors.decode(session, ack));
}

async function answerNothing(reply: FastifyReply, caller: Caller): Promise<void> {
  caller.close();
  await reply.code(204).send();
}

function openPoll(
  { broker, options, cursors }: HttpContext,
  response: ServerResponse,
  { isRaw, maxEntries, maxBytes, timeoutMs }: UpdatesRequest,
  caller: Caller,
  acknowledged: number | undefined,
): void {
  const { session } = caller;
  const { dispatcher } = session;
  const timer = broker.timers.start(timeoutMs, () => channel.expire());
  const channel = new PollChannel(response, {
    isRaw,
    maxEntries,
    maxBytes,
    writeTimeoutMs: options.limits.writeTimeoutMs,
    encodeCursor: (cursor) => cursors.encode(session, cursor),
    now: broker.now,
    outgoing: broker.outgoing,
    onEnd: () => {
      timer.cancel();
      broker.sessions.touch(session);
      dispatcher.detach(channel, 'disconnected');
      closeWith(response, caller);
    },
  });
  dispatcher.attach(channel, acknowledged);
  if (timeoutMs === 0) channel.expire();
  else onSilence(response, () => channel.expire());
}

function openStream(
  { broker, options, cursors }: HttpContext,
  response: ServerResponse,
  { window, maxBytes }: UpdatesRequest,
  caller: Caller,
  acknowledged: number | undefined,
): void {
  const { session } = caller;
  const { dispatcher } = session;
  const channel = new StreamChannel(response, dispatcher, {
    window,
    maxBytes,
    writeTimeoutMs: options.limits.writeTimeoutMs,
    encodeCursor: (cursor) => cursors.encode(session, cursor),
    now: broker.now,
    timers: broker.timers,
    canComeBack: !session.isTransient,
    onEnd: () => {
      broker.sessions.touch(session);
      dispatcher.detach(channel, 'disconnected');
      caller.close();
    },
  });
  dispatcher.attach(channel, acknowledged);
  onSilence(response, () => channel.close('disconnected'));
}

/** Nobody acknowledges what a transient session got: it counts as delivered once the answer has left. */
function closeWith(response: ServerResponse, caller: Caller): void {
  if (!caller.session.isTransient) return;
  onAnswered(response, (hasLeft) => {
    if (hasLeft) caller.session.dispatcher.acknowledge(Number.POSITIVE_INFINITY);
    caller.close();
  });
}

/**
 * Runs `release` when the client has closed its side: it may still read its answer, but most likely it is gone, and the answer
 * shows.
 */
function onSilence(response: ServerResponse, release: () => void): void {
  const { socket } = response.req;
  socket.once('end', release);
  response.once('close', () => socket.off('end', release));
  if (socket.readableEnded) release();
}

function lastEventIdOf(request: FastifyRequest): string | undefined {
  const value = request.headers['last-event-id'];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
