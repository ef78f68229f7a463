import { createMsgKey } from '../../src/model/msg-key.ts';
import { QueryCompiler, TopicView } from '../../src/query/topic-query.ts';
import { type IndexedTopic, TopicIndex } from '../../src/query/xpath/topics/topic-index.ts';
import { liveHeapBytes } from '../harness/live-heap.ts';
import { quantile } from '../harness/statistics.ts';
import { writeEqualities, writeExpressions, writeTopics } from './xpath-mix.ts';

/** What one new expression costs among many topics. */
export interface TopicNumbers {
  readonly topics: number;
  readonly bytesPerTopic: number;
  readonly usPerTopicIndexed: number;
  readonly equality: SearchNumbers;
  readonly mix: SearchNumbers;
}

interface SearchNumbers {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly found: number;
}

interface BenchTopic extends IndexedTopic {
  readonly view: TopicView;
}

const SEED = 7;
const EXPRESSIONS = 500;

export function measureTopics(count: number): TopicNumbers {
  const topics = Array.from(writeTopics(count, SEED), (element, keyOrder) => {
    const key = createMsgKey(`t${keyOrder}`, { ...element, inner: '' });
    return { keyOrder, key, view: new TopicView(key) };
  });
  const compiler = new QueryCompiler({ maxBytes: 4_096 });
  const index = new TopicIndex<BenchTopic>();
  const before = liveHeapBytes();
  for (const topic of topics) index.add(topic);
  const startedAt = performance.now();
  for (const _ of index.catchUp());
  const usPerTopicIndexed = ((performance.now() - startedAt) * 1_000) / count;
  const bytesPerTopic = (liveHeapBytes() - before) / count;
  return {
    topics: count,
    bytesPerTopic,
    usPerTopicIndexed,
    equality: searchAll(compiler, index, writeEqualities(EXPRESSIONS, SEED)),
    mix: searchAll(compiler, index, writeExpressions(EXPRESSIONS, SEED)),
  };
}

function searchAll(compiler: QueryCompiler, index: TopicIndex<BenchTopic>, expressions: Iterable<string>): SearchNumbers {
  let found = 0;
  const times = Array.from(expressions, (xpath) => {
    const startedAt = performance.now();
    found += search(compiler, index, xpath);
    return (performance.now() - startedAt) * 1_000;
  });
  return { p50Us: quantile(times, 0.5), p99Us: quantile(times, 0.99), found: found / times.length };
}

/** From the text to the topics that match. */
function search(compiler: QueryCompiler, index: TopicIndex<BenchTopic>, xpath: string): number {
  const { query, need } = compiler.compile({ type: 'XPATH', xpath });
  let found = 0;
  for (const topic of index.find(need) ?? []) if (topic && query.matches(new TopicView(topic.view.key))) found++;
  return found;
}
