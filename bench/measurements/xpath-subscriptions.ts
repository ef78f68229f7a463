import type { MsgKey } from '../../src/model/message.ts';
import { createMsgKey } from '../../src/model/msg-key.ts';
import { QueryTable } from '../../src/query/query-table.ts';
import { QueryCompiler, TopicView } from '../../src/query/topic-query.ts';
import { liveHeapBytes } from '../harness/live-heap.ts';
import { median } from '../harness/statistics.ts';
import { writeExpressions, writeFactless, writeTopics } from './xpath-mix.ts';

/** What one size of table costs. */
export interface SubscriptionNumbers {
  readonly subscriptions: number;
  /** Different expressions among them. */
  readonly expressions: number;
  readonly usPerTopic: number;
  readonly candidatesPerTopic: number;
  /** Subscriptions that a topic matches. */
  readonly matchesPerTopic: number;
  readonly usPerSubscribe: number;
  readonly usPerUnSubscribe: number;
  readonly bytesPerSubscription: number;
  /** With 0.1 % more of which no fact is known. */
  readonly usPerTopicWithFactless: number;
}

const SEED = 7;
const TOPICS = 2_000;
const WARM_UP_EXPRESSIONS = 5_000;
const WARM_UPS = 2;
const ROUNDS = 7;
/** At more subscriptions than these, topics have fewer of the values that many ask for, so that as many match. */
const ALL_HOT = 100_000;

export function measureSubscriptions(count: number): SubscriptionNumbers {
  const compiler = new QueryCompiler({ maxBytes: 4_096 });
  const table = new QueryTable<object>();
  // As many as there will be, so that only what the table holds is counted.
  const subscribers = Array.from({ length: count }, () => ({}));
  const subscribe = (xpath: string, subscriber: object) => table.add(compiler.compile({ type: 'XPATH', xpath }), subscriber);
  warmUp(subscribe, table);
  const before = liveHeapBytes();
  const startedAt = performance.now();
  let number = 0;
  for (const xpath of writeExpressions(count, SEED)) subscribe(xpath, subscribers[number++] as object);
  const usPerSubscribe = usSince(startedAt, count);
  const bytesPerSubscription = (liveHeapBytes() - before) / count;
  const topics = [...writeTopics(TOPICS, SEED + 1, Math.min(1, ALL_HOT / count))].map((element, i) =>
    createMsgKey(`t${i}`, { ...element, inner: '' }),
  );
  const { usPerTopic, ...found } = matchAll(table, topics);
  const expressions = table.size;
  const factless = [...writeFactless(Math.ceil(count / 1_000), SEED)].map((xpath) => ({
    standing: subscribe(xpath, table),
    subscriber: table,
  }));
  const usPerTopicWithFactless = matchAll(table, topics).usPerTopic;
  for (const { standing, subscriber } of factless) table.remove(standing, subscriber);
  return {
    subscriptions: count,
    expressions,
    usPerTopic,
    ...found,
    usPerSubscribe,
    usPerUnSubscribe: measureUnSubscribe(compiler, table),
    bytesPerSubscription,
    usPerTopicWithFactless,
  };
}

/** So that compiled code does not count. */
function warmUp(
  subscribe: (xpath: string, subscriber: object) => ReturnType<QueryTable<object>['add']>,
  table: QueryTable<object>,
): void {
  for (const standing of [...writeExpressions(WARM_UP_EXPRESSIONS, SEED + 3)].map((xpath) => subscribe(xpath, table))) {
    table.remove(standing, table);
  }
}

function matchAll(table: QueryTable<object>, topics: readonly MsgKey[]) {
  let [candidates, matches] = [0, 0];
  const round = (): number => {
    [candidates, matches] = [0, 0];
    const startedAt = performance.now();
    for (const key of topics) {
      const view = new TopicView(key);
      for (const standing of table.candidates(view, false)) {
        if (standing === undefined) continue;
        candidates++;
        if (standing.query.matches(view)) for (const _ of standing.subscribers) matches++;
      }
    }
    return usSince(startedAt, topics.length);
  };
  for (let i = 0; i < WARM_UPS; i++) round();
  const usPerTopic = median(Array.from({ length: ROUNDS }, round));
  return { usPerTopic, candidatesPerTopic: candidates / topics.length, matchesPerTopic: matches / topics.length };
}

/** Of as many new subscriptions as a thousand, in the full table. */
function measureUnSubscribe(compiler: QueryCompiler, table: QueryTable<object>): number {
  const subscriber = {};
  const standing = [...writeExpressions(1_000, SEED + 2)].map((xpath) =>
    table.add(compiler.compile({ type: 'XPATH', xpath }), subscriber),
  );
  const startedAt = performance.now();
  for (const each of standing) table.remove(each, subscriber);
  return usSince(startedAt, standing.length);
}

function usSince(startedAt: number, count: number): number {
  return ((performance.now() - startedAt) * 1_000) / count;
}
