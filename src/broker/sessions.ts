import { randomBytes } from 'node:crypto';
import type { TimerWheel } from '../base/timer-wheel.ts';
import { type ConnectQos, DEFAULT_CONNECT_QOS, DEFAULT_DISCONNECT_QOS, type DisconnectQos } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import { formatAbsoluteName, type SessionName } from '../model/session-name.ts';
import type { BrokerOptions } from './broker-options.ts';
import { Dispatcher, type DispatcherContext } from './dispatcher.ts';
import type { BrokerEvents } from './events.ts';
import { type Login, NOBODY } from './login.ts';
import type { Persistence } from './persistence.ts';
import type { Principal } from './ports.ts';
import type { PushTarget } from './push-target.ts';
import { changedBounds, queueBounds } from './queue-bounds.ts';
import type { SessionRecord } from './records.ts';
import { Session, type SessionInit } from './session.ts';
import { SessionExpiry } from './session-expiry.ts';
import { changedOptions, defaultOptions, type SessionOptions } from './session-options.ts';
import type { Subject } from './subject.ts';
import { Subjects } from './subjects.ts';
import { requireSameClient, requireUnblocked } from './takeover.ts';

/** What one session costs beside its queue and subscriptions, in bytes (`npm run bench -- memory`). */
const SESSION_BYTES = 2_200;

/** Why a session ends. */
export interface SessionEnd {
  /** What waits for it becomes dead messages, with this reason; undefined: it is dropped. */
  readonly deathReason?: string;
  /** With the last session of the subject, what waits for the subject stays; default false. */
  readonly keepsSubjectQueue?: boolean;
}

/** All sessions, by public and by secret id. */
export class Sessions {
  readonly subjects: Subjects;
  readonly #options: BrokerOptions;
  readonly #persistence: Persistence;
  readonly #defaultOptions: SessionOptions;
  readonly #context: DispatcherContext;
  readonly #expiry: SessionExpiry;
  readonly #events: BrokerEvents;
  readonly #onEnd: (session: Session, deathReason: string | undefined) => void;
  readonly #bySecretId = new Map<string, Session>();
  readonly #transient = new Set<Session>();
  #lastNegativeId = 0;
  #lastSerial = 0;

  constructor(
    options: BrokerOptions,
    context: DispatcherContext,
    timers: TimerWheel,
    persistence: Persistence,
    events: BrokerEvents,
    onEnd: (session: Session, deathReason: string | undefined) => void,
  ) {
    this.subjects = new Subjects(options, context, persistence, events);
    this.#options = options;
    this.#persistence = persistence;
    this.#defaultOptions = defaultOptions(options.limits);
    this.#context = context;
    this.#expiry = new SessionExpiry(timers, context.now, (session) => this.#expire(session));
    this.#events = events;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#bySecretId.size;
  }

  /** All sessions, transient ones too. */
  *all(): Generator<Session> {
    yield* this.#bySecretId.values();
    yield* this.#transient;
  }

  /** The session of a secret id; its time starts anew. */
  find(secretId: string): Session | undefined {
    const session = this.#bySecretId.get(secretId);
    if (session) this.touch(session);
    return session;
  }

  /** A sign of life. */
  touch(session: Session): void {
    this.#expiry.touch(session);
  }

  /** Gives a session another time-out, in ms, that begins now; 0 = never. */
  setTimeout(session: Session, timeoutMs: number): void {
    session.options = { ...session.options, timeoutMs };
    this.#saveAgain(session);
    this.touch(session);
    this.#expiry.watch(session);
  }

  /**
   * Makes the session of a login, or finds it when it is there already: then its queue and subscriptions go on, with what `qos`
   * states. `isReachable`: updates can get to its client; `push`: the broker calls it.
   *
   * @throws BrokerError `user.configuration.maxSession`; `user.configuration.identicalClient`; `resource.exhaust`.
   */
  open(login: Login, qos: ConnectQos, isReachable: boolean, push?: PushTarget): OpenedSession {
    const { name } = login;
    const ofSecret = qos.secretSessionId === undefined ? undefined : this.#bySecretId.get(qos.secretSessionId);
    const own = ofSecret?.name.subject === name.subject ? ofSecret : undefined;
    const subject = this.subjects.get(name.subject);
    const known = name.pubSessionId === undefined ? undefined : subject?.sessions.get(name.pubSessionId);
    requireUnblocked(subject, own ?? known);
    if (own) return this.#reopen(own, login, qos, isReachable, push);
    if (known) requireSameClient(known, qos);
    if (qos.clearSessions) this.#endOthers(subject, known);
    if (known) return this.#reopen(known, login, qos, isReachable, push);
    return { session: this.#create(login, qos, isReachable, push), isReconnect: false };
  }

  /** Somebody who is not there yet gets a message: its receiver takes the session over when it connects. */
  openProvisional(name: SessionName): Session | Subject {
    if (name.pubSessionId === undefined) return this.subjects.getOrCreate(name.subject);
    const subject = this.subjects.get(name.subject);
    if (subject) this.#requireSessionRoom(subject, subject.sessions.size);
    const session = this.#create({ name, principal: NOBODY }, { ...DEFAULT_CONNECT_QOS, timeoutMs: 0 }, false);
    session.isProvisional = true;
    return session;
  }

  /** It survives the end of the process, as far as anybody could find it again. */
  makePersistent(session: Session): void {
    const subject = this.subjects.get(session.name.subject);
    if (session.isTransient || session.recordId > 0 || !session.dispatcher.queue.openStored || !subject) return;
    session.options = { ...session.options, persistent: true };
    this.#persistence.saveSession(session, subject);
  }

  /** One of an earlier life of the broker; `id` is the number of its record. */
  recover(id: number, record: SessionRecord, principal: Principal): Session {
    const subject = this.subjects.recover(record.subject);
    const session = this.#make({
      name: record.name,
      principal,
      qos: { ...DEFAULT_CONNECT_QOS, callbackQueue: record.queue },
      secretId: record.secretId,
      isTransient: false,
      isReachable: record.isReachable && record.options.persistent,
      context: { ...this.#context, onRoom: () => subject.flush() },
    });
    session.recordId = id;
    session.options = record.options;
    session.isProvisional = !record.options.persistent;
    if (record.options.persistent) session.push = record.push;
    this.#lastNegativeId = Math.min(this.#lastNegativeId, record.name.pubSessionId);
    this.#add(session, subject);
    return session;
  }

  /** Ends a session that was made for a message and has none. */
  forgetUnused(session: Session): void {
    if (session.isProvisional && session.dispatcher.queue.size === 0) this.end(session);
  }

  /** A session that only one request knows; `end` it with the request. */
  openTransient(principal: Principal): Session {
    const session = this.#make({
      name: { subject: principal.user },
      principal,
      qos: DEFAULT_CONNECT_QOS,
      secretId: '',
      isTransient: true,
      isReachable: true,
      context: this.#context,
    });
    this.#transient.add(session);
    return session;
  }

  /** A client ends its session, and what it names beside it. */
  disconnect(session: Session, { clearSessions, deleteSubjectQueue }: DisconnectQos): void {
    const subject = this.subjects.get(session.name.subject);
    this.end(session, { keepsSubjectQueue: !deleteSubjectQueue });
    if (clearSessions && !session.isTransient) this.#endOthers(subject, undefined);
  }

  /** Ends a session: its channel closes, its subscriptions go. */
  end(session: Session, { deathReason, keepsSubjectQueue = false }: SessionEnd = {}): void {
    if (session.isClosed) return;
    session.isClosed = true;
    session.expiryTimer?.cancel();
    if (session.isTransient) this.#transient.delete(session);
    else this.#forget(session, keepsSubjectQueue);
    this.#onEnd(session, deathReason);
    if (session.isTransient) return;
    this.#events.emit({ type: 'disconnect', session });
    const subject = this.subjects.get(session.name.subject);
    if (subject) this.subjects.forgetUnneeded(subject);
  }

  #endOthers(subject: Subject | undefined, session: Session | undefined): void {
    for (const other of [...(subject?.sessions.values() ?? [])]) {
      if (other !== session) this.disconnect(other, DEFAULT_DISCONNECT_QOS);
    }
  }

  /** Every request over HTTP may make one: no spread, which would cost more than all the rest. */
  #make({ qos, context, name, principal, secretId, isTransient, isReachable }: SessionParts): Session {
    const { limits, nodeId } = this.#options;
    return new Session({
      name,
      principal,
      secretId,
      isTransient,
      isReachable,
      absoluteName: formatAbsoluteName(nodeId, name),
      serial: ++this.#lastSerial,
      dispatcher: new Dispatcher(queueBounds(qos.callbackQueue, limits), context),
      options: changedOptions(this.#defaultOptions, qos),
      nowMs: this.#context.now(),
    });
  }

  #create({ name, principal }: Login, qos: ConnectQos, isReachable: boolean, push?: PushTarget): Session {
    const { limits } = this.#options;
    if (this.#bySecretId.size >= limits.maxSessions) {
      this.#context.account.onFull?.(); // sessions that wait for nothing any more may be among them
      throw new BrokerError(
        'resource.exhaust',
        `The broker has ${limits.maxSessions} sessions (--max-sessions); disconnect some`,
      );
    }
    this.#context.account.require(SESSION_BYTES);
    const subject = this.subjects.getOrCreate(name.subject);
    configureSubject(subject, qos);
    this.#requireSessionRoom(subject, connectedSessions(subject));
    const pubSessionId = name.pubSessionId !== undefined && name.pubSessionId > 0 ? name.pubSessionId : --this.#lastNegativeId;
    const session = this.#make({
      name: { subject: name.subject, pubSessionId },
      principal,
      qos,
      secretId: `sessionId:${randomBytes(24).toString('base64url')}`,
      isTransient: false,
      isReachable,
      context: { ...this.#context, onRoom: () => subject.flush() },
    });
    session.push = push;
    this.#add(session, subject);
    if (session.options.persistent) this.#persistence.saveSession(session, subject);
    subject.flush();
    return session;
  }

  #add(session: Session, subject: Subject): void {
    const { pubSessionId = 0 } = session.name;
    if (pubSessionId > 0 || session.options.persistent) {
      session.dispatcher.queue.openStored = () => {
        if (session.recordId === 0) this.#persistence.saveSession(session, subject);
        return this.#persistence.queueOf(session.recordId);
      };
    }
    subject.sessions.set(pubSessionId, session);
    this.#bySecretId.set(session.secretId, session);
    this.#context.account.charge(SESSION_BYTES);
    this.#expiry.watch(session);
    this.#events.emit({ type: 'connect', session });
  }

  #saveAgain(session: Session): void {
    const subject = this.subjects.get(session.name.subject);
    if (session.recordId > 0 && subject) this.#persistence.saveSession(session, subject);
  }

  #reopen(
    session: Session,
    { principal }: Login,
    qos: ConnectQos,
    isReachable: boolean,
    push: PushTarget | undefined,
  ): OpenedSession {
    const isReconnect = !session.isProvisional;
    session.isProvisional = false;
    session.principal = principal;
    session.isReachable ||= isReachable;
    this.touch(session);
    if (qos !== DEFAULT_CONNECT_QOS || !isReconnect) this.#reconfigure(session, qos, push);
    this.subjects.get(session.name.subject)?.flush();
    return { session, isReconnect };
  }

  #reconfigure(session: Session, qos: ConnectQos, push: PushTarget | undefined): void {
    const { queue } = session.dispatcher;
    queue.bounds = changedBounds(queue.bounds, qos.callbackQueue);
    session.options = changedOptions(session.options, qos);
    const subject = this.subjects.get(session.name.subject);
    if (subject) configureSubject(subject, qos);
    session.push = push;
    if (qos.persistent) this.makePersistent(session);
    this.#saveAgain(session);
    this.#expiry.watch(session);
  }

  #expire(session: Session): void {
    session.dispatcher.close('expired');
    this.end(session, { deathReason: `The session ${session.absoluteName} gave no sign of life for its time-out` });
  }

  #forget({ name, secretId, recordId }: Session, keepsSubjectQueue: boolean): void {
    this.#bySecretId.delete(secretId);
    this.#persistence.forget(recordId);
    this.#context.account.release(SESSION_BYTES);
    const subject = this.subjects.get(name.subject);
    if (!subject || name.pubSessionId === undefined) return;
    subject.sessions.delete(name.pubSessionId);
    if (subject.sessions.size === 0 && !keepsSubjectQueue) subject.clear();
  }

  /** @throws BrokerError `user.configuration.maxSession`; a subject that has nothing is not kept for it. */
  #requireSessionRoom(subject: Subject, count: number): void {
    const { name, maxSessions } = subject;
    if (count < maxSessions) return;
    this.subjects.forgetUnneeded(subject);
    throw new BrokerError(
      'user.configuration.maxSession',
      `${name} has ${count} sessions, at most ${maxSessions} are allowed; disconnect one, use its name again, or connect with a higher maxSessions`,
    );
  }
}

/** A session, and whether it was there before. */
interface OpenedSession {
  readonly session: Session;
  readonly isReconnect: boolean;
}

/** What a session is made of. */
interface SessionParts extends Pick<SessionInit, 'name' | 'principal' | 'secretId' | 'isTransient' | 'isReachable'> {
  readonly qos: ConnectQos;
  readonly context: DispatcherContext;
}

/** Those that messages of others have made take no place from those of its own clients. Counts only when it matters. */
function connectedSessions({ sessions, maxSessions }: Subject): number {
  if (sessions.size < maxSessions) return sessions.size;
  let count = 0;
  for (const { isProvisional } of sessions.values()) if (!isProvisional) count++;
  return count;
}

/** What a connect says of the subject, which counts for all its sessions. */
function configureSubject(subject: Subject, { maxSessions, subjectQueue }: ConnectQos): void {
  if (maxSessions !== undefined) subject.maxSessions = maxSessions;
  subject.bounds = changedBounds(subject.bounds, subjectQueue);
}
