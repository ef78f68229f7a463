import { createRequire } from 'node:module';
import { DOMParser, type Document } from '@xmldom/xmldom';
import { readKey } from '../../src/codec/key-xml.ts';
import type { XmlElement } from '../../src/model/xml-element.ts';
import { createTopicDocument, type TopicDocument } from '../../src/query/xpath/topic-document.ts';
import { compileXPath, type XPathExpression } from '../../src/query/xpath/xpath-expression.ts';
import type { Outcome, Row } from '../harness/measurement.ts';
import { describeTopic } from '../harness/populate.ts';
import { median } from '../harness/statistics.ts';

/** The part of the package `xpath` that compiles; its own types leave it out. */
interface XPathLibrary {
  parse(text: string): CompiledByLibrary;
}

interface CompiledByLibrary {
  evaluate(options: { readonly node: Document }): { booleanValue(): boolean };
}

const library = createRequire(import.meta.url)('xpath') as XPathLibrary;

const EXPRESSIONS = 1_000;
const TOPICS = 1_000;
const WARM_UP_ROUNDS = 15;
const ROUNDS = 15;

/** What people write, each with a place for a number that makes it another expression. */
const KINDS: readonly ((i: number) => string)[] = [
  (i) => `//weather[@city='City${i}']`,
  (i) => `/xmlBlaster/key[@oid='t${i}']`,
  (i) => `/xmlBlaster/key/weather/station[@id='${i}']`,
  (i) => `//station[@id > ${i} and starts-with(@serial, '${i % 10}')]`,
  (i) => `//key[contains(@oid, '${i}')]//station`,
];

/**
 * Microseconds per (topic, expression), in this process: our evaluator and `xpath` on `@xmldom/xmldom`, on the same keys with the
 * same expressions, taking turns. Compiled expressions and ready documents on both sides.
 */
export function measureEvaluation(): Outcome {
  const texts = Array.from({ length: EXPRESSIONS }, (_, i) => kind(i)(Math.floor(i / KINDS.length)));
  const topics = Array.from({ length: TOPICS }, (_, i) => keyOf(i));
  const manyExpressions = comparePairs(texts, topics.slice(7, 8));
  const manyTopics = KINDS.map((_, i) => comparePairs([kind(i)(7)], topics));
  const documentUs = median(
    Array.from({ length: WARM_UP_ROUNDS + ROUNDS }, () => usPer(topics, (topic) => createTopicDocument(topic.element))),
  );
  const rows: Row[] = [
    { what: `XPath: 1 topic × ${EXPRESSIONS} expressions`, result: describe(manyExpressions) },
    ...manyTopics.map((comparison, i) => ({ what: `  ${kind(i)(7)} × ${TOPICS} topics`, result: describe(comparison) })),
    { what: '  making the document of one topic', result: `${documentUs.toFixed(2)} µs` },
  ];
  return { rows, numbers: { manyExpressions, manyTopics, documentUs } };
}

function kind(i: number): (i: number) => string {
  return KINDS[i % KINDS.length] as (i: number) => string;
}

interface TopicKey {
  readonly xml: string;
  readonly element: XmlElement;
}

function keyOf(i: number): TopicKey {
  const xml = `<key oid='t${i}'>${describeTopic(i)}</key>`;
  return { xml, element: readKey(xml).root };
}

/** Something that evaluates expressions. */
interface Evaluator<E, D> {
  compile(text: string): E;
  read(topic: TopicKey): D;
  matches(expression: E, document: D): boolean;
}

const OURS: Evaluator<XPathExpression, TopicDocument> = {
  compile: (text) => compileXPath(text),
  read: (topic) => createTopicDocument(topic.element),
  matches: (expression, document) => expression.matches(document),
};

const parser = new DOMParser();
const THEIRS: Evaluator<CompiledByLibrary, Document> = {
  compile: (text) => library.parse(text),
  read: (topic) => parser.parseFromString(`<xmlBlaster>${topic.xml}</xmlBlaster>`, 'text/xml'),
  matches: (expression, document) => expression.evaluate({ node: document }).booleanValue(),
};

interface Comparison {
  /** Per pair; the median of the rounds. */
  readonly oursUs: number;
  readonly theirsUs: number;
  /** Of all pairs, how many match: the same on both sides. */
  readonly matches: number;
}

function comparePairs(texts: readonly string[], topics: readonly TopicKey[]): Comparison {
  const runOurs = preparePairs(OURS, texts, topics);
  const runTheirs = preparePairs(THEIRS, texts, topics);
  const oursUs: number[] = [];
  const theirsUs: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    runOurs();
    runTheirs();
  }
  const { matches } = runOurs();
  if (matches !== runTheirs().matches) throw new Error(`We and xpath disagree about ${texts[0]}`);
  for (let round = 0; round < ROUNDS; round++) {
    oursUs.push(runOurs().us);
    theirsUs.push(runTheirs().us);
  }
  return { oursUs: median(oursUs), theirsUs: median(theirsUs), matches };
}

function preparePairs<E, D>(
  evaluator: Evaluator<E, D>,
  texts: readonly string[],
  topics: readonly TopicKey[],
): () => { readonly us: number; readonly matches: number } {
  const expressions = texts.map((text) => evaluator.compile(text));
  const documents = topics.map((topic) => evaluator.read(topic));
  return () => {
    let matches = 0;
    const start = performance.now();
    for (const expression of expressions) {
      for (const document of documents) if (evaluator.matches(expression, document)) matches++;
    }
    return { us: ((performance.now() - start) * 1000) / (expressions.length * documents.length), matches };
  };
}

function usPer<T>(items: readonly T[], work: (item: T) => unknown): number {
  const start = performance.now();
  for (const item of items) work(item);
  return ((performance.now() - start) * 1000) / items.length;
}

function describe({ oursUs, theirsUs, matches }: Comparison): string {
  const factor = (theirsUs / oursUs).toFixed(0);
  return `${oursUs.toFixed(3)} µs each; xpath on xmldom ${theirsUs.toFixed(2)} µs, ${factor} times as long (${matches} match)`;
}
