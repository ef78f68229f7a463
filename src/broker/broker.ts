import type { TimerWheel } from '../base/timer-wheel.ts';
import type { QueryVerb } from '../model/command.ts';
import type { ConnectQos, DisconnectQos } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey, PublishUnit, ReceivedMessage } from '../model/message.ts';
import type { QueryKey, QueryQos } from '../model/query.ts';
import type { ConnectReply, PublishOutcome, SubscribeReply } from '../model/replies.ts';
import { brokerName } from '../model/session-name.ts';
import { checkClientOid, commandPathOf, isCommandOid, REMOTE_PROPERTIES_OID } from '../model/system-topics.ts';
import type { Timestamp } from '../model/timestamp.ts';
import { authorize } from './authorize.ts';
import type { Callbacks } from './callbacks.ts';
import { type DeliveryCounters, PublishLatency, VerbCounters } from './counters.ts';
import type { DeadMessages } from './dead-messages.ts';
import { type BrokerContext, createEngine, type Engine } from './engine.ts';
import type { BrokerEvents } from './events.ts';
import { logIn, type Peer } from './login.ts';
import type { Matching } from './matching.ts';
import { MemoryAccount } from './memory-account.ts';
import type { Authenticator, Commands } from './ports.ts';
import type { Asker, QueueAnswer } from './queue-queries.ts';
import type { Recovered } from './recovery.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Subject } from './subject.ts';
import { subscriptionIdOf } from './subscription-id.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Topics } from './topics.ts';

/** How full the broker is. */
export interface BrokerStatistics {
  readonly sessions: number;
  readonly topics: number;
  readonly subscriptions: number;
  readonly heldBytes: number;
  readonly maxBytes: number;
}

/** The engine: the verbs of the protocol over topics, sessions and subscriptions. Knows no wire format. */
export class Broker {
  readonly nodeId: string;
  /** Ms since 1970. */
  readonly startedAt: number;
  readonly instanceId: string;
  readonly account: MemoryAccount;
  /** Answers that wait to be read; bounded by themselves, so that a full broker can be read empty. */
  readonly outgoing: MemoryAccount;
  readonly timers: TimerWheel;
  readonly now: () => number;
  /** Unique, and later than all before. */
  readonly newTimestamp: () => Timestamp;
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly topics: Topics;
  readonly subscriptions: Subscriptions;
  readonly callbacks: Callbacks;
  readonly deadMessages: DeadMessages;
  readonly matching: Matching;
  readonly events: BrokerEvents;
  readonly counters = new VerbCounters();
  readonly deliveryCounters: DeliveryCounters;
  readonly publishLatency = new PublishLatency();
  /** Answers `__cmd:…`; administration puts itself here. */
  commands: Commands | undefined;
  readonly #engine: Engine;

  constructor(context: BrokerContext) {
    const engine = createEngine(context);
    const { nodeId, limits } = context.options;
    this.nodeId = nodeId;
    this.startedAt = engine.now();
    this.instanceId = `/xmlBlaster/node/${nodeId}/instanceId/${this.startedAt}`;
    this.account = engine.account;
    this.outgoing = new MemoryAccount(limits.maxBytes);
    this.timers = engine.timers;
    this.now = engine.now;
    this.newTimestamp = engine.newTimestamp;
    this.authenticator = context.authenticator;
    this.sessions = engine.sessions;
    this.topics = engine.topics;
    this.subscriptions = engine.subscriptions;
    this.callbacks = engine.callbacks;
    this.deadMessages = engine.deadMessages;
    this.matching = engine.matching;
    this.events = engine.events;
    this.deliveryCounters = engine.deliveryCounters;
    this.#engine = engine;
  }

  /** Brings back what an earlier life of the broker left in the store: to be called once, before the first verb. */
  recover(): Promise<Recovered> {
    return this.#engine.recovery.run();
  }

  /** An oid for a publish that brings none: unique in this broker. */
  newOid(): string {
    return `${this.nodeId}-${this.newTimestamp()}`;
  }

  /**
   * Opens a session, or goes on with the one of that name.
   *
   * @throws BrokerError as `logIn`, and `user.configuration.maxSession`, `user.configuration.identicalClient`, `user.maxSizeExceed`,
   * `resource.exhaust`.
   */
  async connect(qos: ConnectQos, peer: Peer): Promise<{ readonly session: Session; readonly reply: ConnectReply }> {
    const login = await logIn(this.authenticator, qos, peer);
    const properties = this.#engine.remoteProperties.read(qos.clientProperties);
    const isReachable = peer.canPoll || qos.callback !== undefined;
    const { session, isReconnect } = this.sessions.open(login, qos, isReachable, peer.push);
    this.#engine.remoteProperties.connected(session, properties);
    if (session.options.persistent) await this.#engine.persistence.commit();
    const { queue } = session.dispatcher;
    const subject = this.sessions.subjects.get(session.name.subject) as Subject;
    const reply: ConnectReply = {
      asked: qos,
      secretSessionId: session.secretId,
      absoluteName: session.absoluteName,
      instanceId: this.instanceId,
      timeoutMs: session.options.timeoutMs,
      maxSessions: subject.maxSessions,
      isReconnect,
      callbackQueue: queue.bounds,
      subjectQueue: subject.bounds,
      queueSize: queue.size,
      nowMs: this.now(),
    };
    return { session, reply };
  }

  disconnect(session: Session, qos: DisconnectQos): void {
    this.sessions.disconnect(session, qos);
  }

  /**
   * Returns a promise only when there is something to wait for.
   *
   * @throws BrokerError `user.publish.readonly`, `resource.exhaust`, `user.security.authorization.notAuthorized` and others.
   */
  publish(session: Session, unit: PublishUnit): PublishOutcome | Promise<PublishOutcome> {
    authorize(session, 'publish', { type: 'EXACT', oid: unit.key.oid });
    if (unit.key.oid === REMOTE_PROPERTIES_OID) return this.#engine.remoteProperties.publish(session, unit);
    checkClientOid(unit.key.oid);
    if (isCommandOid(unit.key.oid)) return this.#setByCommand(session, unit);
    session.counters.publish++;
    const { publisher } = this.#engine;
    if (++this.counters.publish % PublishLatency.SAMPLE_EVERY !== 0) return publisher.publish(unit, session.absoluteName);
    return this.publishLatency.time(() => publisher.publish(unit, session.absoluteName));
  }

  /** A message of the broker itself: on its own topics, about events. */
  publishOwn(unit: PublishUnit): void {
    this.#engine.publisher.accept(unit, brokerName(this.nodeId));
  }

  /** See `Subscriptions.subscribe`. */
  async subscribe(session: Session, query: QueryKey, qos: QueryQos): Promise<SubscribeReply> {
    checkSubscriber(session, query);
    this.#count(session, 'subscribe');
    const reply = await this.subscriptions.subscribe(session, query, qos);
    if (qos.persistent) await this.#engine.persistence.commit();
    return reply;
  }

  /** See `Subscriptions.subscribeOnce`. */
  async subscribeOnce(session: Session, query: QueryKey, qos: QueryQos): Promise<void> {
    checkSubscriber(session, query);
    this.#count(session, 'subscribe');
    await this.subscriptions.subscribeOnce(session, query, qos);
    if (qos.persistent) await this.#engine.persistence.commit();
  }

  /** See `Subscriptions.unSubscribe`. */
  async unSubscribe(session: Session, query: QueryKey): Promise<string[]> {
    authorize(session, 'unSubscribe', subscriptionIdOf(query) === undefined ? query : undefined);
    this.#count(session, 'unSubscribe');
    return this.subscriptions.unSubscribe(session, query);
  }

  /**
   * See `Reader.get`; or the answer to a command, by which nothing may change if `isReadOnly`, or the properties of a session.
   *
   * Rejects as `Reader.get`, `Commands.get` and `RemoteProperties.get`.
   */
  async get(session: Session, query: QueryKey, qos: QueryQos, isReadOnly = false): Promise<ReceivedMessage[]> {
    authorize(session, 'get', query);
    this.#count(session, 'get');
    if (query.type === 'EXACT' && isCommandOid(query.oid)) {
      return this.#requireCommands().get(session, commandPathOf(query.oid), qos.querySpec, isReadOnly);
    }
    if (query.type === 'EXACT' && query.oid === REMOTE_PROPERTIES_OID) return this.#engine.remoteProperties.get(session, qos);
    return this.#engine.reader.get(session, query, qos);
  }

  /** See `QueueQueries.query`. */
  queryQueue(asker: Asker, query: QueryKey, qos: QueryQos): Promise<QueueAnswer> | undefined {
    return this.#engine.queueQueries.query(asker, query, qos);
  }

  /** See `Reader.keys`. */
  async keys(session: Session, query: QueryKey | undefined): Promise<MsgKey[]> {
    if (query) authorize(session, 'get', query);
    return this.#engine.reader.keys(session, query);
  }

  /** Whether a topic of this oid has a key. */
  hasTopic(oid: string): boolean {
    return this.topics.get(oid)?.key !== undefined;
  }

  /** See `Eraser.erase`. */
  async erase(session: Session, query: QueryKey, qos: QueryQos): Promise<string[]> {
    authorize(session, 'erase', query);
    this.#count(session, 'erase');
    return this.#engine.eraser.erase(session, query, qos);
  }

  /** See `Slicer.breathe`. */
  breathe(): Promise<void> {
    return this.#engine.slicer.breathe();
  }

  statistics(): BrokerStatistics {
    const { heldBytes, maxBytes } = this.account;
    return {
      sessions: this.sessions.size,
      topics: this.topics.size,
      subscriptions: this.subscriptions.size,
      heldBytes,
      maxBytes,
    };
  }

  /** Ends the logins under way and every channel, then the store. No verb may follow. */
  async close(): Promise<void> {
    this.authenticator.close();
    this.#engine.queueQueries.close();
    this.matching.close();
    for (const { dispatcher } of [...this.sessions.all()]) {
      dispatcher.close('shutdown');
      dispatcher.queue.unmark();
    }
    this.timers.close();
    await this.#engine.persistence.close();
  }

  #count(session: Session, verb: QueryVerb): void {
    session.counters[verb]++;
    this.counters[verb]++;
  }

  #requireCommands(): Commands {
    if (this.commands) return this.commands;
    throw new BrokerError('user.illegalArgument', 'This broker has no administration');
  }

  async #setByCommand(session: Session, { key: { oid }, content }: PublishUnit): Promise<PublishOutcome> {
    const info = await this.#requireCommands().set(session, commandPathOf(oid), content);
    return { oid, rcvTimestamp: this.newTimestamp(), info, isNewTopic: false };
  }
}

function checkSubscriber(session: Session, query: QueryKey): void {
  authorize(session, 'subscribe', query);
  if (query.type === 'EXACT' && query.oid === '') throw new BrokerError('user.illegalArgument', 'The oid is empty');
  if (!session.isReachable) throw new BrokerError('user.subscribe.noCallback', 'This session has no callback; connect with one');
}
