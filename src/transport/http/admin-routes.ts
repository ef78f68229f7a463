import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BrokerError } from '../../model/error.ts';
import { readBody } from './body.ts';
import { identify } from './caller.ts';
import type { AdminAnswer } from './http-admin.ts';
import type { HttpContext } from './http-context.ts';
import { refuseGet } from './http-error.ts';
import { CALLER_PARAMETERS, Query } from './query.ts';

/** Bytes of the body that says what a value is to be. */
const MAX_VALUE_BYTES = 65_536;

/** Pages for people run what stands in them, and load nothing from elsewhere. */
const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Administration (protocol/http.md, "Administration"): the tree of commands, pages for people, metrics for programs. */
export function addAdminRoutes(app: FastifyInstance, context: HttpContext): void {
  app.get('/admin/*', (request, reply) => readCommand(context, request, reply));
  app.post('/admin/*', (request, reply) => changeByCommand(context, request, reply));
  app.get('/status.html', (request, reply) => sendPage(context, 'status.html', request, reply));
  app.get('/monitor/*', (request, reply) => {
    const { '*': name } = request.params as { readonly '*': string };
    return sendPage(context, name, request, reply);
  });
  app.get('/metrics', async (request, reply) => {
    const session = await identify(context.broker, request.raw, new Query(request.query, CALLER_PARAMETERS));
    return send(reply, await context.admin.metrics(session));
  });
}

async function readCommand({ broker, admin }: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = await identify(broker, request.raw, NO_PARAMETERS);
  const { place, command } = commandOf(request);
  return send(reply, await admin.read(session, place, command).catch((error: unknown) => refuseGet(error, 'POST')));
}

async function changeByCommand(
  { broker, admin }: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await identify(broker, request.raw, NO_PARAMETERS);
  const { place, command } = commandOf(request);
  const body = await readBody(request.raw, MAX_VALUE_BYTES, broker.account);
  return send(reply, await admin.change(session, place, command, body));
}

/** All of the query is the command: it has no room for others. */
const NO_PARAMETERS = new Query({}, []);

/** The address as it was sent, each side of its first `?` decoded. */
function commandOf(request: FastifyRequest): { readonly place: string; readonly command: string } {
  const [, path = '', query = ''] = /^\/admin\/+([^?]*)\??(.*)$/s.exec(request.raw.url ?? '') ?? [];
  try {
    return { place: decodeURIComponent(path), command: decodeURIComponent(query) };
  } catch (error) {
    throw new BrokerError('user.illegalArgument', 'The address holds a % that is no percent-encoding of UTF-8', { cause: error });
  }
}

async function sendPage(
  { broker, admin }: HttpContext,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await identify(broker, request.raw, new Query(request.query, CALLER_PARAMETERS));
  const page = await admin.page(session, name);
  if (!page)
    throw new BrokerError('user.oid.unknown', `There is no page "${name.slice(0, 60)}"; --monitor-dir says where pages are`);
  return send(reply.header('Content-Security-Policy', PAGE_POLICY), page);
}

function send(reply: FastifyReply, { contentType, body }: AdminAnswer): FastifyReply {
  return reply.type(contentType).send(body);
}
