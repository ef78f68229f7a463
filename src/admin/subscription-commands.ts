import type { Subscription } from '../broker/subscription.ts';
import type { CommandTable } from './command.ts';
import { encodeFilter, encodeQueryKey, encodeSubscribeQos } from './subscription-xml.ts';

/** How a subscription is found: by its own id, or by that of one of the topics that it reaches. */
export interface FoundSubscription {
  readonly id: string;
  readonly subscription: Subscription;
  /** What the id reaches; several only for the id of a whole query. */
  readonly oids: readonly string[];
}

/** `subscription/ID`. */
export const SUBSCRIPTION_COMMANDS: CommandTable<FoundSubscription> = {
  id: { help: 'its id', read: ({ id }) => id },
  sessionName: { help: 'whose it is', read: ({ subscription }) => subscription.session.absoluteName },
  topicId: { help: 'the oids of the topics that it reaches, one a line', read: ({ oids }) => oids },
  parentSubscription: {
    help: 'the id of the query by which a topic was found',
    read: ({ id, subscription }) => (id === subscription.id ? '' : subscription.id),
  },
  dependingSubscriptions: {
    help: 'the ids of the topics that a query has found, one a line',
    read: ({ id, subscription }) => [...subscription.topics.values()].filter((route) => route !== id && id === subscription.id),
  },
  subscribeKeyStr: { help: 'its query', read: ({ subscription }) => ({ xml: encodeQueryKey(subscription.query).xml }) },
  accessFilters: { help: 'its filters, one a line', read: ({ subscription }) => subscription.qos.filters.map(encodeFilter) },
  subscribeQosStr: { help: 'what it asked for', read: ({ subscription }) => ({ xml: encodeSubscribeQos(subscription.qos) }) },
};
