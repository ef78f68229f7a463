import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BrokerError } from '../../../model/error.ts';
import { foreignGet, isFromPage, isOwnPage } from '../guard.ts';
import type { HttpContext } from '../http-context.ts';
import { statusOf } from '../http-error.ts';
import { setCookie } from './browser-sessions.ts';
import { connectClient } from './connect-client.ts';
import { decodeEscaped, Form } from './form.ts';
import { PAGE, PageProxy, type PageRequest, readConnectQos } from './page-proxy.ts';
import { errorPage, HTML_TYPE, SCRIPT_POLICY, scriptFormat } from './script-format.ts';

/** `/BlasterHttpProxyServlet`, also where the original had it (protocol/http-legacy.md, "Pages with a frame"). */
export function addProxyRoutes(app: FastifyInstance, context: HttpContext): void {
  const proxy = new PageProxy(context);
  const route = {
    method: ['GET', 'POST'],
    exposeHeadRoute: false,
    handler: (request: FastifyRequest, reply: FastifyReply) => serve(context, proxy, request, reply),
  };
  app.route({ ...route, url: '/BlasterHttpProxyServlet' });
  app.route({ ...route, url: '/xmlBlaster/BlasterHttpProxyServlet' });
}

async function serve(context: HttpContext, proxy: PageProxy, { raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { broker, browsers, options } = context;
  if (raw.method === 'GET' && isFromPage(raw) && !isOwnPage(raw)) throw foreignGet();
  const form = await Form.read(raw, options.limits.maxBodyBytes, broker.account, decodeEscaped);
  const request = { raw, form, browser: browsers.find(raw), action: form.text('ActionType') ?? '' };
  try {
    if (request.action === 'login' || request.action === 'connect') await connect(context, proxy, request, reply);
    else if (request.action === 'dummyToCreateASessionId') await meet(context, request, reply);
    else await run(proxy, request, reply);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    await reply.code(pageStatusOf(error)).headers(SCRIPT_HEADERS).send(errorPage(error));
  }
}

const SCRIPT_HEADERS = { 'Content-Type': HTML_TYPE, 'Content-Security-Policy': SCRIPT_POLICY };

/** Not in a sandbox: pages load their frames again, which they may do only with those of their own origin. */
const FRAME_HEADERS = { 'Content-Type': HTML_TYPE, 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'self'" };

/** With 401 a browser would ask for a password of its own. */
function pageStatusOf(error: BrokerError): number {
  const status = statusOf(error);
  return status === 401 ? 403 : status;
}

/** As in the original, whoever logs in is a new browser, unless it says otherwise. */
async function connect(context: HttpContext, proxy: PageProxy, request: PageRequest, reply: FastifyReply): Promise<void> {
  const { raw, form, browser } = request;
  const qos = readConnectQos(request);
  const format = scriptFormat(raw.headers['user-agent']);
  const goesOn = form.text('xmlBlaster.invalidate')?.toLowerCase() === 'false' || request.action === 'connect';
  const newcomer = { browser: goesOn ? browser : undefined, name: PAGE, qos, format };
  await connectClient(context, proxy.clients, newcomer, raw, reply);
  if (browser && !goesOn) context.browsers.end(browser);
}

/** All it wants is the cookie. */
async function meet({ browsers }: HttpContext, { browser }: PageRequest, reply: FastifyReply): Promise<void> {
  if (!browser) reply.header('Set-Cookie', setCookie(browsers.open()));
  await reply.headers(FRAME_HEADERS).send(EMPTY_PAGE);
}

/** As in the original, the page is told on its stream of what fails. */
async function run(proxy: PageProxy, request: PageRequest, reply: FastifyReply): Promise<void> {
  try {
    await proxy.run(request);
  } catch (error) {
    if (!(error instanceof BrokerError) || !proxy.complain(request.browser, error)) throw error;
  }
  if (request.action === 'logout') await reply.headers(SCRIPT_HEADERS).send(LOGOUT_PAGE);
  else await reply.headers(FRAME_HEADERS).send(SIGNS_OF_LIFE.has(request.action) ? EMPTY_PAGE : '');
}

/** Frames that load what holds nothing at all show an error in some browsers. */
const EMPTY_PAGE = '<!DOCTYPE html>\n<title>xmlBlaster</title>\n';
const LOGOUT_PAGE = `${EMPTY_PAGE}<script>top.close()</script>\n`;
const SIGNS_OF_LIFE = new Set(['pong', 'browserReady']);
