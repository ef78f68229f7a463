import { randomBytes } from 'node:crypto';
import type { TimerWheel } from '../base/timer-wheel.ts';
import { type ConnectQos, DEFAULT_CONNECT_QOS } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import { formatAbsoluteName } from '../model/session-name.ts';
import type { BrokerOptions } from './broker-options.ts';
import { Dispatcher, type DispatcherContext } from './dispatcher.ts';
import type { Login } from './login.ts';
import type { Principal } from './ports.ts';
import { Session, type SessionOptions } from './session.ts';

/** What one session costs beside its queue and subscriptions, in bytes (measured by `npm run bench -- memory`). */
const SESSION_BYTES = 1_400;

/** Subjects and their sessions, by public and by secret id; ends those that give no sign of life. */
export class Sessions {
  readonly #options: BrokerOptions;
  readonly #context: DispatcherContext;
  readonly #timers: TimerWheel;
  readonly #onEnd: (session: Session, deathReason: string | undefined) => void;
  readonly #subjects = new Map<string, Map<number, Session>>();
  readonly #bySecretId = new Map<string, Session>();
  readonly #transient = new Set<Session>();
  #lastNegativeId = 0;
  #lastSerial = 0;

  constructor(
    options: BrokerOptions,
    context: DispatcherContext,
    timers: TimerWheel,
    onEnd: (session: Session, deathReason: string | undefined) => void,
  ) {
    this.#options = options;
    this.#context = context;
    this.#timers = timers;
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
    session.lastSeenAt = this.#context.now();
  }

  /**
   * Makes the session of a login, or finds it when it is there already: then its queue and subscriptions go on, with new bounds and
   * time-out if `qos` states some.
   *
   * @throws BrokerError `user.configuration.maxSession`; `resource.exhaust`.
   */
  open(login: Login, qos: ConnectQos): { readonly session: Session; readonly isReconnect: boolean } {
    const { name, principal } = login;
    const subject = this.#subjects.get(name.subject);
    const known = name.pubSessionId === undefined ? undefined : subject?.get(name.pubSessionId);
    if (qos.clearSessions) for (const other of [...(subject?.values() ?? [])]) if (other !== known) this.end(other);
    if (!known) return { session: this.#create(login, qos), isReconnect: false };
    known.principal = principal;
    this.#reconfigure(known, qos);
    return { session: known, isReconnect: true };
  }

  /** A session that only one request knows; `end` it with the request. */
  openTransient(principal: Principal): Session {
    const limits = this.#options.limits;
    const name = { subject: principal.user };
    const session = new Session({
      name,
      absoluteName: formatAbsoluteName(this.#options.nodeId, name),
      principal,
      serial: ++this.#lastSerial,
      secretId: '',
      isTransient: true,
      dispatcher: new Dispatcher({ maxEntries: limits.maxQueueEntries, maxBytes: limits.maxQueueBytes }, this.#context),
      options: { timeoutMs: 0, maxSessions: limits.maxSessionsPerSubject, clearSessions: false },
      nowMs: this.#context.now(),
    });
    this.#transient.add(session);
    return session;
  }

  /** Ends a session: its channel closes, its subscriptions go; with `deathReason`, what waits becomes dead messages. */
  end(session: Session, deathReason?: string): void {
    if (session.isClosed) return;
    session.isClosed = true;
    session.expiryTimer?.cancel();
    if (session.isTransient) this.#transient.delete(session);
    else this.#forget(session);
    this.#onEnd(session, deathReason);
  }

  #create({ name, principal }: Login, qos: ConnectQos): Session {
    const { limits, nodeId } = this.#options;
    if (this.#bySecretId.size >= limits.maxSessions) {
      throw new BrokerError(
        'resource.exhaust',
        `The broker has ${limits.maxSessions} sessions (--max-sessions); disconnect some`,
      );
    }
    this.#context.account.require(SESSION_BYTES);
    const options = this.#sessionOptions(qos);
    const subject = this.#subjects.get(name.subject) ?? new Map<number, Session>();
    if (subject.size >= options.maxSessions) {
      throw new BrokerError(
        'user.configuration.maxSession',
        `${name.subject} has ${subject.size} sessions, at most ${options.maxSessions} are allowed; disconnect one, use its name again, or connect with a higher maxSessions`,
      );
    }
    const pubSessionId = name.pubSessionId !== undefined && name.pubSessionId > 0 ? name.pubSessionId : --this.#lastNegativeId;
    const fullName = { subject: name.subject, pubSessionId };
    const session = new Session({
      name: fullName,
      absoluteName: formatAbsoluteName(nodeId, fullName),
      principal,
      serial: ++this.#lastSerial,
      secretId: `sessionId:${randomBytes(24).toString('base64url')}`,
      isTransient: false,
      dispatcher: new Dispatcher(this.#bounds(qos), this.#context),
      options,
      nowMs: this.#context.now(),
    });
    subject.set(pubSessionId, session);
    this.#subjects.set(name.subject, subject);
    this.#bySecretId.set(session.secretId, session);
    this.#context.account.charge(SESSION_BYTES);
    this.#watch(session, options.timeoutMs);
    return session;
  }

  #reconfigure(session: Session, qos: ConnectQos): void {
    if (qos === DEFAULT_CONNECT_QOS) {
      this.touch(session);
      return;
    }
    const { maxEntries, maxBytes } = qos;
    const { bounds } = session.dispatcher;
    session.dispatcher.bounds = { maxEntries: maxEntries ?? bounds.maxEntries, maxBytes: maxBytes ?? bounds.maxBytes };
    session.options = { ...session.options, ...definedOptions(qos) };
    this.touch(session);
    session.expiryTimer?.cancel();
    this.#watch(session, session.options.timeoutMs);
  }

  #sessionOptions(qos: ConnectQos): SessionOptions {
    const { sessionTimeoutMs, maxSessionsPerSubject } = this.#options.limits;
    return { timeoutMs: sessionTimeoutMs, maxSessions: maxSessionsPerSubject, clearSessions: false, ...definedOptions(qos) };
  }

  #bounds(qos: ConnectQos): { maxEntries: number; maxBytes: number } {
    const { maxQueueEntries, maxQueueBytes } = this.#options.limits;
    return { maxEntries: qos.maxEntries ?? maxQueueEntries, maxBytes: qos.maxBytes ?? maxQueueBytes };
  }

  /** Ends the session once it has been silent for its time-out; a waiting poll or stream is a sign of life. */
  #watch(session: Session, delayMs: number): void {
    if (session.options.timeoutMs <= 0) return;
    session.expiryTimer = this.#timers.start(delayMs, () => {
      if (session.dispatcher.hasChannel) this.touch(session);
      const left = session.lastSeenAt + session.options.timeoutMs - this.#context.now();
      if (left > 0) this.#watch(session, left);
      else this.end(session, `The session ${session.absoluteName} gave no sign of life for its time-out`);
    });
  }

  #forget(session: Session): void {
    const { subject, pubSessionId } = session.name;
    const sessions = this.#subjects.get(subject);
    if (pubSessionId !== undefined) sessions?.delete(pubSessionId);
    if (sessions?.size === 0) this.#subjects.delete(subject);
    this.#bySecretId.delete(session.secretId);
    this.#context.account.release(SESSION_BYTES);
  }
}

function definedOptions(qos: ConnectQos): Partial<SessionOptions> {
  return {
    clearSessions: qos.clearSessions,
    ...(qos.timeoutMs === undefined ? {} : { timeoutMs: qos.timeoutMs }),
    ...(qos.maxSessions === undefined ? {} : { maxSessions: qos.maxSessions }),
  };
}
