import {
  ACK,
  ADMIN_PATH,
  CALLER_DESCRIPTIONS,
  HISTORY_OF_TOPIC,
  OID_IN_PATH,
  PAGE,
  PUBLISH_DESCRIPTIONS,
  QUERY_DESCRIPTIONS,
  SESSION_DESCRIPTIONS,
  UPDATES_DESCRIPTIONS,
} from './openapi-parameters.ts';
import { errorResponses, errors, type Operation, references, XML, xmlBody, xmlResponse } from './openapi-parts.ts';
import { SERVLET_PATHS } from './openapi-servlets.ts';

/** The description of the HTTP binding for programs; a test holds it against the routes. */
export function openApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'xmlBlaster broker',
      version,
      description:
        'Publish/subscribe: topics describe themselves in XML, subscribers pick them with XPath, updates arrive by long poll or as ' +
        'Server-Sent Events. The HTTP binding in words is protocol/http.md, the error codes are in protocol/error-codes.md.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{}, { secretSessionId: [] }, { user: [] }, { cookie: [] }],
    paths: {
      '/': { ...readable(HOME), post: SCRIPT },
      '/RPC2': { post: METHOD_CALL },
      ...verbPaths(),
      '/topics': readable(TOPICS),
      '/topics/{oid}': {
        parameters: [OID_IN_PATH],
        ...readable(READ_TOPIC),
        put: publishTopic('publishTopic'),
        post: publishTopic('publishTopicByPost'),
        delete: ERASE_TOPIC,
      },
      '/updates': { get: UPDATES },
      '/ack': { post: ACKNOWLEDGE },
      '/healthz': readable(HEALTH),
      '/openapi.json': readable(SELF),
      '/admin/{path}': { parameters: [ADMIN_PATH], ...readable(READ_COMMAND), post: RUN_COMMAND },
      '/status.html': readable(STATUS),
      '/monitor/{page}': { parameters: [PAGE], ...readable(MONITOR) },
      '/metrics': readable(METRICS),
      ...SERVLET_PATHS,
    },
    components: { securitySchemes: SECURITY, responses: errorResponses(), headers: HEADERS },
  };
}

const SECURITY = {
  secretSessionId: { type: 'http', scheme: 'bearer', description: 'The secret session id that a connect returned.' },
  user: { type: 'http', scheme: 'basic', description: 'Who asks. The password counts when the broker has a password file.' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'xmlBlasterSession', description: 'Set when a browser page connects.' },
};

const HEADERS = {
  'X-Key': {
    description: 'The key of the message on one line, in UTF-8; left out beyond 8,192 bytes.',
    schema: { type: 'string' },
  },
  'X-QoS': {
    description: 'The QoS of the message on one line, in UTF-8; left out beyond 8,192 bytes.',
    schema: { type: 'string' },
  },
  'X-Ack': { description: 'The cursor that acknowledges this update.', schema: { type: 'string' } },
};

const HOME: Operation = {
  operationId: 'home',
  summary: 'What this is: a page for browsers (Accept: text/html), a line for others',
  responses: { 200: { description: 'The page', content: { 'text/html': {}, 'text/plain': {} } } },
};

const SCRIPT: Operation = {
  operationId: 'runScript',
  summary: 'Runs commands in XML, in order, up to the first that fails',
  parameters: SESSION_DESCRIPTIONS,
  requestBody: xmlBody('`<xmlBlaster>…commands…</xmlBlaster>`, or one command element alone'),
  responses: {
    200: xmlResponse('`<xmlBlasterResponse>` with one element per command'),
    ...errors(400, 401, 403, 409, 413, 415, 422, 429, 503),
  },
};

const METHOD_CALL: Operation = {
  operationId: 'callMethod',
  summary: 'A call of XML-RPC; `POST /` takes it, too',
  requestBody: xmlBody('`<methodCall>`'),
  responses: { 200: xmlResponse('`<methodResponse>`, also for what went wrong'), ...errors(400, 403, 413, 415, 503) },
};

const VERBS: Readonly<Record<string, string>> = {
  connect: 'Opens a session, or goes on with the one of that name; returns its secret id',
  publish: 'Publishes a message',
  subscribe: 'Subscribes in a named or connected session',
  unSubscribe: 'Ends subscriptions by oid, XPath, domain or subscription id',
  get: 'Reads the messages that topics hold',
  erase: 'Erases topics, or what they remember',
  ping: 'Does nothing',
  disconnect: 'Ends the session',
};

const TOPICS: Operation = {
  operationId: 'listTopics',
  summary: 'The keys of all topics, or of those that the query finds',
  parameters: [...CALLER_DESCRIPTIONS, ...QUERY_DESCRIPTIONS],
  responses: { 200: xmlResponse('`<xmlBlaster>` with one `<key>` per topic'), ...errors(400, 401, 403, 413, 422, 429, 503) },
};

const READ_TOPIC: Operation = {
  operationId: 'readTopic',
  summary: 'The newest message of a topic as it was published, or its history as XML',
  parameters: [...CALLER_DESCRIPTIONS, HISTORY_OF_TOPIC],
  responses: {
    200: {
      description: 'The content, with the contentMime of its key as Content-Type; with `history`, XML',
      headers: references('headers', ['X-Key', 'X-QoS']),
      content: { '*/*': {}, [XML]: {} },
    },
    ...errors(400, 401, 403, 404, 413, 429, 503),
  },
};

const ERASE_TOPIC: Operation = {
  operationId: 'eraseTopic',
  summary: 'Erases a topic and tells its subscribers',
  parameters: CALLER_DESCRIPTIONS,
  responses: { 204: { description: 'Erased' }, ...errors(400, 401, 403, 404, 413, 429, 503) },
};

const UPDATES: Operation = {
  operationId: 'waitForUpdates',
  summary: 'Subscribes (once) if a query is given, then waits for updates: the long poll, or a stream of events',
  parameters: UPDATES_DESCRIPTIONS,
  responses: {
    200: {
      description:
        '`<xmlBlasterResponse ack="…">` with one `<update>` each; with `content=raw` one content; as a stream one event per update',
      headers: references('headers', ['X-Key', 'X-QoS', 'X-Ack']),
      content: { [XML]: {}, 'text/event-stream': {}, '*/*': {} },
    },
    204: {
      description: 'Nothing came in time, the session ended, the broker shuts down, or a displaced stream is not to come back',
    },
    ...errors(400, 401, 403, 409, 413, 422, 429, 503),
  },
};

const ACKNOWLEDGE: Operation = {
  operationId: 'acknowledge',
  summary: 'Acknowledges updates without polling',
  parameters: [...CALLER_DESCRIPTIONS, { ...ACK, required: true }],
  responses: { 204: { description: 'Done; an old or unknown cursor acknowledges nothing' }, ...errors(400, 401, 403, 429, 503) },
};

const HEALTH: Operation = {
  operationId: 'health',
  summary: 'Whether the broker runs',
  responses: { 200: { description: '`ok`', content: { 'text/plain': {} } }, ...errors(503) },
};

const SELF: Operation = {
  operationId: 'openApi',
  summary: 'This description',
  responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': {} } } },
};

const READ_COMMAND: Operation = {
  operationId: 'readCommand',
  summary: 'Reads what administration tells: one value, `name=value` lines for several, the commands of a place without a ?',
  responses: {
    200: { description: 'The value as text, or as XML when it is XML', content: { 'text/plain': {}, [XML]: {} } },
    ...errors(400, 401, 403, 404, 503),
  },
};

const RUN_COMMAND: Operation = {
  operationId: 'runCommand',
  summary: 'Sets a value, or does something; for users with the right admin',
  requestBody: { description: 'The value, where the address has no =', required: false, content: { '*/*': {} } },
  responses: {
    200: { description: 'What doing it answered', content: { 'text/plain': {}, [XML]: {} } },
    ...errors(400, 401, 403, 404, 413, 503),
  },
};

const STATUS: Operation = {
  operationId: 'status',
  summary: 'A page about the broker, for people',
  parameters: CALLER_DESCRIPTIONS,
  responses: { 200: { description: 'The page', content: { 'text/html': {} } }, ...errors(400, 401, 403, 503) },
};

const MONITOR: Operation = {
  ...STATUS,
  operationId: 'monitor',
  summary: 'A page of --monitor-dir, with the commands in it answered',
  responses: { 200: { description: 'The page', content: { '*/*': {} } }, ...errors(400, 401, 403, 404, 503) },
};

const METRICS: Operation = {
  operationId: 'metrics',
  summary: 'What Prometheus reads',
  parameters: CALLER_DESCRIPTIONS,
  responses: {
    200: { description: 'The text format of Prometheus', content: { 'text/plain': {} } },
    ...errors(400, 401, 403, 503),
  },
};

function publishTopic(operationId: string): Operation {
  return {
    operationId,
    summary: 'Publishes the body as it is; its Content-Type becomes the contentMime of the key',
    parameters: PUBLISH_DESCRIPTIONS,
    requestBody: { description: 'Any bytes', content: { '*/*': {} } },
    responses: {
      200: xmlResponse('The return QoS'),
      201: xmlResponse('The return QoS; the topic is new'),
      ...errors(400, 401, 403, 409, 413, 415, 429, 503),
    },
  };
}

function verbPaths(): Record<string, { readonly post: Operation }> {
  const entries = Object.entries(VERBS).map(([verb, summary]) => {
    const requestBody = xmlBody(`\`<${verb}>…</${verb}>\`, or what stands in it`);
    return [`/${verb}`, { post: { ...SCRIPT, operationId: verb, summary, requestBody } }];
  });
  return Object.fromEntries(entries);
}

/** What can be read can also be asked about: HEAD. */
function readable(get: Operation): { readonly get: Operation; readonly head: Operation } {
  return { get, head: { ...get, operationId: `${get.operationId}Head`, summary: `${get.summary} (headers only)` } };
}
