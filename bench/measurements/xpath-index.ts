import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { atLeast, atMost, type Outcome, type Row } from '../harness/measurement.ts';
import { ROOT } from '../harness/server-process.ts';
import type { TopicNumbers } from './xpath-indexed-topics.ts';
import type { PeerNumbers } from './xpath-peers.ts';
import type { SubscriptionNumbers } from './xpath-subscriptions.ts';

const SUBSCRIPTIONS = [1_000, 10_000, 100_000, 1_000_000];
/** The size that most targets are about. */
const TARGET_SIZE = 100_000;
const TOPICS = [100_000, 1_000_000];
/** Expressions of which the loops over other implementations take a sample; and twenty times fewer topics. */
const SAMPLE = 1_000;
const HEAP_MIB = 12_288;

/** Both indices at all sizes, beside loops over other implementations. */
export async function measureIndices(say: (progress: string) => void): Promise<Outcome> {
  const tables: SubscriptionNumbers[] = [];
  for (const size of SUBSCRIPTIONS) {
    say(`${size} subscriptions`);
    tables.push(await probe<SubscriptionNumbers>('subscriptions', size));
  }
  say('loops over other implementations');
  const peers = await probe<PeerNumbers[]>('peers', SAMPLE);
  const stocks: TopicNumbers[] = [];
  for (const size of TOPICS) {
    say(`${size} topics`);
    stocks.push(await probe<TopicNumbers>('topics', size));
  }
  const base = tables.find(({ subscriptions }) => subscriptions === TARGET_SIZE) as SubscriptionNumbers;
  const rows = [
    ...tables.flatMap((table) => describeTable(table, base)),
    ...peers.map((peer, i) => describePeer(peer, base, i === 1)),
    ...stocks.flatMap(describeStock),
  ];
  return { rows, numbers: { tables, peers, stocks } };
}

/** Runs a table in a process of its own (see xpath-probe.ts). */
async function probe<T>(table: string, size: number): Promise<T> {
  const child = fork(fileURLToPath(new URL('bench/dist/bench/xpath-probe.js', ROOT)), [table, String(size)], {
    execArgv: ['--expose-gc', `--max-old-space-size=${HEAP_MIB}`],
  });
  const exited = once(child, 'exit').then(([code]) => Promise.reject(new Error(`The probe ${table} ${size} ended with ${code}`)));
  const [numbers] = await Promise.race([once(child, 'message'), exited]);
  exited.catch(() => {});
  return numbers as T;
}

function describeTable(table: SubscriptionNumbers, base: SubscriptionNumbers): Row[] {
  const { subscriptions, usPerTopic, candidatesPerTopic, matchesPerTopic, bytesPerSubscription } = table;
  const factor = Number((usPerTopic / base.usPerTopic).toFixed(1));
  const row: Row = {
    what: `XPath index: ${subscriptions} subscriptions, ${table.expressions} different`,
    result: `${usPerTopic.toFixed(1)} µs per new topic (${candidatesPerTopic.toFixed(1)} verified, ${matchesPerTopic.toFixed(1)} match)`,
  };
  const rows: Row[] = [
    subscriptions === TARGET_SIZE ? { ...row, target: atMost(Number(usPerTopic.toFixed(1)), 100, 'µs') } : row,
    {
      what: '  subscribe, unSubscribe; memory',
      result: `${table.usPerSubscribe.toFixed(0)} µs, ${table.usPerUnSubscribe.toFixed(1)} µs; ${bytesPerSubscription.toFixed(0)} bytes each`,
      target: atMost(Math.round(bytesPerSubscription), 1_000, 'bytes'),
    },
    { what: '  with 0.1 % more that have no fact', result: `${table.usPerTopicWithFactless.toFixed(1)} µs per new topic` },
  ];
  if (subscriptions === 1_000_000)
    rows.push({ what: `  compared with ${TARGET_SIZE}`, result: `${factor} times as long`, target: atMost(factor, 5, 'times') });
  return rows;
}

/** What a loop over all subscriptions of TARGET_SIZE would take, from its sample. */
function describePeer({ name, usPerPair, pairs, agreed }: PeerNumbers, base: SubscriptionNumbers, isTarget: boolean): Row {
  const factor = Math.round((usPerPair * TARGET_SIZE) / base.usPerTopic);
  const loopMs = (usPerPair * TARGET_SIZE) / 1_000;
  const row: Row = {
    what: `  loop of ${name}`,
    result: `${usPerPair.toFixed(2)} µs per pair (${pairs} sampled, ${pairs - agreed} answers differ): ${loopMs.toFixed(0)} ms per topic, ${factor} times as long`,
  };
  return isTarget ? { ...row, target: atLeast(factor, 1_000) } : row;
}

function describeStock({ topics, equality, mix, bytesPerTopic, usPerTopicIndexed }: TopicNumbers): Row[] {
  const p50Ms = Number((equality.p50Us / 1_000).toFixed(2));
  const search: Row = {
    what: `XPath index: ${topics} topics, one new equality`,
    result: `p50 ${p50Ms} ms, p99 ${(equality.p99Us / 1_000).toFixed(1)} ms (${equality.found.toFixed(0)} found on average)`,
  };
  return [
    topics === 1_000_000 ? { ...search, target: atMost(p50Ms, 1, 'ms p50') } : search,
    {
      what: '  one new expression of the mix',
      result: `p50 ${(mix.p50Us / 1_000).toFixed(2)} ms, p99 ${(mix.p99Us / 1_000).toFixed(1)} ms (${mix.found.toFixed(0)} found)`,
    },
    {
      what: '  indexing; memory',
      result: `${usPerTopicIndexed.toFixed(0)} µs; ${bytesPerTopic.toFixed(0)} bytes each`,
      target: atMost(Math.round(bytesPerTopic), 1_500, 'bytes'),
    },
  ];
}
