import { DEFAULT_CACHE_ENTRIES } from '../broker/queue-bounds.ts';
import type { Session } from '../broker/session.ts';
import type { Subscription } from '../broker/subscription.ts';
import { DEFAULT_DISCONNECT_QOS } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import { DEFAULT_QUERY_QOS, type QueryKey } from '../model/query.ts';
import { type CommandCall, type CommandTable, doing, formatTime, integerArgument, parseBoolean } from './command.ts';
import { QUEUE_HELP, queueEntries } from './queue-entries.ts';
import { encodeQueryKey, encodeSubscription } from './subscription-xml.ts';

const MAX_TIMEOUT_MS = 1e12;
const MAX_REMOVED = 1e9;

/** `client/joe/session/1`. */
export const SESSION_COMMANDS: CommandTable<Session> = {
  id: { help: 'its absolute name', read: ({ absoluteName }) => absoluteName },
  loginName: { help: 'its user', read: ({ name }) => name.subject },
  publicSessionId: { help: 'its number', read: ({ name }) => name.pubSessionId },
  loginDate: { help: 'when it first connected, in UTC', read: ({ createdAt }) => formatTime(createdAt) },
  uptime: { help: 'seconds since then', read: ({ createdAt }, { broker }) => Math.floor((broker.now() - createdAt) / 1_000) },
  lastSeenDate: { help: 'its last sign of life, in UTC', read: ({ lastSeenAt }) => formatTime(lastSeenAt) },
  connectionState: {
    help: 'ALIVE while its client takes updates (a connection, a poll or a stream), else POLLING',
    read: ({ dispatcher }) => (dispatcher.hasChannel ? 'ALIVE' : 'POLLING'),
  },
  dispatcherActive: {
    help: 'whether updates are pushed to the client of a SOCKET session; polls and streams always get theirs',
    read: ({ dispatcher }) => dispatcher.isActive,
    write: ({ dispatcher }, text) => {
      dispatcher.isActive = parseBoolean(text);
      dispatcher.wake();
    },
  },
  sessionTimeout: {
    help: 'ms without a sign of life after which it ends; 0 is never. Setting it is a sign of life',
    read: ({ options }) => options.timeoutMs,
    write: (session, text, { broker }) => {
      broker.sessions.setTimeout(session, integerArgument({ argument: text }, 0, MAX_TIMEOUT_MS));
    },
  },
  sessionTimeoutExpireDate: { help: 'when that will be, in UTC, or `unlimited`', read: (session) => expireDate(session) },
  cbQueueNumMsgs: { help: 'updates that wait or are not acknowledged', read: ({ dispatcher }) => dispatcher.queue.size },
  cbQueueBytes: { help: 'content bytes of these', read: ({ dispatcher }) => dispatcher.queue.bytes },
  cbQueueMaxMsgs: { help: 'updates that may wait', read: ({ dispatcher }) => dispatcher.queue.bounds.maxEntries },
  cbQueueMaxBytes: { help: 'content bytes that may wait', read: ({ dispatcher }) => dispatcher.queue.bounds.maxBytes },
  cbQueueNumMsgsCache: { help: 'updates that wait and are in memory', read: ({ dispatcher }) => dispatcher.queue.cached.entries },
  cbQueueBytesCache: { help: 'content bytes of these', read: ({ dispatcher }) => dispatcher.queue.cached.bytes },
  cbQueueMaxMsgsCache: {
    help: 'persistent updates that wait in memory, too',
    read: ({ dispatcher }) => dispatcher.queue.bounds.maxEntriesCache ?? DEFAULT_CACHE_ENTRIES,
  },
  numPublish: { help: 'its publishes', read: ({ counters }) => counters.publish },
  numSubscribe: { help: 'its subscribes', read: ({ counters }) => counters.subscribe },
  numUnSubscribe: { help: 'its unSubscribes', read: ({ counters }) => counters.unSubscribe },
  numGet: { help: 'its gets', read: ({ counters }) => counters.get },
  numErase: { help: 'its erases', read: ({ counters }) => counters.erase },
  numUpdate: { help: 'updates handed out to it, repetitions too', read: ({ dispatcher }) => dispatcher.updates },
  subscribedTopics: {
    help: 'what it subscribed: oids, XPaths and domains, one a line',
    read: (session) => subscriptionsOf(session, targetOf),
  },
  subscriptions: {
    help: 'the ids of its subscriptions, one a line',
    read: (session) => subscriptionsOf(session, ({ id }) => id),
  },
  subscriptionDump: {
    help: 'its subscriptions as XML',
    read: (session) => ({ xml: `<subscriptions>\n${subscriptionsOf(session, encodeSubscription).join('\n')}\n</subscriptions>` }),
  },

  isPtpAllowed: { help: 'whether it takes point-to-point messages', read: ({ options }) => options.ptp },
  isPersistent: { help: 'whether it asked to survive a restart', read: ({ options }) => options.persistent },
  isCallbackConfigured: {
    help: 'whether updates can get to its client: it has a callback, or can poll',
    read: ({ isReachable }) => isReachable,
  },
  blockClientSessionLogin: {
    help: 'true: nobody connects to it again',
    read: ({ isLoginBlocked }) => isLoginBlocked,
    write: (session, text) => {
      session.isLoginBlocked = parseBoolean(text);
    },
  },

  callbackQueueEntries: {
    help: QUEUE_HELP,
    run: ({ name }, call) => queueEntries(`client/${name.subject}/session/${name.pubSessionId}`, 'callbackQueueEntries', call),
    isHarmless: true,
  },
  refreshSession: { help: 'counts as a sign of life', run: doing((session, { broker }) => broker.sessions.touch(session)) },
  killSession: {
    help: 'disconnects it',
    run: (session, { broker }) => {
      broker.disconnect(session, DEFAULT_DISCONNECT_QOS);
      return `${session.absoluteName} killed`;
    },
  },
  disconnectClientKeepSession: {
    help: 'ends the connection of its client; the session stays',
    run: doing(({ dispatcher }) => dispatcher.close('disconnected')),
  },
  clearCallbackQueue: {
    help: 'drops what waits; answers how many',
    run: ({ dispatcher }) => dispatcher.queue.clear(() => {}),
  },
  removeFromCallbackQueue: {
    help: 'drops the first so many (`=3`) of what waits; answers how many',
    run: (session, call) => removeFirst(session, integerArgument(call, 0, MAX_REMOVED)),
  },
  subscribe: {
    help: 'subscribes an oid or `xpath:…` or `domain:…` for it; answers the id',
    run: async (session, call) => {
      const { subscriptionId } = await call.broker.subscribe(session, parseTarget(call), DEFAULT_QUERY_QOS);
      return subscriptionId;
    },
  },
  unSubscribe: {
    help: 'ends its subscriptions of an oid, an id, `xpath:…` or `domain:…`; answers the ids',
    run: (session, call) => call.broker.unSubscribe(session, parseTarget(call)),
  },
};

function expireDate({ lastSeenAt, options }: Session): string {
  return options.timeoutMs <= 0 ? 'unlimited' : formatTime(lastSeenAt + options.timeoutMs);
}

function subscriptionsOf(session: Session, format: (subscription: Subscription) => string): string[] {
  return [...session.subscriptions.values()].map(format);
}

function targetOf({ query }: Subscription): string {
  return encodeQueryKey(query).target;
}

function removeFirst({ dispatcher }: Session, count: number): number {
  return dispatcher.queue.dropFirst(count);
}

/** As in the URLs of the original: `exact:hello`, `xpath://a`, `domain:weather`; without a scheme an oid. */
function parseTarget({ argument = '' }: CommandCall): QueryKey {
  const [, scheme = '', text = ''] = /^(?:(exact|xpath|domain):)?(.*)$/is.exec(argument.trim()) ?? [];
  if (text.trim() === '') throw new BrokerError('user.illegalArgument', 'What is meant? Add =OID, =xpath://… or =domain:…');
  if (scheme.toLowerCase() === 'xpath') return { type: 'XPATH', xpath: text.trim() };
  return scheme.toLowerCase() === 'domain' ? { type: 'DOMAIN', domain: text.trim() } : { type: 'EXACT', oid: text.trim() };
}
