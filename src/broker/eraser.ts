import type { Slicer } from '../base/slicer.ts';
import { BrokerError } from '../model/error.ts';
import type { QueryKey, QueryQos } from '../model/query.ts';
import { isSystemOid } from '../model/system-topics.ts';
import type { Timestamp } from '../model/timestamp.ts';
import type { Deliveries } from './deliveries.ts';
import { createEraseNotice, type EraseCause } from './erase-notice.ts';
import type { BrokerEvents } from './events.ts';
import type { Matching } from './matching.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Session } from './session.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Sweeper } from './sweeper.ts';
import type { Topic } from './topic.ts';
import { isGone, type Topics } from './topics.ts';

export interface EraserContext {
  readonly nodeId: string;
  readonly topics: Topics;
  readonly matching: Matching;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly account: MemoryAccount;
  readonly slicer: Slicer;
  readonly sweeper: Sweeper;
  readonly events: BrokerEvents;
  readonly newTimestamp: () => Timestamp;
}

/** Ends topics. */
export class Eraser {
  readonly #context: EraserContext;

  constructor(context: EraserContext) {
    this.#context = context;
  }

  /**
   * Erases the topics of `query` and tells their subscribers; with `qos.history` only what they remember. The broker's own topics
   * are left out. Returns the oids. Rejects with BrokerError `user.illegalArgument` for a part of the history.
   */
  async erase(session: Session, query: QueryKey, qos: QueryQos): Promise<string[]> {
    if (qos.history && qos.history.numEntries !== -1) {
      throw new BrokerError('user.illegalArgument', "An erase of the history erases all of it: <history numEntries='-1'/>");
    }
    const topics = (await this.#context.matching.find(query)).filter((topic) => !isSystemOid(topic.oid));
    for (const topic of topics) {
      if (isGone(topic)) continue;
      if (qos.history) topic.history.clear();
      else {
        this.#context.events.emit({ type: 'erase', topic, session });
        this.#eraseTopic(topic, session.absoluteName, { forceDestroy: qos.forceDestroy });
      }
      await this.#context.slicer.breathe();
    }
    return topics.map((topic) => topic.oid);
  }

  /** The topic is out of the registry: tells those who listened, and lets them go. Without a cause it died by itself. */
  endTopic(topic: Topic, sender: string, cause: EraseCause | undefined): void {
    const { nodeId, account, newTimestamp, deliveries, subscriptions } = this.#context;
    const notice = createEraseNotice(topic, nodeId, sender, cause, newTimestamp(), account);
    notice.retain();
    for (const { subscription } of [...topic.routes.values()]) {
      if (cause?.forceDestroy) subscription.session.dispatcher.sweep();
      deliveries.deliver(subscription, notice, false);
      subscriptions.leave(subscription, topic);
    }
    notice.release();
  }

  #eraseTopic(topic: Topic, sender: string, cause: EraseCause): void {
    this.#context.topics.remove(topic, cause.forceDestroy);
    this.endTopic(topic, sender, cause);
    if (cause.forceDestroy) this.#context.sweeper.start(topic);
  }
}
