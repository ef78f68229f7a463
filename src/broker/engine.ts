import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { Slicer } from '../base/slicer.ts';
import { TimerWheel } from '../base/timer-wheel.ts';
import { createTimestampSource } from '../model/timestamp.ts';
import type { Filters } from '../query/filter/filters.ts';
import { QueryTable } from '../query/query-table.ts';
import { QueryCompiler } from '../query/topic-query.ts';
import type { Store } from '../store/store.ts';
import type { BrokerOptions } from './broker-options.ts';
import { Callbacks } from './callbacks.ts';
import { DeliveryCounters } from './counters.ts';
import { DeadMessages, type DeadMessagesContext } from './dead-messages.ts';
import { Deliveries } from './deliveries.ts';
import { DispatchLoop } from './dispatch-loop.ts';
import { Eraser } from './eraser.ts';
import { BrokerEvents } from './events.ts';
import { Filtering } from './filtering.ts';
import { Matching } from './matching.ts';
import { MemoryAccount } from './memory-account.ts';
import { Persistence } from './persistence.ts';
import { PointToPoint } from './point-to-point.ts';
import type { Authenticator, KeyDecoder, QosEncoder } from './ports.ts';
import { Publisher } from './publisher.ts';
import { QueueQueries } from './queue-queries.ts';
import { Reader } from './reader.ts';
import { Reclaimer } from './reclaimer.ts';
import { Recovery } from './recovery.ts';
import { RemoteProperties } from './remote-properties.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import type { Subscription } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';
import { Sweeper } from './sweeper.ts';
import { Topics, type TopicsEvents } from './topics.ts';

/** What a broker is made of. */
export interface BrokerContext {
  readonly options: BrokerOptions;
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly encodeQos: QosEncoder;
  readonly decodeKey: KeyDecoder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly filters: Filters;
}

export type Engine = ReturnType<typeof createEngine>;

/** Puts the parts of the engine together. Those that know each other in a circle meet in functions that are called later. */
export function createEngine(context: BrokerContext) {
  const { options, store, filters, authenticator, decodeKey, logger } = context;
  const { nodeId, limits } = options;
  const tools = createTools(context);
  const { account, deliveryCounters, events, newTimestamp, now, slicer, timers } = tools;
  const endSession = (session: Session, deathReason: string | undefined): void => {
    queueQueries.leave(session);
    remoteProperties.forget(session);
    session.dispatcher.close('disconnected');
    for (const subscription of [...session.subscriptions.values()]) subscriptions.cancel(subscription);
    if (deathReason !== undefined) deliveries.bury(session, deathReason);
    else session.dispatcher.clear(() => {});
  };
  const dispatching = { loop: new DispatchLoop(new Slicer(), context.logger), account, timers, counters: deliveryCounters, now };
  const persistence = new Persistence({ store, decodeKey, account, slicer, logger, now });
  const sessions = new Sessions(options, dispatching, timers, persistence, events, endSession);
  const reclaimer = new Reclaimer({ sessions, slicer, now });
  account.onFull = () => reclaimer.start();
  const topicsEvents: TopicsEvents = {
    onCreated: (topic) => events.emit({ type: 'topicAlive', topic }),
    onRemoved: (topic) => {
      matching.forget(topic);
      events.emit({ type: 'topicDead', topic });
    },
    onDeath: (topic) => eraser.endTopic(topic, topic.creator, undefined),
  };
  const topics = new Topics({ limits, account, timers, persistence, now }, topicsEvents);
  const publishDead: DeadMessagesContext['publish'] = (key, qos, content, sender) =>
    void publisher.accept({ key, qos, content }, sender);
  const deadMessages = new DeadMessages({ nodeId, encodeQos: context.encodeQos, topics, publish: publishDead });
  const deliveries = new Deliveries(deadMessages, slicer, account);
  const xpathLimits = { maxBytes: limits.maxXPathBytes };
  const queries = new QueryTable<Subscription>();
  const matching = new Matching(topics, queries, slicer, new QueryCompiler(xpathLimits));
  const filtering = new Filtering(filters.access, slicer);
  const shared = { ...tools, topics, matching, deliveries, persistence };
  const subscriptions = new Subscriptions({
    ...shared,
    limits,
    queries,
    filtering,
    makePersistent: (session) => sessions.makePersistent(session),
  });
  const sweeper = new Sweeper(sessions, slicer);
  const eraser = new Eraser({ ...shared, nodeId, subscriptions, sweeper });
  const publishing = { filters: filters.publish, lifeTimeMs: limits.lifeTimeMs };
  const publisher = new Publisher({ ...shared, ...publishing, subscriptions, pointToPoint: new PointToPoint(sessions) });
  const queueQueries = new QueueQueries({ nodeId, sessions, topics, timers });
  const remoteProperties = new RemoteProperties({ nodeId, sessions, account, now, newTimestamp });
  const callbacks = new Callbacks(sessions, deadMessages, events);
  const reader = new Reader(topics, matching, filtering, slicer);
  const recovery = new Recovery({ persistence, topics, sessions, subscriptions, sweeper, authenticator, decodeKey, logger });
  const verbs = { eraser, publisher, queueQueries, reader, remoteProperties };
  const parts = { callbacks, deadMessages, matching, persistence, recovery, sessions, subscriptions, topics };
  return { ...tools, ...verbs, ...parts };
}

/** What all parts share. */
function createTools({ options, clock }: BrokerContext) {
  return {
    account: new MemoryAccount(options.limits.maxBytes),
    deliveryCounters: new DeliveryCounters(),
    events: new BrokerEvents(),
    newTimestamp: createTimestampSource(clock),
    now: (): number => clock.now(),
    slicer: new Slicer(),
    timers: new TimerWheel(clock),
  };
}
