import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { escapeAttribute } from '../../base/xml-text.ts';
import { decodeXmlText } from '../../codec/charset.ts';
import { encodeException } from '../../codec/script-response-xml.ts';
import { decodeScript } from '../../codec/script-xml.ts';
import { isMethodCall } from '../../codec/xmlrpc.ts';
import type { Verb } from '../../model/command.ts';
import { answer, takeOver, wholeOrStream } from './answer.ts';
import { charsetOf, readBody } from './body.ts';
import { type Caller, COOKIE_ATTRIBUTES, COOKIE_NAME, openCaller, readSessionQos, refuseWrongPassword } from './caller.ts';
import type { HttpContext } from './http-context.ts';
import { headersOf, statusOf, XML_TYPE } from './http-error.ts';
import { answerMethodCall } from './method-call-routes.ts';
import { onAnswered } from './on-answered.ts';
import { onGone } from './on-gone.ts';
import { Query, SESSION_PARAMETERS } from './query.ts';
import { encodeOutcome, runCommands, type ScriptOutcome, settlementOf } from './script-run.ts';

const VERB_ROUTES: readonly Verb[] = ['connect', 'publish', 'subscribe', 'unSubscribe', 'get', 'erase', 'ping', 'disconnect'];

/** `POST /` and `POST /<verb>`: commands in XML. */
export function addScriptRoutes(app: FastifyInstance, context: HttpContext): void {
  app.post('/', (request, reply) => runScript(context, undefined, request, reply));
  for (const verb of VERB_ROUTES) app.post(`/${verb}`, (request, reply) => runScript(context, verb, request, reply));
}

async function runScript(
  context: HttpContext,
  verb: Verb | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { broker, options } = context;
  const query = new Query(request.query, SESSION_PARAMETERS);
  await refuseWrongPassword(broker, request.raw);
  const body = await readBody(request.raw, options.limits.maxBodyBytes, broker.account);
  const text = decodeXmlText(body, charsetOf(request.raw));
  if (verb === undefined && isMethodCall(text)) {
    await answerMethodCall(context, text, request, reply);
    return;
  }
  const script = decodeScript(text, verb, () => broker.newOid(), options.limits, context.scripts);
  const connectsFirst = script.commands[0]?.verb === 'connect';
  const caller = await openCaller(broker, request.raw, query, { qos: readSessionQos(query), connectsFirst });
  try {
    const outcome = await runCommands(broker, script, caller, (listener) => onGone(request.raw.socket, listener));
    const settle = settlementOf(outcome);
    if (settle) onAnswered(reply.raw, settle);
    const status = outcome.error ? statusOf(outcome.error) : 200;
    const errorHeaders = outcome.error ? headersOf(outcome.error) : {};
    const headers = { 'Content-Type': XML_TYPE, ...cookieFor(request, caller), ...errorHeaders };
    const body = wholeOrStream(answerPieces(script.id, outcome, broker.now()));
    if (typeof body === 'string') answer(takeOver(reply), status, Object.entries(headers).flat(), body);
    else await reply.code(status).headers(headers).send(body);
  } finally {
    caller.close();
  }
}

function* answerPieces(id: string | undefined, outcome: ScriptOutcome, nowMs: number): Generator<string> {
  yield id === undefined ? '<xmlBlasterResponse>\n' : `<xmlBlasterResponse id='${escapeAttribute(id)}'>\n`;
  yield* encodeOutcome(outcome, nowMs);
  if (outcome.error) yield `${encodeException(outcome.error)}\n`;
  yield '</xmlBlasterResponse>\n';
}

/** A browser page that has connected keeps its session in a cookie; others get none. */
function cookieFor(request: FastifyRequest, { connectedSecretId }: Caller): Readonly<Record<string, string>> {
  if (connectedSecretId === undefined || !isBrowser(request)) return {};
  return { 'Set-Cookie': `${COOKIE_NAME}=${connectedSecretId}; ${COOKIE_ATTRIBUTES}` };
}

/** Browsers say where a request comes from. */
function isBrowser(request: FastifyRequest): boolean {
  return request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined;
}
