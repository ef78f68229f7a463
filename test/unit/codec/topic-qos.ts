import type { TopicQos } from '../../../src/model/message.ts';

/** A `<topic>` that states nothing. */
export const TOPIC: TopicQos = {
  readonly: undefined,
  destroyDelayMs: undefined,
  createDomEntry: undefined,
  historyMaxEntries: undefined,
  historyMaxBytes: undefined,
  storeMaxEntries: undefined,
  storeMaxBytes: undefined,
  distributor: undefined,
};
