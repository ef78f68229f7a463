import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { encodeException } from '../../../codec/script-response-xml.ts';
import { BrokerError } from '../../../model/error.ts';
import { foreignGet, isOwnPage } from '../guard.ts';
import type { HttpContext } from '../http-context.ts';
import { onAnswered } from '../on-answered.ts';
import { Ajax, type AjaxAnswer, TEXT_XML } from './ajax.ts';
import { setCookie } from './browser-sessions.ts';
import { Form } from './form.ts';

/** `/ajax`, also where the original had it (protocol/http-legacy.md, "ajax"). */
export function addAjaxRoutes(app: FastifyInstance, context: HttpContext): void {
  const ajax = new Ajax(context);
  const route = {
    method: ['GET', 'POST'],
    exposeHeadRoute: false,
    handler: (request: FastifyRequest, reply: FastifyReply) => serve(context, ajax, request, reply),
  };
  app.route({ ...route, url: '/ajax' });
  app.route({ ...route, url: '/xmlBlaster/ajax' });
}

async function serve(context: HttpContext, ajax: Ajax, { raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { broker, options } = context;
  const form = await Form.read(raw, options.limits.maxBodyBytes, broker.account);
  if (raw.method === 'GET' && form.text('ActionType') !== 'plainGet' && !isOwnPage(raw)) throw foreignGet();
  await send(await answerOrException(context, ajax, raw, form), reply);
}

/** As in the original, an error ends what the browser has; not so when the broker is but full for the moment. */
async function answerOrException(
  { browsers }: HttpContext,
  ajax: Ajax,
  request: IncomingMessage,
  form: Form,
): Promise<AjaxAnswer> {
  const browser = browsers.find(request);
  try {
    return await ajax.answer(request, browser, form);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    if (error.code !== 'resource.exhaust') ajax.disconnect(browser);
    return { type: TEXT_XML, body: `<xmlBlasterResponse>\n${encodeException(error)}\n</xmlBlasterResponse>` };
  }
}

async function send({ type, body, policy, opened, settle }: AjaxAnswer, reply: FastifyReply): Promise<void> {
  if (settle) onAnswered(reply.raw, settle);
  reply.header('Content-Type', type);
  if (policy !== undefined) reply.header('Content-Security-Policy', policy);
  if (opened) reply.header('Set-Cookie', setCookie(opened));
  // Pages of an allowed origin bring their cookie only where the answer says that they may.
  if (reply.raw.hasHeader('Access-Control-Allow-Origin')) reply.header('Access-Control-Allow-Credentials', 'true');
  await reply.code(200).send(body);
}
