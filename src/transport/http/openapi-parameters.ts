/** The parameters of addresses and the request headers that mean something, as OpenAPI describes them. */

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

type Schema = Readonly<Record<string, unknown>>;

const TEXT: Schema = { type: 'string' };
const BOOLEAN: Schema = { type: 'boolean' };

/** Whose request it is; every address but the informing ones takes these. */
export const CALLER_DESCRIPTIONS: readonly Parameter[] = [
  query('session', 'Public name of a named session, made when it is not there: `joe/1`. The number is above 0.'),
  query('sessionId', 'The secret session id that a connect returned; `Authorization: Bearer` says the same.'),
];

/** How a named session is to be. */
export const SESSION_DESCRIPTIONS: readonly Parameter[] = [
  ...CALLER_DESCRIPTIONS,
  query('persistent', 'The named session, and what it subscribes with this, is to survive a restart.', BOOLEAN),
  query('maxEntries', 'The most updates that may wait for the named session.', integer(1, 1e9)),
];

/** Which topics are meant: at most one of the three. */
export const QUERY_DESCRIPTIONS: readonly Parameter[] = [
  query('oid', 'The topic of this oid.'),
  query('xpath', 'All topics whose key this XPath 1.0 expression matches: `//weather[@city="Oslo"]`.'),
  query('domain', 'All topics whose key has this domain.'),
];

export const OID_IN_PATH: Parameter = {
  name: 'oid',
  in: 'path',
  required: true,
  description: 'The oid of the topic: all of the path behind `/topics/`, slashes too.',
  schema: { type: 'string', minLength: 1 },
};

export const ADMIN_PATH: Parameter = {
  name: 'path',
  in: 'path',
  required: true,
  description:
    'Where, then `?` and which command: `client/joe/session/1/?cbQueueNumMsgs`, `?nodeId,uptime`, `?exit=0`. All of the query is the command. protocol/admin.md lists them.',
  schema: { type: 'string' },
};

export const PAGE: Parameter = {
  name: 'page',
  in: 'path',
  required: true,
  description: 'The name of a file: html, txt, css, js, svg or png.',
  schema: { type: 'string' },
};

export const HISTORY_OF_TOPIC: Parameter = query(
  'history',
  'Answers with so many messages as XML, newest first; -1: all that the topic remembers.',
  integer(-1, 1_000_000),
);

export const PUBLISH_DESCRIPTIONS: readonly Parameter[] = [
  ...CALLER_DESCRIPTIONS,
  query('priority', '0 to 9 or MIN, LOW, NORM, HIGH, MAX.', { type: 'string', default: 'NORM' }),
  query('persistent', 'The message is to survive a restart: it is on disk before the answer.', BOOLEAN),
  query('lifeTime', 'Milliseconds until the message expires; 0: only for those subscribed now, -1: never.', {
    type: 'integer',
    minimum: -1,
    default: -1,
  }),
  query('destination', 'Who gets it point-to-point: joe, or joe/1; it waits for those who are not there.'),
  query('key', 'The inside of the key, or a whole `<key>` element; the header X-Key says the same and goes first.'),
  header('X-Key', 'The inside of the key, or a whole `<key>` element, in UTF-8; an oid in it must be that of the path.'),
];

export const ACK: Parameter = query('ack', 'The cursor of an earlier answer: all that was handed out up to it has arrived.');

export const UPDATES_DESCRIPTIONS: readonly Parameter[] = [
  ...SESSION_DESCRIPTIONS,
  ...QUERY_DESCRIPTIONS,
  query('timeout', 'Seconds to wait for the first update; 0: not at all.', {
    type: 'number',
    minimum: 0,
    maximum: 120,
    default: 30,
  }),
  query('max', 'The most updates in one answer.', { ...integer(1, 10_000), default: 100 }),
  query('maxBytes', 'Content bytes after which an answer, or one step of a stream, takes no further update.', {
    type: 'integer',
    minimum: 1,
    maximum: 67_108_864,
    default: 10_485_760,
  }),
  ACK,
  query('history', 'A new subscription first gets so many messages per topic, oldest first; -1: all.', {
    ...integer(-1, 1_000_000),
    default: 1,
  }),
  query('content', '`raw`: the answer is the content of one update; key, QoS and cursor stand in headers.', {
    type: 'string',
    enum: ['raw'],
  }),
  query('window', 'Streams: the most events under way; one counts as acknowledged when so many newer ones have left.', {
    ...integer(1, 10_000),
    default: 100,
  }),
  query(
    'filter',
    'Of the updates of this query only those that pass: a regular expression for the whole content, or what `filterType` says.',
  ),
  query(
    'filterType',
    "Which filter understands `filter`: `GnuRegexFilter`, `XPathFilter`, `XPathQosFilter`, `Sql92Filter`, `ContentLenFilter`, or one of the broker's operator.",
    {
      type: 'string',
      default: 'GnuRegexFilter',
    },
  ),
  header('Accept', '`text/event-stream` makes it a stream of Server-Sent Events.'),
  header('Last-Event-ID', 'Streams: the last `id:` that arrived; goes before `ack`.'),
];

function query(name: string, description: string, schema: Schema = TEXT): Parameter {
  return { name, in: 'query', description, schema };
}

function header(name: string, description: string): Parameter {
  return { name, in: 'header', description, schema: TEXT };
}

function integer(minimum: number, maximum: number): Schema {
  return { type: 'integer', minimum, maximum };
}
