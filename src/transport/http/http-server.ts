import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from '../../base/logger.ts';
import { Lru } from '../../base/lru.ts';
import type { Broker } from '../../broker/broker.ts';
import { createScriptCache } from '../../codec/script-xml.ts';
import { BrokerError } from '../../model/error.ts';
import type { MsgKey } from '../../model/message.ts';
import type { Connections } from '../connections.ts';
import { RequestDecoder } from '../request-decoder.ts';
import type { MethodCalls } from '../xmlrpc/method-calls.ts';
import { addAdminRoutes } from './admin-routes.ts';
import { answer, takeOver } from './answer.ts';
import { hideOddContentType } from './body.ts';
import { Cursors } from './cursor.ts';
import { Guard } from './guard.ts';
import type { HttpAdmin } from './http-admin.ts';
import type { Closing, HttpContext } from './http-context.ts';
import { encodeRawErrorResponse, HttpError, SAFE_HEADERS } from './http-error.ts';
import type { HttpOptions } from './http-options.ts';
import { addInfoRoutes } from './info-routes.ts';
import { addMethodCallRoutes } from './method-call-routes.ts';
import { addScriptRoutes } from './script-routes.ts';
import { addAjaxRoutes } from './servlets/ajax-routes.ts';
import { addAppletRoutes } from './servlets/applet-routes.ts';
import { addBootstrapRoutes } from './servlets/bootstrap-routes.ts';
import { BrowserSessions } from './servlets/browser-sessions.ts';
import { addProxyRoutes } from './servlets/proxy-routes.ts';
import { addTopicsRoutes } from './topics-routes.ts';
import { addUpdatesRoutes } from './updates-routes.ts';
import { writeError } from './write-error.ts';

/** HTTP on connections that somebody else accepts. */
export interface HttpServer {
  /** Takes over a connection that may be paused; what was read from it must have been put back. */
  accept(stream: Duplex): void;
  /** From now on connections end with their answers, and new requests are refused. */
  stop(): void;
  /** To be called when the last connection has ended. */
  close(): Promise<void>;
}

/** Longer addresses are refused; characters. Room for an oid of 1,024 bytes or an XPath of 4 kB, percent-encoded. */
const MAX_URL_CHARS = 16_384;

/** The cache of publish keys: entries, and characters of XML in all. */
const KEY_CACHE_ENTRIES = 10_000;
const KEY_CACHE_CHARS = 4_000_000;

/** Browsers that are connected through servlets, as many as in the original, and the ms of silence that ends their sessions. */
const MAX_BROWSERS = 10_000;
const BROWSER_TIMEOUT_MS = 30 * 60_000;

const SHUTTING_DOWN = 'The broker is shutting down; connect again in a moment';

/** How often Node looks for connections that are too slow; ms. */
const CHECK_INTERVAL_MS = 1_000;

/** Ms between two looks for connections that wait for a request, when the server ends. */
const SWEEP_MS = 50;

/** Starts the HTTP binding (protocol/http.md). */
export async function startHttpServer(
  broker: Broker,
  options: HttpOptions,
  admin: HttpAdmin,
  methodCalls: MethodCalls,
  connections: Connections,
  logger: Logger,
): Promise<HttpServer> {
  const { limits } = options;
  const app: FastifyInstance = fastify({
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    keepAliveTimeout: 72_000,
    requestTimeout: limits.requestTimeoutMs,
    rewriteUrl: ({ method, url = '/', socket }) =>
      method === 'POST' && options.isMethodCallPort(socket.localPort) ? '/RPC2' : url,
    routerOptions: { maxParamLength: MAX_URL_CHARS },
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      requireHostHeader: false, // the guard asks for it, and answers in XML
      maxHeaderSize: 2 * MAX_URL_CHARS,
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket),
    frameworkErrors: (error, _request, reply) => fail(reply, toBrokerError(error, logger)),
  });
  addErrorHandlers(app, logger);
  addProtocolErrors(app);
  const closing = addHooks(app, options, connections);
  addBodyParser(app);
  const keys = new Lru<string, MsgKey>(KEY_CACHE_ENTRIES, KEY_CACHE_CHARS);
  const context: HttpContext = {
    broker,
    options,
    admin,
    cursors: new Cursors(),
    closing,
    keys,
    scripts: createScriptCache(),
    methodCalls,
    decoder: new RequestDecoder(limits, () => broker.newOid()),
    browsers: new BrowserSessions(broker, {
      maxBrowsers: MAX_BROWSERS,
      timeoutMs: Math.min(limits.sessionTimeoutMs || BROWSER_TIMEOUT_MS, BROWSER_TIMEOUT_MS),
    }),
  };
  addInfoRoutes(app, context);
  addScriptRoutes(app, context);
  addMethodCallRoutes(app, context);
  addTopicsRoutes(app, context);
  addUpdatesRoutes(app, context);
  addAdminRoutes(app, context);
  addAjaxRoutes(app, context);
  addAppletRoutes(app, context);
  addProxyRoutes(app, context);
  addBootstrapRoutes(app);
  await app.ready();
  return serveHandedOver(app, closing);
}

/** The server of `app` never listens: it gets its connections from the listener of all protocols. */
function serveHandedOver(app: FastifyInstance, closing: Closing): HttpServer {
  const server = app.server as Server & { httpAllowHalfOpen: boolean };
  server.httpAllowHalfOpen = true;
  server.emit('listening'); // with it Node begins to watch over slow headers and requests
  let sweep: NodeJS.Timeout | undefined;
  return {
    accept: (stream) => void server.emit('connection', stream),
    stop() {
      closing.isClosing = true;
      sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    },
    async close() {
      clearInterval(sweep);
      server.close();
      await app.close();
    },
  };
}

function addHooks(app: FastifyInstance, options: HttpOptions, connections: Connections): Closing {
  const { corsOrigins, allowedHosts, host, limits } = options;
  const closing: Closing = { isClosing: false };
  const guard = new Guard(corsOrigins, allowedHosts, host);
  app.addHook('onRequest', (request, reply, done) => {
    if (closing.isClosing)
      throw new HttpError(503, SHUTTING_DOWN, { Connection: 'close' }, 'communication.noConnection.serverDeny');
    checkConnection(connections, request.raw.socket);
    guard.check(request.raw);
    hideOddContentType(request.raw);
    const origin = guard.allowedOrigin(request.raw);
    if (origin !== undefined) allowOrigin(reply.raw, origin);
    if (origin === undefined || request.method !== 'OPTIONS') done();
    else answer(takeOver(reply), 204, PREFLIGHT_HEADERS, undefined);
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    for (const [name, value] of Object.entries(SAFE_HEADERS)) if (!reply.hasHeader(name)) reply.header(name, value);
    reply.raw.setTimeout(limits.writeTimeoutMs);
    if (closing.isClosing) reply.header('Connection', 'close');
    done(null, payload);
  });
  return closing;
}

/** @throws HttpError 503 for a connection too many, before its request has done anything. */
function checkConnection(connections: Connections, socket: Socket): void {
  if (!connections.isTooMany(socket)) return;
  const message = `The broker has ${connections.max} connections (--max-connections); close some, or try later`;
  throw new HttpError(503, message, { Connection: 'close' }, 'resource.exhaust');
}

function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', 'X-Key, X-QoS, X-Ack');
  response.setHeader('Vary', 'Origin');
}

const PREFLIGHT_HEADERS = [
  ['Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, DELETE'],
  ['Access-Control-Allow-Headers', 'Authorization, Content-Type, X-Key, Last-Event-ID'],
  ['Access-Control-Max-Age', '600'],
].flat();

/** Bodies are bytes whatever their Content-Type; the routes that want one read it themselves, with their own bounds. */
function addBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

function addErrorHandlers(app: FastifyInstance, logger: Logger): void {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ pattern: new RegExp(`^${url.replaceAll('.', '\\.').replace('*', '.*')}$`), methods: [method].flat() });
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => fail(reply, toBrokerError(error, logger)));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*/s, '');
    const allowed = new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods));
    fail(reply, allowed.size > 0 ? methodNotAllowed(request, [...allowed]) : notFound(path));
  });
}

/** What Node answers by itself, without XML, unless somebody listens. */
function addProtocolErrors(app: FastifyInstance): void {
  app.server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    writeError(response, new HttpError(417, 'The only expectation that the broker meets is 100-continue'));
  });
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    const error = new HttpError(405, 'CONNECT is not allowed: the broker is no proxy', { Allow: 'GET' }, 'user.wrongApiUsage');
    socket.on('error', () => socket.destroy()); // Node has taken its own listener away
    socket.end(encodeRawErrorResponse(error), () => socket.destroy());
  });
}

function fail(reply: FastifyReply, error: BrokerError): void {
  writeError(takeOver(reply), error);
}

function methodNotAllowed(request: FastifyRequest, allowed: readonly string[]): HttpError {
  const list = allowed.join(', ');
  return new HttpError(405, `${request.method} is not allowed here; use ${list}`, { Allow: list }, 'user.wrongApiUsage');
}

function notFound(path: string): HttpError {
  return new HttpError(
    404,
    `There is nothing at ${path.slice(0, 100)}; GET /openapi.json lists what there is`,
    {},
    'user.wrongApiUsage',
  );
}

/** Errors that are not ours: fastify's are the client's fault and say why, others are bugs. */
function toBrokerError(error: Error & { readonly statusCode?: number }, logger: Logger): BrokerError {
  if (error instanceof BrokerError) return error;
  const status = error.statusCode;
  if (status !== undefined && status >= 400 && status < 500) return new HttpError(status, error.message);
  logger.error({ err: error }, 'a request failed because of a bug');
  return new BrokerError('internal.unknown', 'The broker failed on this request; its log says more', { cause: error });
}

/** What the HTTP parser refuses, or waited for too long. */
function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(encodeRawErrorResponse(clientError(error.code)), () => socket.destroy());
}

function clientError(code: string | undefined): HttpError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new HttpError(408, 'The request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, `The header is larger than ${2 * MAX_URL_CHARS} bytes`);
  return new HttpError(400, `This is not an HTTP request (${code ?? 'unknown'})`);
}
