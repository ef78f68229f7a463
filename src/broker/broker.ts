import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { Slicer } from '../base/slicer.ts';
import { TimerWheel } from '../base/timer-wheel.ts';
import type { QueryVerb } from '../model/command.ts';
import type { CallbackQos, ConnectQos, DisconnectQos } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey, PublishUnit, ReceivedMessage } from '../model/message.ts';
import type { QueryKey, QueryQos } from '../model/query.ts';
import type { ConnectReply, PublishOutcome, SubscribeReply } from '../model/replies.ts';
import { brokerName } from '../model/session-name.ts';
import { checkClientOid, commandPathOf, DEAD_MESSAGE_OID, isCommandOid, REMOTE_PROPERTIES_OID } from '../model/system-topics.ts';
import { createTimestampSource } from '../model/timestamp.ts';
import type { Filters } from '../query/filter/filters.ts';
import { QueryTable } from '../query/topic-query.ts';
import type { Store } from '../store/store.ts';
import { authorize } from './authorize.ts';
import type { BrokerOptions } from './broker-options.ts';
import { DeliveryCounters, PublishLatency, VerbCounters } from './counters.ts';
import { DeadMessages } from './dead-messages.ts';
import { Deliveries } from './deliveries.ts';
import type { Delivery } from './delivery.ts';
import { DispatchLoop } from './dispatch-loop.ts';
import { Eraser } from './eraser.ts';
import { BrokerEvents } from './events.ts';
import { Filtering } from './filtering.ts';
import { logIn, type Peer } from './login.ts';
import { Matching } from './matching.ts';
import { MemoryAccount } from './memory-account.ts';
import { PointToPoint } from './point-to-point.ts';
import type { Authenticator, Commands, QosEncoder } from './ports.ts';
import { Publisher } from './publisher.ts';
import { type Asker, type QueueAnswer, QueueQueries } from './queue-queries.ts';
import { Reclaimer } from './reclaimer.ts';
import { RemoteProperties } from './remote-properties.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import type { Subject } from './subject.ts';
import type { Subscription } from './subscription.ts';
import { subscriptionIdOf } from './subscription-id.ts';
import { Subscriptions } from './subscriptions.ts';
import { Topics } from './topics.ts';

export interface BrokerContext {
  readonly options: BrokerOptions;
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly encodeQos: QosEncoder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly filters: Filters;
}

/** When a callback that is lost is tried for the first time; ms. */
const FIRST_RETRY_MS = 400;

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
  readonly account: MemoryAccount;
  /** Answers that wait to be read; bounded by themselves, so that a full broker can be read empty. */
  readonly outgoing: MemoryAccount;
  readonly timers: TimerWheel;
  readonly sessions: Sessions;
  readonly authenticator: Authenticator;
  readonly events = new BrokerEvents();
  readonly counters = new VerbCounters();
  readonly deliveryCounters = new DeliveryCounters();
  readonly publishLatency = new PublishLatency();
  readonly topics: Topics;
  readonly subscriptions: Subscriptions;
  readonly deadMessages: DeadMessages;
  /** Answers `__cmd:…`; administration puts itself here. */
  commands: Commands | undefined;
  /** Ms since 1970. */
  readonly startedAt: number;
  readonly instanceId: string;
  /** Unique, and later than all before. */
  readonly newTimestamp: () => bigint;
  readonly now: () => number;
  readonly #matching: Matching;
  readonly #deliveries: Deliveries;
  readonly #remoteProperties: RemoteProperties;
  readonly #publisher: Publisher;
  readonly #eraser: Eraser;
  readonly #queueQueries: QueueQueries;
  readonly #store: Store;
  readonly #slicer: Slicer;
  readonly #logger: Logger;
  readonly #filtering: Filtering;
  #isCommitDue = false;

  constructor({ options, store, authenticator, encodeQos, clock, logger, filters }: BrokerContext) {
    const { nodeId, limits } = options;
    const slicer = new Slicer();
    this.#slicer = slicer;
    this.#store = store;
    this.authenticator = authenticator;
    this.#logger = logger;
    this.#filtering = new Filtering(filters.access, slicer);
    this.nodeId = nodeId;
    this.now = () => clock.now();
    this.startedAt = clock.now();
    this.instanceId = `/xmlBlaster/node/${nodeId}/instanceId/${this.startedAt}`;
    this.newTimestamp = createTimestampSource(clock);
    this.account = new MemoryAccount(limits.maxBytes);
    this.outgoing = new MemoryAccount(limits.maxBytes);
    this.timers = new TimerWheel(clock);
    const dispatching = {
      loop: new DispatchLoop(new Slicer(), logger),
      account: this.account,
      timers: this.timers,
      counters: this.deliveryCounters,
      now: this.now,
    };
    const { events } = this;
    this.sessions = new Sessions(options, dispatching, this.timers, events, (session, reason) =>
      this.#endSession(session, reason),
    );
    const reclaimer = new Reclaimer({ sessions: this.sessions, slicer, now: this.now });
    this.account.onFull = () => reclaimer.start();
    this.topics = new Topics(
      limits,
      this.account,
      this.timers,
      {
        onCreated: (topic) => events.emit({ type: 'topicAlive', topic }),
        onRemoved: (topic) => events.emit({ type: 'topicDead', topic }),
        onDeath: (topic) => this.#eraser.endTopic(topic, topic.creator, undefined),
        onReleased: (message) => {
          if (message.qos.persistent) this.#deleteSoon(message);
        },
      },
      this.now,
    );
    this.#queueQueries = new QueueQueries({ nodeId, sessions: this.sessions, topics: this.topics, timers: this.timers });
    this.deadMessages = new DeadMessages({
      nodeId,
      encodeQos,
      isHeard: () => {
        const topic = this.topics.get(DEAD_MESSAGE_OID);
        return topic?.key === undefined || topic.routes.size > 0;
      },
      publish: (key, qos, content, sender) => void this.#publisher.accept({ key, qos, content }, sender),
    });
    this.#deliveries = new Deliveries(this.deadMessages, slicer, this.account);
    const xpathLimits = { maxBytes: limits.maxXPathBytes };
    const queries = new QueryTable<Subscription>(xpathLimits);
    this.#matching = new Matching(this.topics, queries, slicer, xpathLimits);
    this.#remoteProperties = new RemoteProperties({
      nodeId,
      sessions: this.sessions,
      account: this.account,
      now: this.now,
      newTimestamp: this.newTimestamp,
    });
    const shared = {
      topics: this.topics,
      matching: this.#matching,
      deliveries: this.#deliveries,
      account: this.account,
      events,
      slicer,
      now: this.now,
      newTimestamp: this.newTimestamp,
    };
    this.subscriptions = new Subscriptions({
      ...shared,
      limits,
      queries,
      filtering: this.#filtering,
    });
    this.#eraser = new Eraser({ ...shared, nodeId, subscriptions: this.subscriptions });
    this.#publisher = new Publisher({
      ...shared,
      subscriptions: this.subscriptions,
      pointToPoint: new PointToPoint(this.sessions),
      store,
      timers: this.timers,
      filters: filters.publish,
      lifeTimeMs: limits.lifeTimeMs,
    });
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
    const properties = this.#remoteProperties.read(qos.clientProperties);
    const { session, isReconnect } = this.sessions.open(login, qos, peer.canPoll || qos.callback !== undefined);
    this.#remoteProperties.connected(session, properties);
    const { queue } = session.dispatcher;
    const subject = this.sessions.subject(session.name.subject) as Subject;
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
    if (unit.key.oid === REMOTE_PROPERTIES_OID) return this.#remoteProperties.publish(session, unit);
    checkClientOid(unit.key.oid);
    if (isCommandOid(unit.key.oid)) return this.#setByCommand(session, unit);
    session.counters.publish++;
    if (++this.counters.publish % PublishLatency.SAMPLE_EVERY !== 0) return this.#publisher.publish(unit, session.absoluteName);
    return this.publishLatency.time(() => this.#publisher.publish(unit, session.absoluteName));
  }

  /** A message of the broker itself: on its own topics, about events. */
  publishOwn(unit: PublishUnit): void {
    this.#publisher.accept(unit, brokerName(this.nodeId));
  }

  /** See `Subscriptions.subscribe`. */
  async subscribe(session: Session, query: QueryKey, qos: QueryQos): Promise<SubscribeReply> {
    checkSubscriber(session, query);
    this.#count(session, 'subscribe');
    return this.subscriptions.subscribe(session, query, qos);
  }

  /** See `Subscriptions.subscribeOnce`. */
  async subscribeOnce(session: Session, query: QueryKey, qos: QueryQos): Promise<void> {
    checkSubscriber(session, query);
    this.#count(session, 'subscribe');
    await this.subscriptions.subscribeOnce(session, query, qos);
  }

  /** See `Subscriptions.unSubscribe`. */
  async unSubscribe(session: Session, query: QueryKey): Promise<string[]> {
    authorize(session, 'unSubscribe', subscriptionIdOf(query) === undefined ? query : undefined);
    this.#count(session, 'unSubscribe');
    return this.subscriptions.unSubscribe(session, query);
  }

  /**
   * The messages that the topics of `query` hold, per topic as `qos.history` says, topics in the order they were made; of these, those
   * that pass the filters for this session; or the answer to a command, by which nothing may change if `isReadOnly`.
   *
   * @throws BrokerError what `FilterTable.compile` throws, and when a filter fails on one of the messages.
   */
  async get(session: Session, query: QueryKey, qos: QueryQos, isReadOnly = false): Promise<ReceivedMessage[]> {
    authorize(session, 'get', query);
    this.#count(session, 'get');
    if (query.type === 'EXACT' && isCommandOid(query.oid)) {
      return this.#requireCommands().get(session, commandPathOf(query.oid), qos.querySpec, isReadOnly);
    }
    if (query.type === 'EXACT' && query.oid === REMOTE_PROPERTIES_OID) return this.#remoteProperties.get(session, qos);
    const filters = qos.filters.length === 0 ? undefined : await this.#filtering.compile(qos.filters);
    const messages: ReceivedMessage[] = [];
    for (const topic of await this.#matching.find(query)) {
      const selected = topic.history.select(qos.history);
      messages.push(...(filters ? await this.#filtering.sift(selected, filters, session.absoluteName) : selected));
      await this.#slicer.breathe();
    }
    return messages;
  }

  /** See `QueueQueries.query`. */
  queryQueue(asker: Asker, query: QueryKey, qos: QueryQos): Promise<QueueAnswer> | undefined {
    return this.#queueQueries.query(asker, query, qos);
  }

  /** The keys of all topics that have one, or of those that `query` finds; of all of which the session may get each. */
  async keys(session: Session, query: QueryKey | undefined): Promise<MsgKey[]> {
    if (query) authorize(session, 'get', query);
    const topics = query ? await this.#matching.find(query) : [...this.topics];
    const { principal } = session;
    const isListed = (oid: string): boolean => query !== undefined || principal.isAllowed('get', { type: 'EXACT', oid });
    return topics.flatMap((topic) => (topic.key && isListed(topic.oid) ? topic.key : []));
  }

  /** Whether a topic of this oid has a key. */
  hasTopic(oid: string): boolean {
    return this.topics.get(oid)?.key !== undefined;
  }

  /** See `Eraser.erase`. */
  async erase(session: Session, query: QueryKey, qos: QueryQos): Promise<string[]> {
    authorize(session, 'erase', query);
    this.#count(session, 'erase');
    return this.#eraser.erase(session, query, qos);
  }

  /** See `Slicer.breathe`. */
  breathe(): Promise<void> {
    return this.#slicer.breathe();
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

  /**
   * The callback of `session` is gone. Unless its client comes back in time, what waits becomes dead messages and the session ends
   * (engine rules of the original: the first try to reach it again comes soon, the others after `delay`).
   */
  callbackLost(session: Session, { retries, delayMs }: CallbackQos): void {
    session.dispatcher.recallJobs();
    if (!session.isClosed) this.events.emit({ type: 'callbackState', session, state: 'POLLING' });
    if (retries < 0 || session.isClosed) return;
    const end = (): void => {
      this.events.emit({ type: 'callbackState', session, state: 'DEAD' });
      const deathReason = `The callback of ${session.absoluteName} is lost, and no retry is left`;
      this.sessions.end(session, { deathReason, keepsSubjectQueue: true });
    };
    if (retries === 0) end();
    else session.dispatcher.expectChannel(FIRST_RETRY_MS + (retries - 1) * delayMs, end);
  }

  /** The client says that `session` is none of its own: what waits becomes dead messages and the session ends. */
  endCallback(session: Session): void {
    const deathReason = `The client of ${session.absoluteName} does not know its session`;
    this.sessions.end(session, { deathReason, keepsSubjectQueue: true });
  }

  /** The client of `session` refused these updates: they become dead messages. */
  reportDead(session: Session, deliveries: readonly Delivery[], reason: string): void {
    for (const { message } of deliveries) this.deadMessages.report(message, session, reason);
  }

  /** Ends the logins under way and every channel, then the store. No verb may follow. */
  async close(): Promise<void> {
    this.authenticator.close();
    this.#queueQueries.close();
    for (const session of [...this.sessions.all()]) session.dispatcher.close('shutdown');
    this.timers.close();
    await this.#store.close();
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

  /** The store forgets the message with the next commit, which comes by itself. */
  #deleteSoon(message: ReceivedMessage): void {
    this.#store.deleteMessage(message.rcvTimestamp);
    if (this.#isCommitDue) return;
    this.#isCommitDue = true;
    setImmediate(() => {
      this.#isCommitDue = false;
      this.#store.commit().catch((error: unknown) => this.#logger.error({ err: error }, 'the store could not forget messages'));
    });
  }

  #endSession(session: Session, deathReason: string | undefined): void {
    this.#queueQueries.leave(session);
    this.#remoteProperties.forget(session);
    session.dispatcher.close('disconnected');
    for (const subscription of [...session.subscriptions.values()]) this.subscriptions.cancel(subscription);
    if (deathReason !== undefined) this.#deliveries.bury(session, deathReason);
    else session.dispatcher.clear();
  }
}

function checkSubscriber(session: Session, query: QueryKey): void {
  authorize(session, 'subscribe', query);
  if (query.type === 'EXACT' && query.oid === '') throw new BrokerError('user.illegalArgument', 'The oid is empty');
  if (!session.isReachable) throw new BrokerError('user.subscribe.noCallback', 'This session has no callback; connect with one');
}
