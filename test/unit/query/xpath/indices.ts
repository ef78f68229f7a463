import { createMsgKey } from '../../../../src/model/msg-key.ts';
import type { XmlElement } from '../../../../src/model/xml-element.ts';
import { QueryTable, type StandingQuery } from '../../../../src/query/query-table.ts';
import { type CompiledQuery, QueryCompiler, TopicView } from '../../../../src/query/topic-query.ts';
import { type IndexedTopic, TopicIndex } from '../../../../src/query/xpath/topics/topic-index.ts';

/** A topic as the index has it, and as queries see it. */
export interface TestTopic extends IndexedTopic {
  readonly view: TopicView;
}

export function createTopic({ attributes, children }: XmlElement, keyOrder: number): TestTopic {
  const key = createMsgKey(`t${keyOrder}`, { attributes, children, inner: '' });
  return { keyOrder, key, view: new TopicView(key) };
}

const compiler = new QueryCompiler({ maxBytes: 1_000_000 });

export function compile(xpath: string): CompiledQuery {
  return compiler.compile({ type: 'XPATH', xpath });
}

/** Both indices, as the broker uses them: what they find is verified. */
export class Indices {
  readonly queries = new QueryTable<string>();
  readonly topics = new TopicIndex<TestTopic>();

  subscribe(xpath: string, subscriber = xpath): StandingQuery<string> {
    return this.queries.add(compile(xpath), subscriber);
  }

  /** The subscribers whose queries match. */
  match(topic: TestTopic): Set<string> {
    const found = new Set<string>();
    for (const standing of this.queries.candidates(topic.view, false)) {
      if (standing?.query.matches(topic.view)) for (const subscriber of standing.subscribers) found.add(subscriber);
    }
    return found;
  }

  /** The topics that match, in the order of the index; of `all` when it says that all have to be looked at. */
  find(xpath: string, all: readonly TestTopic[]): TestTopic[] {
    const { query, need } = compile(xpath);
    const candidates = this.topics.find(need) ?? all;
    return [...candidates].filter((topic) => topic !== undefined && query.matches(topic.view)) as TestTopic[];
  }
}
