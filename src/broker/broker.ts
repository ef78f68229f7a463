import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { Slicer } from '../base/slicer.ts';
import { TimerWheel } from '../base/timer-wheel.ts';
import type { CallbackQos, ConnectQos } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey, PublishUnit, ReceivedMessage } from '../model/message.ts';
import type { QueryKey, QueryQos } from '../model/query.ts';
import type { ConnectReply, PublishOutcome, SubscribeReply } from '../model/replies.ts';
import { parseSessionName, type SessionName } from '../model/session-name.ts';
import { checkClientOid, isCommandOid, isSystemOid } from '../model/system-topics.ts';
import { createTimestampSource } from '../model/timestamp.ts';
import type { Filters } from '../query/filter/filters.ts';
import { compileQuery, QueryTable } from '../query/topic-query.ts';
import type { Store } from '../store/store.ts';
import type { BrokerOptions } from './broker-options.ts';
import { createCommandAnswer } from './commands.ts';
import { DeadMessages } from './dead-messages.ts';
import { Deliveries } from './deliveries.ts';
import type { Delivery } from './delivery.ts';
import { DispatchLoop } from './dispatch-loop.ts';
import { createEraseNotice, type EraseCause } from './erase-notice.ts';
import { Filtering } from './filtering.ts';
import { Matching } from './matching.ts';
import { MemoryAccount } from './memory-account.ts';
import { Publisher } from './publisher.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import type { Subscription } from './subscription.ts';
import { isSubscriptionId } from './subscription-id.ts';
import { isSameQuery, Subscriptions } from './subscriptions.ts';
import type { Topic } from './topic.ts';
import { Topics } from './topics.ts';

export interface BrokerContext {
  readonly options: BrokerOptions;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly filters: Filters;
}

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
  readonly now: () => number;
  readonly #options: BrokerOptions;
  readonly #startedAt: number;
  readonly #instanceId: string;
  readonly #newTimestamp: () => bigint;
  readonly #topics: Topics;
  readonly #matching: Matching;
  readonly #deadMessages: DeadMessages;
  readonly #deliveries: Deliveries;
  readonly #subscriptions: Subscriptions;
  readonly #publisher: Publisher;
  readonly #store: Store;
  readonly #slicer: Slicer;
  readonly #logger: Logger;
  readonly #filtering: Filtering;
  #isCommitDue = false;

  constructor({ options, store, clock, logger, filters }: BrokerContext) {
    const { nodeId, limits } = options;
    const slicer = new Slicer();
    this.#slicer = slicer;
    this.#options = options;
    this.#store = store;
    this.#logger = logger;
    this.#filtering = new Filtering(filters.access, slicer);
    this.nodeId = nodeId;
    this.now = () => clock.now();
    this.#startedAt = clock.now();
    this.#instanceId = `/xmlBlaster/node/${nodeId}/instanceId/${this.#startedAt}`;
    this.#newTimestamp = createTimestampSource(clock);
    this.account = new MemoryAccount(limits.maxBytes);
    this.outgoing = new MemoryAccount(limits.maxBytes);
    this.timers = new TimerWheel(clock);
    const dispatching = {
      loop: new DispatchLoop(new Slicer(), logger),
      account: this.account,
      timers: this.timers,
      now: this.now,
    };
    this.sessions = new Sessions(options, dispatching, this.timers, (session, reason) => this.#endSession(session, reason));
    this.#topics = new Topics(limits, this.account, this.timers, {
      onDeath: (topic) => this.#endTopic(topic, topic.creator, undefined),
      onReleased: (message) => {
        if (message.qos.persistent) this.#deleteSoon(message);
      },
    });
    this.#deadMessages = new DeadMessages(nodeId, (key, qos, content, sender) => {
      const topic = this.#topics.get(key.oid);
      const isUnheard = topic?.key !== undefined && topic.routes.size === 0;
      if (!isUnheard) this.#publisher.accept({ key, qos, content }, sender);
    });
    this.#deliveries = new Deliveries(this.#deadMessages, slicer, this.account);
    const queries = new QueryTable<Subscription>({ maxBytes: limits.maxXPathBytes });
    this.#matching = new Matching(this.#topics, queries, slicer);
    const shared = {
      topics: this.#topics,
      deliveries: this.#deliveries,
      account: this.account,
      now: this.now,
      newTimestamp: this.#newTimestamp,
    };
    const { lifeTimeMs } = limits;
    this.#subscriptions = new Subscriptions({
      ...shared,
      limits,
      queries,
      matching: this.#matching,
      filtering: this.#filtering,
    });
    this.#publisher = new Publisher({
      ...shared,
      subscriptions: this.#subscriptions,
      store,
      timers: this.timers,
      lifeTimeMs,
      filters: filters.publish,
    });
  }

  /** An oid for a publish that brings none: unique in this broker. */
  newOid(): string {
    return `${this.nodeId}-${this.#newTimestamp()}`;
  }

  /**
   * Opens a session, or goes on with the one of that name. `user` is who the transport says it is, where the QoS names nobody.
   *
   * @throws BrokerError `user.configuration.maxSession`, `resource.exhaust`, `user.illegalArgument`.
   */
  connect(qos: ConnectQos, user: string): { readonly session: Session; readonly reply: ConnectReply } {
    const { session, isReconnect } = this.sessions.open(sessionNameOf(qos, user), qos);
    const { bounds, size } = session.dispatcher;
    return {
      session,
      reply: {
        secretSessionId: session.secretId,
        absoluteName: session.absoluteName,
        instanceId: this.#instanceId,
        isReconnect,
        queueSize: size,
        callback: qos.callback,
        clientProperties: qos.clientProperties,
        nowMs: this.now(),
        ...session.options,
        ...bounds,
      },
    };
  }

  disconnect(session: Session): void {
    this.sessions.end(session);
  }

  /**
   * Returns a promise only when there is something to wait for.
   *
   * @throws BrokerError `user.publish.readonly`, `resource.exhaust`, `user.security.authorization.notAuthorized` and others.
   */
  publish(session: Session, unit: PublishUnit): PublishOutcome | Promise<PublishOutcome> {
    checkClientOid(unit.key.oid);
    return this.#publisher.publish(unit, session.absoluteName);
  }

  /** See `Subscriptions.subscribe`. */
  subscribe(session: Session, query: QueryKey, qos: QueryQos): Promise<SubscribeReply> {
    return this.#subscriptions.subscribe(session, query, qos);
  }

  /** See `Subscriptions.subscribeOnce`. */
  subscribeOnce(session: Session, query: QueryKey, qos: QueryQos): Promise<void> {
    return this.#subscriptions.subscribeOnce(session, query, qos);
  }

  /**
   * Ends a subscription by its id, or all that the session has on the topics that `query` finds, together with the session's
   * subscriptions of just this query. Returns the ids that ended; none is no error.
   */
  async unSubscribe(session: Session, query: QueryKey): Promise<string[]> {
    if (query.type === 'EXACT' && isSubscriptionId(query.oid)) return this.#unSubscribeById(session, query.oid);
    const ended: string[] = [];
    for (const topic of await this.#find(query)) {
      ended.push(...this.#unSubscribeTopic(session, topic));
      await this.breathe();
    }
    for (const subscription of [...session.subscriptions.values()]) {
      if (isSameQuery(subscription.query, query)) ended.push(...this.#subscriptions.cancel(subscription));
    }
    return ended;
  }

  /**
   * The messages that the topics of `query` hold, per topic as `qos.history` says, topics in the order they were made; of these, those
   * that pass the filters. `receiver` is who the filters are told gets them.
   *
   * @throws BrokerError what `FilterTable.compile` throws, and when a filter fails on one of the messages.
   */
  async get(query: QueryKey, qos: QueryQos, receiver: string): Promise<ReceivedMessage[]> {
    if (query.type === 'EXACT' && isCommandOid(query.oid)) return [this.#runCommand(query.oid)];
    const filters = qos.filters.length === 0 ? undefined : await this.#filtering.compile(qos.filters);
    const messages: ReceivedMessage[] = [];
    for (const topic of await this.#find(query)) {
      const selected = topic.select(qos.history, this.now());
      messages.push(...(filters ? await this.#filtering.sift(selected, filters, receiver) : selected));
      await this.breathe();
    }
    return messages;
  }

  /** The keys of all topics that have one, or of those that `query` finds. */
  async keys(query: QueryKey | undefined): Promise<MsgKey[]> {
    const topics = query ? await this.#find(query) : [...this.#topics];
    return topics.flatMap((topic) => topic.key ?? []);
  }

  /** Whether a topic of this oid has a key. */
  hasTopic(oid: string): boolean {
    return this.#topics.get(oid)?.key !== undefined;
  }

  /**
   * Erases the topics of `query` and tells their subscribers; with `qos.history` only what they remember. The broker's own topics
   * are left out. Returns the oids.
   */
  async erase(session: Session, query: QueryKey, qos: QueryQos): Promise<string[]> {
    if (qos.history && qos.history.numEntries !== -1) {
      throw new BrokerError('user.illegalArgument', "An erase of the history erases all of it: <history numEntries='-1'/>");
    }
    const topics = (await this.#find(query)).filter((topic) => !isSystemOid(topic.oid));
    for (const topic of topics) {
      if (topic.state === 'DEAD') continue;
      if (qos.history) topic.clearHistory();
      else this.#eraseTopic(topic, session.absoluteName, { forceDestroy: qos.forceDestroy });
      await this.breathe();
    }
    return topics.map((topic) => topic.oid);
  }

  /** Resolves at once, or in a later turn of the event loop when this one has been busy for 5 ms: for loops that clients make long. */
  async breathe(): Promise<void> {
    this.#slicer.begin();
    if (this.#slicer.expired) await this.#slicer.next();
  }

  statistics(): BrokerStatistics {
    const { heldBytes, maxBytes } = this.account;
    return {
      sessions: this.sessions.size,
      topics: this.#topics.size,
      subscriptions: this.#subscriptions.size,
      heldBytes,
      maxBytes,
    };
  }

  /**
   * The callback of `session` is gone: after its retries, what waits becomes dead messages and the session ends. A session that
   * its client can come back to by name stays while nothing waits.
   */
  callbackLost(session: Session, { retries, delayMs }: CallbackQos): void {
    if (retries < 0 || session.isClosed) return;
    const canComeBack = (session.name.pubSessionId ?? 0) > 0;
    session.dispatcher.expectChannel(retries * delayMs, !canComeBack, () => {
      this.sessions.end(session, `The callback of ${session.absoluteName} is lost, and no retry is left`);
    });
  }

  /** The client says that `session` is none of its own: what waits becomes dead messages and the session ends. */
  endCallback(session: Session): void {
    this.sessions.end(session, `The client of ${session.absoluteName} does not know its session`);
  }

  /** The client of `session` refused these updates: they become dead messages. */
  reportDead(session: Session, deliveries: readonly Delivery[], reason: string): void {
    for (const { message } of deliveries) this.#deadMessages.report(message, session, reason);
  }

  /** Ends every channel, then the store. No verb may follow. */
  async close(): Promise<void> {
    for (const session of [...this.sessions.all()]) session.dispatcher.close('shutdown');
    this.timers.close();
    await this.#store.close();
  }

  #runCommand(oid: string): ReceivedMessage {
    const upSeconds = Math.floor((this.now() - this.#startedAt) / 1_000);
    return createCommandAnswer(oid, { nodeId: this.nodeId, upSeconds, rcvTimestamp: this.#newTimestamp() });
  }

  async #find(query: QueryKey): Promise<Topic[]> {
    if (query.type === 'EXACT') {
      const topic = this.#topics.get(query.oid);
      return topic ? [topic] : [];
    }
    const found: Topic[] = [];
    const compiled = compileQuery(query, { maxBytes: this.#options.limits.maxXPathBytes });
    await this.#matching.scanTopics(compiled, (topic) => found.push(topic) > 0);
    return found.filter((topic) => topic.state !== 'DEAD');
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

  #unSubscribeById(session: Session, id: string): string[] {
    const subscription = session.subscriptions.get(id);
    if (subscription) return this.#subscriptions.cancel(subscription);
    for (const wide of session.subscriptions.values()) {
      for (const [topic, routeId] of wide.topics) {
        if (routeId !== id) continue;
        this.#subscriptions.disconnect(wide, topic);
        return [id];
      }
    }
    return [];
  }

  #unSubscribeTopic(session: Session, topic: Topic): string[] {
    const ended: string[] = [];
    for (const { subscription, id } of [...topic.routes.values()]) {
      if (subscription.session !== session) continue;
      this.#subscriptions.leave(subscription, topic);
      ended.push(id);
    }
    return ended;
  }

  #eraseTopic(topic: Topic, sender: string, cause: EraseCause): void {
    this.#topics.remove(topic, cause.forceDestroy);
    this.#endTopic(topic, sender, cause);
  }

  /** The topic is out of the registry: tells those who listened, and lets them go. */
  #endTopic(topic: Topic, sender: string, cause: EraseCause | undefined): void {
    const notice = createEraseNotice(topic, this.nodeId, sender, cause, this.#newTimestamp(), this.account);
    notice.retain();
    for (const { subscription } of [...topic.routes.values()]) {
      if (cause?.forceDestroy) subscription.session.dispatcher.sweep();
      this.#deliveries.deliver(subscription, notice, false);
      this.#subscriptions.leave(subscription, topic);
    }
    notice.release();
  }

  #endSession(session: Session, deathReason: string | undefined): void {
    session.dispatcher.close('disconnected');
    for (const subscription of [...session.subscriptions.values()]) this.#subscriptions.cancel(subscription);
    if (deathReason !== undefined) this.#deliveries.bury(session, deathReason);
    else session.dispatcher.clear();
  }
}

function sessionNameOf(qos: ConnectQos, user: string): SessionName {
  return qos.sessionName ?? parseSessionName(qos.user ?? user);
}
