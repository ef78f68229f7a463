import { authorize } from '../broker/authorize.ts';
import type { Topic } from '../broker/topic.ts';
import { DEFAULT_QUERY_QOS } from '../model/query.ts';
import { type CommandCall, type CommandTable, integerArgument } from './command.ts';
import { QUEUE_HELP, queueEntries } from './queue-entries.ts';

const MAX_PEEKED = 1_000;

/** `topic/OID`. */
export const TOPIC_COMMANDS: CommandTable<Topic> = {
  id: { help: '`NODE/topic/OID`', read: ({ oid }, { broker }) => `${broker.nodeId}/topic/${oid}` },
  uniqueKey: { help: 'its oid', read: ({ oid }) => oid },
  stateStr: { help: 'UNCONFIGURED, ALIVE or UNREFERENCED', read: ({ state }) => state },
  creator: { help: 'who published first', read: ({ creator }) => creator },
  contentMime: { help: 'of its key', read: ({ key }) => key?.contentMime ?? '' },
  contentMimeExtended: { help: 'of its key', read: ({ key }) => key?.contentMimeExtended ?? '' },
  topicXmlExists: { help: 'whether it has a key: false until somebody publishes', read: ({ key }) => key !== undefined },
  topicXml: {
    help: 'its key, for those who may get it',
    read: (topic, call) => {
      requireGet(topic, call);
      return topic.key ? { xml: topic.key.xml } : '';
    },
  },
  domTreeExists: { help: 'whether XPath sees it', read: ({ key, options }) => key !== undefined && options.createDomEntry },
  readonly: { help: 'whether it takes one message only', read: ({ options }) => options.readonly },
  destroyDelay: {
    help: 'ms that it stays when nobody needs it; below 0 for ever',
    read: ({ options }) => options.destroyDelayMs,
  },
  numSubscribers: { help: 'subscriptions that reach it', read: ({ routes }) => routes.size },
  subscribers: {
    help: 'the sessions of these, one a line',
    read: ({ routes }) => [...new Set([...routes.keys()].map(({ session }) => session.absoluteName))],
  },
  exactSubscribersExist: { help: 'whether one of them asked for just this topic', read: ({ exactRoutes }) => exactRoutes > 0 },
  numOfHistoryEntries: { help: 'messages that it remembers', read: ({ history }) => history.size },
  maxHistoryEntries: { help: 'how many it may remember', read: ({ options }) => options.historyMaxEntries },

  peekHistoryMessages: {
    help: 'the newest so many (`=3`) of these, newest first, for those who may get them',
    run: (topic, call) => {
      requireGet(topic, call);
      const numEntries = integerArgument(call, 1, MAX_PEEKED);
      return { messages: topic.history.select({ numEntries, newestFirst: true }) };
    },
    isHarmless: true,
  },
  historyQueueEntries: {
    help: QUEUE_HELP,
    run: ({ oid }, call) => queueEntries(`topic/${oid}`, 'historyQueueEntries', call),
    isHarmless: true,
  },
  clearHistoryQueue: {
    help: 'forgets them; answers how many',
    run: ({ history }) => {
      const { size } = history;
      history.clear();
      return size;
    },
  },
  eraseTopic: {
    help: 'erases it; with `=true` what waits is not delivered either',
    run: async ({ oid }, { broker, caller, argument }) => {
      const [erased] = await broker.erase(
        caller,
        { type: 'EXACT', oid },
        {
          ...DEFAULT_QUERY_QOS,
          forceDestroy: argument?.trim() === 'true',
        },
      );
      return erased === undefined ? `The topic '${oid}' is the broker's own and stays` : `Erased topic '${oid}'`;
    },
  },
  unSubscribeAll: {
    help: 'ends all subscriptions that reach it, as far as they do; answers how many',
    run: (topic, { broker }) => {
      const subscriptions = [...topic.routes.keys()];
      for (const subscription of subscriptions) broker.subscriptions.leave(subscription, topic);
      return subscriptions.length;
    },
  },
};

/** What publishers have written is for those who may get it by other ways too. @throws BrokerError as `authorize`. */
function requireGet({ oid }: Topic, { caller }: CommandCall): void {
  authorize(caller, 'get', { type: 'EXACT', oid });
}
