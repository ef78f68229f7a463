import { hostname } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { type CommandCall, type CommandTable, doing, formatTime, integerArgument, listed } from './command.ts';
import { dumpBroker } from './dump.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const MAX_EXIT_CODE = 255;

/** The broker itself. */
export const NODE_COMMANDS: CommandTable<undefined> = {
  nodeId: { help: 'the name of this broker', read: (_, { broker }) => broker.nodeId },
  instanceId: { help: 'another one with every start', read: (_, { broker }) => broker.instanceId },
  version: { help: 'of this program', read: (_, { version }) => version },
  uptime: { help: 'seconds since the start', read: (_, { broker }) => Math.floor((broker.now() - broker.startedAt) / 1_000) },
  startupDate: { help: 'when it started, in UTC', read: (_, { broker }) => formatTime(broker.startedAt) },
  serverTimestamp: { help: 'now, in UTC', read: (_, { broker }) => formatTime(broker.now()) },
  serverTimestampMillis: { help: 'now, in ms since 1970', read: (_, { broker }) => broker.now() },
  runlevel: { help: 'always RUNNING (9)', read: () => 'RUNNING (9)' },
  hostname: { help: 'the name of this machine', read: () => hostname() },
  port: { help: 'where it listens for every protocol', read: (_, { port }) => port() },

  freeMem: { help: 'bytes of the heap that are free', read: () => memory().free },
  freeMemStr: { help: 'the same for people', read: () => formatBytes(memory().free) },
  usedMem: { help: 'bytes of the heap that are used', read: () => memory().used },
  usedMemStr: { help: 'the same for people', read: () => formatBytes(memory().used) },
  totalMem: { help: 'bytes of the heap', read: () => memory().total },
  totalMemStr: { help: 'the same for people', read: () => formatBytes(memory().total) },
  maxMem: { help: 'bytes that the heap may have', read: () => memory().max },
  maxMemStr: { help: 'the same for people', read: () => formatBytes(memory().max) },
  maxFreeMem: { help: 'bytes that the heap may still take', read: () => memory().max - memory().used },
  maxFreeMemStr: { help: 'the same for people', read: () => formatBytes(memory().max - memory().used) },
  heldBytes: { help: 'bytes that messages, queues, topics and the like hold', read: (_, { broker }) => broker.account.heldBytes },
  maxBytes: { help: 'bytes that they may hold (`--max-bytes`)', read: (_, { broker }) => broker.account.maxBytes },

  numNodes: { help: 'brokers that it knows', read: () => 1 },
  nodeList: { help: 'their names, with commas', read: (_, { broker }) => broker.nodeId },
  nodes: { help: 'their names, one a line', read: (_, { broker }) => broker.nodeId },
  numClients: { help: 'users with a session', read: (_, { broker }) => broker.sessions.subjects.size },
  maxClients: { help: 'sessions that there may be', read: (_, { properties }) => properties.get('maxSessions') },
  clientList: { help: 'their names, with commas', read: async (_, call) => (await clients(call)).join(',') },
  clients: { help: 'their names, one a line', read: (_, call) => clients(call) },
  aliveCallbackClients: { help: 'sessions that get their updates now, one a line', read: (_, call) => aliveSessions(call) },
  numTopics: { help: 'topics', read: (_, { broker }) => broker.topics.size },
  topicList: { help: 'their oids, with commas', read: async (_, call) => (await topics(call)).join(',') },
  topics: { help: 'their oids, one a line', read: (_, call) => topics(call) },
  numSubscriptions: { help: 'subscriptions', read: (_, { broker }) => broker.subscriptions.size },
  subscriptionList: { help: 'their ids, with commas', read: async (_, call) => (await subscriptions(call)).join(',') },
  subscriptions: { help: 'their ids, one a line', read: (_, call) => subscriptions(call) },
  numSysprop: { help: 'properties behind sysprop/?', read: (_, { properties }) => properties.names.length },
  syspropList: { help: 'their names, with commas', read: (_, { properties }) => properties.names.join(',') },
  numPublish: { help: 'publishes of all clients since the start', read: (_, { broker }) => broker.counters.publish },
  numGet: { help: 'gets since the start', read: (_, { broker }) => broker.counters.get },
  numUpdate: { help: 'updates handed out since the start', read: (_, { broker }) => broker.deliveryCounters.updates },
  numDeadMessages: { help: 'dead messages since the start', read: (_, { broker }) => broker.deadMessages.count },

  lastError: { help: 'the last error of the log', read: (_, { log }) => log.lastError },
  lastWarning: { help: 'the last warning of the log', read: (_, { log }) => log.lastWarning },
  clearLastError: { help: 'forgets it', run: doing((_, { log }) => log.clearError()) },
  clearLastWarning: { help: 'forgets it', run: doing((_, { log }) => log.clearWarning()) },
  dump: { help: 'sessions, subscriptions and topics as XML', run: (_, call) => dumpBroker(call), isHarmless: true },
  usage: { help: 'where to read on', read: () => 'protocol/admin.md in the package' },
  gc: {
    help: 'asks for garbage collection; does something when Node runs with `--expose-gc`',
    run: () => {
      globalThis.gc?.();
      return 'OK';
    },
  },
  exit: {
    help: 'ends the broker, with this exit code (0) once the answer is out',
    run: (_, call) => {
      call.exit(call.argument === undefined ? 0 : integerArgument(call, 0, MAX_EXIT_CODE));
      return 'OK';
    },
  },
};

/** In bytes. */
function memory(): { readonly used: number; readonly total: number; readonly free: number; readonly max: number } {
  const { heapUsed: used, heapTotal: total } = process.memoryUsage();
  return { used, total, free: total - used, max: getHeapStatistics().heap_size_limit };
}

/** `13.000 MBytes`, `1.060 GBytes`. */
function formatBytes(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(3)} GBytes` : `${(bytes / MIB).toFixed(3)} MBytes`;
}

function clients(call: CommandCall): Promise<string[]> {
  return listed(call.broker.sessions.subjects, ({ name }) => name, call);
}

function topics(call: CommandCall): Promise<string[]> {
  return listed(call.broker.topics, ({ oid }) => oid, call);
}

async function aliveSessions(call: CommandCall): Promise<string[]> {
  const sessions = [...call.broker.sessions.all()].filter(({ dispatcher }) => dispatcher.hasChannel);
  return listed(sessions, ({ absoluteName }) => absoluteName, call);
}

function subscriptions(call: CommandCall): Promise<string[]> {
  return listed(allSubscriptionIds(call), (id) => id, call);
}

function* allSubscriptionIds({ broker }: CommandCall): Generator<string> {
  for (const session of broker.sessions.all()) yield* session.subscriptions.keys();
}
