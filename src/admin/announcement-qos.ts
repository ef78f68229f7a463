import { DEFAULT_PUBLISH_QOS, type PublishQos, type TopicQos } from '../model/message.ts';

const TOPIC: TopicQos = {
  readonly: undefined,
  destroyDelayMs: undefined,
  createDomEntry: undefined,
  historyMaxEntries: 2,
  historyMaxBytes: undefined,
  storeMaxEntries: undefined,
  storeMaxBytes: undefined,
  distributor: undefined,
};

/** The QoS of what the broker tells of itself: its topics remember two messages, as in the original. */
export const ANNOUNCEMENT_QOS: PublishQos = { ...DEFAULT_PUBLISH_QOS, lifeTimeMs: -1, forceUpdate: true, topic: TOPIC };
