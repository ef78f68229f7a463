import type { Slicer } from '../base/slicer.ts';
import { BrokerError } from '../model/error.ts';
import type { QueryKey, QueryQos } from '../model/query.ts';
import type { SubscribeReply } from '../model/replies.ts';
import type { Timestamp } from '../model/timestamp.ts';
import type { FilterChain } from '../query/filter/filter-chain.ts';
import type { QueryTable } from '../query/query-table.ts';
import type { CompiledQuery } from '../query/topic-query.ts';
import type { BrokerLimits } from './broker-options.ts';
import type { Deliveries } from './deliveries.ts';
import type { BrokerEvents } from './events.ts';
import type { Filtering } from './filtering.ts';
import type { Matching } from './matching.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import type { Persistence } from './persistence.ts';
import type { SubscriptionRecord } from './records.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';
import { checkSubscriptionId, subscriptionIdOf } from './subscription-id.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';

/** What one subscription costs beside its query, and what a compiled XPath costs per character, in bytes. */
const SUBSCRIPTION_BYTES = 768;
const BYTES_PER_QUERY_CHAR = 24;
/** What it costs that a subscription reaches a topic: two map entries, a route and its id. */
const ROUTE_BYTES = 320;

export interface SubscriptionsContext {
  readonly limits: BrokerLimits;
  readonly topics: Topics;
  readonly queries: QueryTable<Subscription>;
  readonly matching: Matching;
  readonly deliveries: Deliveries;
  readonly account: MemoryAccount;
  readonly filtering: Filtering;
  readonly persistence: Persistence;
  /** A session gets a subscription that is to survive a restart, and so must survive, too. */
  readonly makePersistent: (session: Session) => void;
  readonly events: BrokerEvents;
  readonly slicer: Slicer;
  readonly now: () => number;
  readonly newTimestamp: () => Timestamp;
}

/** Who wants what: makes and ends subscriptions, and connects them with the topics that they reach. */
export class Subscriptions {
  readonly #context: SubscriptionsContext;
  #size = 0;

  constructor(context: SubscriptionsContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Subscribes and delivers what the topics hold already. Registered first and scanned then, so that no topic is missed and none
   * met twice. Resolves when all existing topics have been looked at, and their messages by the filters.
   *
   * @throws BrokerError `user.subscribe.id`, `user.query.invalid`, `resource.exhaust`, and what `FilterTable.compile` throws; the
   * subscription does not exist then.
   */
  async subscribe(session: Session, query: QueryKey, qos: QueryQos): Promise<SubscribeReply> {
    const filters = qos.filters.length === 0 ? undefined : await this.#compileFilters(session, qos);
    const isOnce = !qos.multiSubscribe || !session.options.duplicateUpdates;
    const known = isOnce ? findEqual(session, query) : undefined;
    if (known) return this.#repeat(known, qos, filters);
    return this.#add(session, query, qos, filters);
  }

  /** Subscribes unless the session has a subscription of just this query; that one gets the filters and is not told anything. */
  async subscribeOnce(session: Session, query: QueryKey, qos: QueryQos): Promise<void> {
    const filters = qos.filters.length === 0 ? undefined : await this.#compileFilters(session, qos);
    const known = findEqual(session, query);
    if (known) this.#setFilters(known, filters);
    else await this.#add(session, query, qos, filters);
  }

  /**
   * Ends a subscription by its id, or all that the session has on the topics that `query` finds, together with the session's
   * subscriptions of just this query. Returns the ids that ended; none is no error.
   */
  async unSubscribe(session: Session, query: QueryKey): Promise<string[]> {
    const id = subscriptionIdOf(query);
    if (id !== undefined) return this.#cancelById(session, id);
    const { matching, slicer } = this.#context;
    const ended: string[] = [];
    for (const topic of await matching.find(query)) {
      ended.push(...this.#leaveTopic(session, topic));
      await slicer.breathe();
    }
    for (const subscription of [...session.subscriptions.values()]) {
      if (isSameQuery(subscription.query, query)) ended.push(...this.cancel(subscription));
    }
    return ended;
  }

  /** A subscription of an earlier life of the broker; what the topics hold has been delivered to it. */
  async recover(session: Session, { id, query, qos }: SubscriptionRecord, recordId: number): Promise<void> {
    const filters = qos.filters.length === 0 ? undefined : await this.#compileFilters(session, qos);
    const compiled = query.type === 'EXACT' ? undefined : this.#context.matching.compile(query);
    const subscription = this.#create(session, query, qos, compiled, id);
    subscription.recordId = recordId;
    this.#setFilters(subscription, filters);
    if (query.type === 'EXACT') this.#connect(subscription, this.#context.topics.recover(query.oid));
    else if (compiled) await this.#connectQuery(subscription, compiled, false);
  }

  /** Ends a subscription. Returns its id and those of the routes that a query made. */
  cancel(subscription: Subscription): string[] {
    if (subscription.isCancelled) return [];
    subscription.isCancelled = true;
    this.#size--;
    this.#context.account.release(subscription.bytes);
    this.#setFilters(subscription, undefined);
    subscription.session.subscriptions.delete(subscription.id);
    this.#context.persistence.forget(subscription.recordId);
    if (subscription.standing) this.#context.queries.remove(subscription.standing, subscription);
    const routeIds = [...subscription.topics.values()].filter((id) => id !== subscription.id);
    for (const topic of [...subscription.topics.keys()]) this.disconnect(subscription, topic);
    this.#context.events.emit({ type: 'unSubscribe', subscription });
    return [subscription.id, ...routeIds];
  }

  /** Ends what a subscription has of `topic`: all of it when it wants just this one. */
  leave(subscription: Subscription, topic: Topic): void {
    if (subscription.query.type === 'EXACT') this.cancel(subscription);
    else this.disconnect(subscription, topic);
  }

  /** Ends what one subscription gets from one topic; a query stays registered for others. */
  disconnect(subscription: Subscription, topic: Topic): void {
    if (subscription.topics.delete(topic)) this.#context.account.release(ROUTE_BYTES);
    topic.removeRoute(subscription);
  }

  /** A topic got its key: the queries that find it are connected, soon if there are very many. */
  matchNewTopic(topic: Topic): void {
    const published: Message[] = [];
    const onMatch = (subscription: Subscription): void => {
      if (!this.#connect(subscription, topic)) return;
      for (const message of published) this.#context.deliveries.deliver(subscription, message, false);
    };
    const done = this.#context.matching.matchNewTopic(topic, onMatch, tellOfBudget);
    if (!done) return;
    topic.matching = {
      published,
      done: done.finally(() => {
        topic.matching = undefined;
        for (const message of published) message.release();
      }),
    };
  }

  async #add(session: Session, query: QueryKey, qos: QueryQos, filters: FilterChain | undefined): Promise<SubscribeReply> {
    this.#requireRoom(session, filters);
    const compiled = query.type === 'EXACT' ? undefined : this.#context.matching.compile(query);
    const subscription = this.#create(session, query, qos, compiled);
    this.#setFilters(subscription, filters);
    if (qos.persistent) this.#save(subscription);
    if (query.type === 'EXACT') this.#connectExact(subscription, query.oid);
    else if (compiled) await this.#connectQuery(subscription, compiled, true);
    if (filters) await this.#context.deliveries.caughtUp();
    return { subscriptionId: subscription.id, isKnown: false };
  }

  #save(subscription: Subscription): void {
    this.#context.makePersistent(subscription.session);
    if (subscription.session.recordId > 0) this.#context.persistence.saveSubscription(subscription);
  }

  #cancelById(session: Session, id: string): string[] {
    const subscription = session.subscriptions.get(id);
    if (subscription) return this.cancel(subscription);
    for (const wide of session.subscriptions.values()) {
      for (const [topic, routeId] of wide.topics) {
        if (routeId !== id) continue;
        this.disconnect(wide, topic);
        return [id];
      }
    }
    return [];
  }

  #leaveTopic(session: Session, topic: Topic): string[] {
    const ended: string[] = [];
    for (const { subscription, id } of [...topic.routes.values()]) {
      if (subscription.session !== session) continue;
      this.leave(subscription, topic);
      ended.push(id);
    }
    return ended;
  }

  async #compileFilters(session: Session, { filters }: QueryQos): Promise<FilterChain> {
    const compiled = await this.#context.filtering.compile(filters);
    if (session.isClosed) throw new BrokerError('user.notConnected', 'The session ended while its filters were compiled');
    return compiled;
  }

  #setFilters(subscription: Subscription, filters: FilterChain | undefined): void {
    const { account } = this.#context;
    filters?.hold();
    subscription.filters?.release();
    account.release(subscription.filters?.bytes ?? 0);
    subscription.filters = filters;
    account.charge(filters?.bytes ?? 0);
  }

  #requireRoom(session: Session, filters: FilterChain | undefined): void {
    const { maxSubscriptions, maxSubscriptionsPerSession } = this.#context.limits;
    this.#context.account.require(SUBSCRIPTION_BYTES + (filters?.bytes ?? 0));
    if (session.subscriptions.size >= maxSubscriptionsPerSession) {
      throw new BrokerError('resource.exhaust', `This session has ${maxSubscriptionsPerSession} subscriptions; unSubscribe some`);
    }
    if (this.#size >= maxSubscriptions) {
      throw new BrokerError(
        'resource.exhaust',
        `The broker has ${maxSubscriptions} subscriptions (--max-subscriptions); unSubscribe some`,
      );
    }
  }

  #create(
    session: Session,
    query: QueryKey,
    qos: QueryQos,
    compiled: CompiledQuery | undefined,
    id = this.#idFor(session, query, qos),
  ): Subscription {
    const replaced = session.subscriptions.get(id);
    const subscription: Subscription = {
      id,
      session,
      query,
      qos,
      topics: new Map(),
      registeredAt: this.#context.topics.keyOrder,
      bytes: SUBSCRIPTION_BYTES + BYTES_PER_QUERY_CHAR * queryLength(query),
      standing: undefined,
      filters: undefined,
      isCancelled: false,
      recordId: 0,
      hasFailed: false,
    };
    if (compiled) subscription.standing = this.#context.queries.add(compiled, subscription);
    if (replaced) this.cancel(replaced);
    session.subscriptions.set(id, subscription);
    this.#context.account.charge(subscription.bytes);
    this.#size++;
    this.#context.events.emit({ type: 'subscribe', subscription });
    return subscription;
  }

  #idFor(session: Session, query: QueryKey, { subscriptionId }: QueryQos): string {
    if (subscriptionId === undefined) return `__subId:${query.type === 'XPATH' ? 'XPATH' : ''}${this.#context.newTimestamp()}`;
    checkSubscriptionId(subscriptionId, session.name);
    return subscriptionId;
  }

  #connectExact(subscription: Subscription, oid: string): void {
    try {
      const topic = this.#context.topics.getOrCreate(oid);
      this.#connect(subscription, topic);
      if (topic.state === 'UNREFERENCED') this.#context.topics.revive(topic);
      this.#deliverInitial(subscription, topic);
    } catch (error) {
      this.cancel(subscription);
      throw error;
    }
  }

  async #connectQuery(subscription: Subscription, compiled: CompiledQuery, isNew: boolean): Promise<void> {
    try {
      await this.#context.matching.scanTopics(compiled, (topic) => {
        if (subscription.isCancelled) return false;
        if (this.#connect(subscription, topic) && isNew) this.#deliverInitial(subscription, topic);
        return true;
      });
    } catch (error) {
      this.cancel(subscription);
      throw error;
    }
  }

  /** False when it was connected already. */
  #connect(subscription: Subscription, topic: Topic): boolean {
    if (subscription.topics.has(topic)) return false;
    const id = subscription.query.type === 'EXACT' ? subscription.id : `${subscription.id}:${this.#context.newTimestamp()}`;
    subscription.topics.set(topic, id);
    topic.addRoute({ subscription, id });
    this.#context.account.charge(ROUTE_BYTES);
    return true;
  }

  #deliverInitial(subscription: Subscription, topic: Topic, { initialUpdate, history }: QueryQos = subscription.qos): void {
    if (!initialUpdate || topic.consumers) return;
    for (const message of topic.history.select(history)) {
      this.#context.deliveries.deliver(subscription, message, true);
    }
  }

  /**
   * There already, and wanted once: as in the original, the new filters replace the old ones, and an EXACT subscriber gets the
   * initial update again.
   */
  #repeat(known: Subscription, qos: QueryQos, filters: FilterChain | undefined): SubscribeReply {
    this.#setFilters(known, filters);
    if (known.query.type === 'EXACT') for (const topic of known.topics.keys()) this.#deliverInitial(known, topic, qos);
    return { subscriptionId: known.id, isKnown: !qos.multiSubscribe };
  }
}

/** The subscription that the session has of just this query. */
function findEqual(session: Session, query: QueryKey): Subscription | undefined {
  for (const subscription of session.subscriptions.values()) if (isSameQuery(subscription.query, query)) return subscription;
  return undefined;
}

/** Whether two queries are written alike; different XPath texts are different queries here. */
function isSameQuery(a: QueryKey, b: QueryKey): boolean {
  if (a.type === 'EXACT') return b.type === 'EXACT' && a.oid === b.oid;
  if (a.type === 'XPATH') return b.type === 'XPATH' && a.xpath === b.xpath;
  return b.type === 'DOMAIN' && a.domain === b.domain;
}

function queryLength(query: QueryKey): number {
  if (query.type === 'XPATH') return query.xpath.length;
  return 0;
}

/** The publisher is not to blame: the subscriber is told once, and gets everything else as before. */
function tellOfBudget(subscription: Subscription, error: BrokerError): void {
  if (subscription.hasFailed) return;
  subscription.hasFailed = true;
  subscription.session.dispatcher.fail(error);
}
