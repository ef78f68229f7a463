import type { IncomingMessage } from 'node:http';
import type { Broker } from '../../broker/broker.ts';
import { NOBODY, type Peer } from '../../broker/login.ts';
import type { Principal } from '../../broker/ports.ts';
import type { Session } from '../../broker/session.ts';
import { type ConnectQos, DEFAULT_CONNECT_QOS } from '../../model/connect.ts';
import { BrokerError } from '../../model/error.ts';
import { parseSessionName, type SessionName } from '../../model/session-name.ts';
import type { CommandCaller } from '../command-handler.ts';
import { HttpError } from './http-error.ts';
import type { Query } from './query.ts';

export const COOKIE_NAME = 'xmlBlasterSession';

const MAX_QUEUE_ENTRIES = 1e9;

/** Who sent a request and in which session it runs; `close` when the answer is out. */
export class Caller implements CommandCaller {
  readonly peer: Peer;
  readonly #broker: Broker;
  #session: Session;
  /** The secret id of the session that a connect in this request opened. */
  connectedSecretId: string | undefined;

  constructor(broker: Broker, session: Session, peer: Peer) {
    this.#broker = broker;
    this.#session = session;
    this.peer = peer;
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

/** For requests of which more is read before `openCaller`. @throws as it does. */
export async function refuseWrongPassword({ authenticator }: Broker, request: IncomingMessage): Promise<void> {
  const { user, password } = readAuthorization(request.headers.authorization);
  if (user !== undefined) await authenticator.authenticate({ user, password, address: request.socket.remoteAddress });
}

/** The session of a request that does one thing, at once. @throws as `openCaller`. */
export async function identify(broker: Broker, request: IncomingMessage, query: Query): Promise<Session> {
  const caller = await openCaller(broker, request, query);
  caller.close();
  return caller.session;
}

export interface CallerOptions {
  /** How a named session is to be. */
  readonly qos?: ConnectQos;
  /** The request begins with a connect, which says who it is: so it need not say so itself. */
  readonly connectsFirst?: boolean;
}

/**
 * Finds or opens the session of a request (protocol/http.md, "Sessions").
 *
 * @throws HttpError 400 for credentials that contradict each other, 401 for an unknown or expired secret id, 403 for a session of
 * somebody else; BrokerError as `Authenticator.authenticate`.
 */
export async function openCaller(
  broker: Broker,
  request: IncomingMessage,
  query: Query,
  { qos = DEFAULT_CONNECT_QOS, connectsFirst = false }: CallerOptions = {},
): Promise<Caller> {
  const credentials = readCredentials(request, query);
  const { user, password, secretId } = credentials;
  const address = request.socket.remoteAddress;
  const text = query.text('session');
  const name = text === undefined ? undefined : parseNamed(text);
  const principal = user === undefined ? undefined : await broker.authenticator.authenticate({ user, password, address });
  const peer: Peer = { principal, address, canPoll: true };
  if (secretId !== undefined) return openBySecret(broker, secretId, peer, name);
  if (name !== undefined) return openNamed(broker, name, peer, qos);
  const isUnknown = principal === undefined && connectsFirst;
  const guest = isUnknown ? NOBODY : (principal ?? (await broker.authenticator.authenticate({ user, password, address })));
  return new Caller(broker, broker.sessions.openTransient(guest), peer);
}

interface HttpCredentials {
  readonly secretId: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

function readCredentials(request: IncomingMessage, query: Query): HttpCredentials {
  const { bearer, user, password } = readAuthorization(request.headers.authorization);
  const parameter = query.text('sessionId');
  if (bearer !== undefined && parameter !== undefined && bearer !== parameter) {
    throw new HttpError(400, 'Authorization and sessionId name different sessions; send one of them');
  }
  const cookie = query.text('session') === undefined && user === undefined ? readCookie(request.headers.cookie) : undefined;
  return { secretId: bearer ?? parameter ?? cookie, user, password };
}

interface Authorization {
  readonly bearer?: string;
  readonly user?: string;
  readonly password?: string;
}

function readAuthorization(header: string | undefined): Authorization {
  if (header === undefined) return {};
  const [scheme = '', value = ''] = header.split(/ +/, 2);
  if (scheme.toLowerCase() === 'bearer' && value !== '') return { bearer: value };
  if (scheme.toLowerCase() !== 'basic') throw new HttpError(400, 'Authorization must be "Basic …" or "Bearer <secretSessionId>"');
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const user = text.slice(0, Math.max(0, colon));
  if (user === '') throw new HttpError(400, 'Authorization: Basic must hold base64 of user:password');
  return { user: parseUser(user), password: text.slice(colon + 1) };
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

async function openNamed(broker: Broker, name: SessionName, peer: Peer, qos: ConnectQos): Promise<Caller> {
  checkOwner(peer.principal, name.subject);
  const principal = peer.principal ?? (await authenticateOwner(broker, name, peer.address));
  const { session } = broker.sessions.open({ principal, name }, qos, true);
  return new Caller(broker, session, { ...peer, principal });
}

/** Whoever names a session without a password is its subject where that needs none. */
async function authenticateOwner(broker: Broker, { subject }: SessionName, address: string | undefined): Promise<Principal> {
  try {
    return await broker.authenticator.authenticate({ user: subject, password: undefined, address });
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== 'user.security.authentication.accessDenied') throw error;
    throw foreign(`The session belongs to ${subject}; send that user and its password (Authorization: Basic)`);
  }
}

/** Where names need no passwords it is but a contradiction. */
function checkOwner(principal: Principal | undefined, subject: string): void {
  if (principal === undefined || principal.user === subject) return;
  const sentence = `You are ${principal.user}, and the session belongs to ${subject}`;
  throw principal.owns(subject) ? new HttpError(400, sentence) : foreign(sentence);
}

function foreign(sentence: string): HttpError {
  return new HttpError(403, sentence, {}, 'user.security.authorization.notAuthorized');
}

function openBySecret(broker: Broker, secretId: string, peer: Peer, name: SessionName | undefined): Caller {
  const session = broker.sessions.find(secretId);
  if (!session) {
    const headers = {
      'WWW-Authenticate': 'Bearer realm="xmlBlaster"',
      'Set-Cookie': `${COOKIE_NAME}=; ${COOKIE_ATTRIBUTES}; Max-Age=0`,
    };
    const message = 'This secret session id is unknown or its session has ended; connect again';
    throw new HttpError(401, message, headers, 'user.security.authentication.accessDenied');
  }
  checkOwner(peer.principal, session.name.subject);
  if (name && (name.subject !== session.name.subject || name.pubSessionId !== session.name.pubSessionId)) {
    throw new HttpError(400, 'session and the secret session id name different sessions; send one of them');
  }
  session.isReachable = true;
  return new Caller(broker, session, { ...peer, principal: session.principal });
}

export const COOKIE_ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';
