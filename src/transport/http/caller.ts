import type { IncomingMessage } from 'node:http';
import type { Broker } from '../../broker/broker.ts';
import type { Session } from '../../broker/session.ts';
import { type ConnectQos, DEFAULT_CONNECT_QOS } from '../../model/connect.ts';
import { parseSessionName, type SessionName } from '../../model/session-name.ts';
import type { CommandCaller } from '../command-handler.ts';
import { HttpError } from './http-error.ts';
import type { Query } from './query.ts';

export const COOKIE_NAME = 'xmlBlasterSession';

/** Whoever names nobody. */
const GUEST = 'guest';
const MAX_QUEUE_ENTRIES = 1e9;

/** Who sent a request and in which session it runs; `close` when the answer is out. */
export class Caller implements CommandCaller {
  readonly user: string;
  readonly canPoll = true;
  readonly #broker: Broker;
  #session: Session;
  /** The secret id of the session that a connect in this request opened. */
  connectedSecretId: string | undefined;

  constructor(broker: Broker, session: Session, user: string) {
    this.#broker = broker;
    this.#session = session;
    this.user = user;
  }

  get session(): Session {
    return this.#session;
  }

  connected(session: Session): void {
    this.close();
    this.#session = session;
    this.connectedSecretId = session.secretId;
  }

  /** A transient session ends with its request. */
  close(): void {
    if (this.#session.isTransient) this.#broker.sessions.end(this.#session);
  }
}

/** What an address says of the named session that it wants: `persistent`, `maxEntries`. @throws HttpError 400. */
export function readSessionQos(query: Query): ConnectQos {
  const maxEntries = query.integer('maxEntries', 1, MAX_QUEUE_ENTRIES);
  const persistent = query.boolean('persistent');
  if (maxEntries === undefined && persistent === undefined) return DEFAULT_CONNECT_QOS;
  if (query.text('session') === undefined)
    throw new HttpError(400, 'persistent and maxEntries belong to a named session; add session=NAME/1');
  const callbackQueue = { ...DEFAULT_CONNECT_QOS.callbackQueue, maxEntries };
  return { ...DEFAULT_CONNECT_QOS, callbackQueue, persistent: persistent ?? false };
}

/**
 * Finds or opens the session of a request (protocol/http.md, "Sessions").
 *
 * @throws HttpError 400 for credentials that contradict each other, 401 for an unknown or expired secret id.
 */
export function openCaller(
  broker: Broker,
  request: IncomingMessage,
  query: Query,
  qos: ConnectQos = DEFAULT_CONNECT_QOS,
): Caller {
  const { secretId, user } = readCredentials(request, query);
  const text = query.text('session');
  const name = text === undefined ? undefined : parseNamed(text);
  if (secretId !== undefined) return openBySecret(broker, secretId, user, name);
  if (name !== undefined) return openNamed(broker, name, user, qos);
  return new Caller(broker, broker.sessions.openTransient(user ?? GUEST), user ?? GUEST);
}

interface Credentials {
  readonly secretId: string | undefined;
  readonly user: string | undefined;
}

function readCredentials(request: IncomingMessage, query: Query): Credentials {
  const { bearer, user } = readAuthorization(request.headers.authorization);
  const parameter = query.text('sessionId');
  if (bearer !== undefined && parameter !== undefined && bearer !== parameter) {
    throw new HttpError(400, 'Authorization and sessionId name different sessions; send one of them');
  }
  const cookie = query.text('session') === undefined && user === undefined ? readCookie(request.headers.cookie) : undefined;
  return { secretId: bearer ?? parameter ?? cookie, user };
}

function readAuthorization(header: string | undefined): { readonly bearer?: string; readonly user?: string } {
  if (header === undefined) return {};
  const [scheme = '', value = ''] = header.split(/ +/, 2);
  if (scheme.toLowerCase() === 'bearer' && value !== '') return { bearer: value };
  if (scheme.toLowerCase() !== 'basic') throw new HttpError(400, 'Authorization must be "Basic …" or "Bearer <secretSessionId>"');
  const text = Buffer.from(value, 'base64').toString('utf8');
  const user = text.slice(0, Math.max(0, text.indexOf(':')));
  if (user === '') throw new HttpError(400, 'Authorization: Basic must hold base64 of user:password');
  return { user: parseUser(user) };
}

function parseUser(text: string): string {
  const { subject, pubSessionId } = parseSessionName(text);
  if (pubSessionId === undefined) return subject;
  throw new HttpError(400, `Authorization: Basic names a user, not a session; send the user ${subject} and add ?session=${text}`);
}

function readCookie(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /(?:^|;)\s*xmlBlasterSession=([^;\s]+)/.exec(header)?.[1];
}

function parseNamed(text: string): SessionName {
  const name = parseSessionName(text);
  if (name.pubSessionId !== undefined && name.pubSessionId > 0) return name;
  throw new HttpError(400, `session=${text.slice(0, 60)} must end with a positive number, for example ${name.subject}/1`);
}

function openNamed(broker: Broker, name: SessionName, user: string | undefined, qos: ConnectQos): Caller {
  checkUser(user, name.subject);
  const { session } = broker.sessions.open(name, qos, true);
  return new Caller(broker, session, name.subject);
}

function checkUser(user: string | undefined, subject: string): void {
  if (user !== undefined && user !== subject) throw new HttpError(400, `You are ${user}, and the session belongs to ${subject}`);
}

function openBySecret(broker: Broker, secretId: string, user: string | undefined, name: SessionName | undefined): Caller {
  const session = broker.sessions.find(secretId);
  if (!session) {
    const headers = {
      'WWW-Authenticate': 'Bearer realm="xmlBlaster"',
      'Set-Cookie': `${COOKIE_NAME}=; ${COOKIE_ATTRIBUTES}; Max-Age=0`,
    };
    const message = 'This secret session id is unknown or its session has ended; connect again';
    throw new HttpError(401, message, headers, 'user.security.authentication.accessDenied');
  }
  checkUser(user, session.name.subject);
  if (name && (name.subject !== session.name.subject || name.pubSessionId !== session.name.pubSessionId)) {
    throw new HttpError(400, 'session and the secret session id name different sessions; send one of them');
  }
  return new Caller(broker, session, session.name.subject);
}

export const COOKIE_ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';
