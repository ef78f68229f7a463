import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { XmlElement } from '../../../../src/model/xml-element.ts';
import { expressions, keys, type Pair } from './generate.ts';
import { typicalExpressions } from './generate-typical.ts';
import { createTopic, Indices, type TestTopic } from './indices.ts';
import { createOracleDocument, evaluateOracle } from './oracle.ts';
import { Libxml2Document } from './oracle-libxml2.ts';

/** Pairs of topic and subscription; `npm run test:xpath -- --pairs 1000000` for more. */
const PAIRS = Number(process.env['XPATH_PAIRS'] ?? 20_000);
const TOPICS = 8;
const QUERIES = 50;

const someQueries = fc.array(fc.oneof({ weight: 3, arbitrary: typicalExpressions }, { weight: 1, arbitrary: expressions }), {
  minLength: QUERIES,
  maxLength: QUERIES,
});
const someKeys = fc.array(keys, { minLength: TOPICS, maxLength: TOPICS });

test(
  `${PAIRS} random pairs: the indices find what xpath on xmldom finds, and what libxml2 finds`,
  () => {
    const counts = { pairs: 0, matches: 0, libxml2: 0 };
    const cases = fc.property(someKeys, someQueries, (elements, queries) => {
      const indices = new Indices();
      for (const { ours } of queries) indices.subscribe(ours);
      const topics = elements.map(createTopic);
      for (const topic of topics) indices.topics.add(topic);
      const found = topics.map((topic) => indices.match(topic));
      const answers = topics.map(({ view }) => ask(view.key.element, queries, counts));
      for (const [i, topic] of topics.entries()) {
        expect([...(found[i] ?? [])].sort(), JSON.stringify(topic.view.key.element)).toEqual(texts(answers[i] ?? [], queries));
      }
      for (const [j, { ours }] of queries.entries()) {
        expect(oids(indices.find(ours, topics)), ours).toEqual(oids(topics.filter((_, i) => answers[i]?.[j])));
      }
    });
    fc.assert(cases, { numRuns: Math.ceil(PAIRS / (TOPICS * QUERIES)) });
    console.log(`${counts.pairs} pairs, ${counts.matches} match, ${counts.libxml2} of them also asked of libxml2; mismatches 0`);
  },
  60_000 + PAIRS * 10,
);

/** What the oracles say of one topic, one answer for each query; both must say the same. */
function ask(
  element: XmlElement,
  queries: readonly Pair[],
  counts: { pairs: number; matches: number; libxml2: number },
): boolean[] {
  const document = createOracleDocument(element);
  const second = new Libxml2Document(element);
  try {
    return queries.map(({ theirs }) => {
      const value = evaluateOracle(theirs, document);
      const answer = value.type === 'scalar' ? value.boolean : value.nodes.length > 0;
      const other = second.matches(theirs);
      if (other !== undefined) {
        expect(other, `xpath says ${answer}, libxml2 ${other}: ${theirs} on ${JSON.stringify(element)}`).toBe(answer);
        counts.libxml2++;
      }
      counts.pairs++;
      counts.matches += Number(answer);
      return answer;
    });
  } finally {
    second.dispose();
  }
}

function texts(answers: readonly boolean[], queries: readonly Pair[]): string[] {
  return [...new Set(queries.filter((_, j) => answers[j]).map(({ ours }) => ours))].sort();
}

function oids(topics: readonly TestTopic[]): string[] {
  return topics.map(({ view }) => view.key.oid);
}

/** What happens to a broker, in any order; numbers choose among what is there. */
const operations = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('subscribe' as const), query: typicalExpressions }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('unSubscribe' as const), which: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('create' as const), key: keys }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('erase' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('ask' as const), query: typicalExpressions }) },
  ),
  { minLength: 40, maxLength: 80 },
);

test('subscribe, unSubscribe, create, erase and get at random: both indices answer as ones that are made anew', () => {
  const cases = fc.property(operations, (list) => {
    const indices = new Indices();
    const subscriptions: (readonly [xpath: string, standing: ReturnType<Indices['subscribe']>])[] = [];
    const topics: TestTopic[] = [];
    for (const [number, operation] of list.entries()) {
      switch (operation.type) {
        case 'subscribe':
          subscriptions.push([operation.query.ours, indices.subscribe(operation.query.ours, String(number))]);
          break;
        case 'unSubscribe':
          unSubscribe(indices, subscriptions, operation.which);
          break;
        case 'create': {
          const topic = createTopic(operation.key, number);
          topics.push(topic);
          indices.topics.add(topic);
          break;
        }
        case 'erase': {
          const [topic] = topics.splice(operation.which % Math.max(1, topics.length), 1);
          if (topic) indices.topics.delete(topic);
          break;
        }
        case 'ask':
          expect(oids(indices.find(operation.query.ours, topics))).toEqual(
            oids(rebuilt(topics, []).find(operation.query.ours, topics)),
          );
      }
    }
    const anew = rebuilt(topics, subscriptions);
    for (const topic of topics) expect(sorted(indices.match(topic))).toEqual(sorted(anew.match(topic)));
    while (subscriptions.length > 0) unSubscribe(indices, subscriptions, 0);
    for (const topic of topics) expect([...indices.queries.candidates(topic.view, false)], 'nothing is left').toEqual([]);
    expect(indices.queries.size).toBe(0);
  });
  fc.assert(cases, { numRuns: 150 });
});

function unSubscribe(
  { queries }: Indices,
  subscriptions: (readonly [string, ReturnType<Indices['subscribe']>])[],
  which: number,
): void {
  const [subscription] = subscriptions.splice(which % Math.max(1, subscriptions.length), 1);
  if (!subscription) return;
  const [, standing] = subscription;
  const [subscriber] = standing.subscribers;
  if (subscriber !== undefined) queries.remove(standing, subscriber);
}

function rebuilt(
  topics: readonly TestTopic[],
  subscriptions: readonly (readonly [string, { subscribers: Iterable<string> }])[],
): Indices {
  const indices = new Indices();
  for (const topic of topics) indices.topics.add(topic);
  for (const [xpath, { subscribers }] of subscriptions) for (const each of subscribers) indices.subscribe(xpath, each);
  return indices;
}

function sorted(set: ReadonlySet<string>): string[] {
  return [...set].sort();
}
