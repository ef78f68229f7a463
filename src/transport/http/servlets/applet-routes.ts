import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AppletObject, encodeAppletLine } from '../../../codec/applet-object.ts';
import { decodeAppletRequest } from '../../../codec/applet-request.ts';
import { decodeConnectQos } from '../../../codec/connect-qos-xml.ts';
import { readXml } from '../../../codec/xml.ts';
import { BrokerError } from '../../../model/error.ts';
import { wholeOrStream } from '../answer.ts';
import { readBody } from '../body.ts';
import type { HttpContext } from '../http-context.ts';
import { onAnswered } from '../on-answered.ts';
import { Applet, type AppletRequest } from './applet.ts';
import type { AppletAnswer } from './applet-commands.ts';
import { appletFormat, exceptionObject } from './applet-format.ts';
import { setCookie } from './browser-sessions.ts';
import { connectClient } from './connect-client.ts';
import { Form } from './form.ts';

/** `/AppletServlet`, also where the original had it: applets and J2ME (protocol/http-legacy.md, "Applets"). */
export function addAppletRoutes(app: FastifyInstance, context: HttpContext): void {
  const applet = new Applet(context);
  const handler = (request: FastifyRequest, reply: FastifyReply) => serve(context, applet, request, reply);
  app.post('/AppletServlet', handler);
  app.post('/xmlBlaster/AppletServlet', handler);
}

async function serve(context: HttpContext, applet: Applet, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { broker, browsers, options } = context;
  const { raw } = request;
  const body = await readBody(raw, options.limits.maxBodyBytes, broker.account);
  const browser = browsers.find(raw);
  try {
    const form = new Form(raw.url ?? '', '');
    const action = actionOf(raw, form);
    const asked = { raw, browser, instance: instanceOf(form), unit: decodeAppletRequest(body) };
    if (action === 'connect') await connect(context, applet, asked, reply);
    else if (action === 'dummyToCreateASessionId') await meet(context, asked, reply);
    else await send(reply, action, await applet.answer(action, asked));
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    await send(reply, 'exception', { object: exceptionObject(error) });
  }
}

/** @throws BrokerError `user.illegalArgument`. */
function actionOf({ headers }: IncomingMessage, form: Form): string {
  if (String(headers['binaryprotocol']).toLowerCase() !== 'true') throw new BrokerError('user.illegalArgument', NOT_BINARY);
  const action = headers['actiontype'] ?? form.text('ActionType');
  if (typeof action === 'string' && action !== '') return action;
  throw new BrokerError('user.illegalArgument', 'The header ActionType is missing: connect, publish, pong and the like');
}

const NOT_BINARY = 'Only the binary protocol is spoken here: add the header BinaryProtocol: true';

/** @throws BrokerError `user.illegalArgument`. */
function instanceOf(form: Form): string {
  const instance = form.text('appletInstanceCount') ?? '0';
  if (/^[0-9]{1,9}$/.test(instance)) return instance;
  throw new BrokerError('user.illegalArgument', `appletInstanceCount=${instance.slice(0, 40)} is no number of an applet`);
}

/** The first request of an applet: all it wants is the cookie. */
async function meet({ broker, browsers }: HttpContext, { browser }: AppletRequest, reply: FastifyReply): Promise<void> {
  if (!browser) reply.header('Set-Cookie', setCookie(browsers.open()));
  await send(reply, 'dummyToCreateASessionId', { object: { type: 'text', text: `OK-${broker.now()}` } });
}

async function connect(context: HttpContext, applet: Applet, asked: AppletRequest, reply: FastifyReply): Promise<void> {
  const { browser, instance, unit, raw } = asked;
  const qos = decodeConnectQos(unit.qos.trim() === '' ? undefined : readXml(unit.qos).root);
  const format = appletFormat(qos.callback?.sessionId ?? DEFAULT_CALLBACK_SESSION);
  await connectClient(context, applet.clients, { browser, name: instance, qos, format }, raw, reply);
}

/** What goes with updates when the client names nothing. */
const DEFAULT_CALLBACK_SESSION = 'unknown';

async function send(reply: FastifyReply, method: string, { object, settle }: AppletAnswer): Promise<void> {
  const body = encodeAnswer(method, object, settle);
  if (settle) onAnswered(reply.raw, settle);
  await reply.code(200).header('Content-Type', 'text/plain;charset=iso-8859-1').send(body);
}

/** @throws BrokerError `user.maxSizeExceed` for a text that is too long. */
function encodeAnswer(method: string, object: AppletObject, settle: AppletAnswer['settle']): string | Readable {
  try {
    return wholeOrStream(lineOf(method, object));
  } catch (error) {
    settle?.(false);
    throw error;
  }
}

function* lineOf(method: string, object: AppletObject): Generator<string> {
  yield* encodeAppletLine(method, [object]);
  yield '\n';
}
