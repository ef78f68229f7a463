import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { XmlElement } from '../../../../src/model/xml-element.ts';
import { StandingIndex } from '../../../../src/query/xpath/standing/standing-index.ts';
import { keys } from './generate.ts';
import { typicalExpressions } from './generate-typical.ts';
import { compile, createTopic, Indices, type TestTopic } from './indices.ts';
import { el } from './trees.ts';

function topicOf(inner: XmlElement, keyOrder = 0): TestTopic {
  return createTopic(el('key', { oid: `t${keyOrder}` }, inner), keyOrder);
}

/** How many queries are asked about the topic. */
function countCandidates({ queries }: Indices, topic: TestTopic): number {
  return [...queries.candidates(topic.view, false)].filter((each) => each !== undefined).length;
}

/** How many topics are looked at; undefined: all. */
function countTopics({ topics }: Indices, xpath: string): number | undefined {
  const found = topics.find(needOf(xpath));
  return found && [...found].filter((each) => each !== undefined).length;
}

function needOf(xpath: string) {
  return compile(xpath).need;
}

/** Each with a place for a number: a thousand subscriptions of it, of which a topic matches few. */
const SELECTIVE: readonly (readonly [subscription: (i: number) => string, topic: XmlElement])[] = [
  [(i) => `//a[@b='${i}']`, el('a', { b: '7' })],
  [(i) => `/xmlBlaster/key/a/b='${i}'`, el('a', {}, el('b', {}, '7'))],
  [(i) => `//a[text()='${i}']`, el('a', {}, '7')],
  [(i) => `//a[string(@b)='${i}']`, el('a', { b: '7' })],
  [(i) => `//a[@b=${i}]`, el('a', { b: '7.0' })],
  [(i) => `//a[number(@b)=${i}]`, el('a', { b: ' 7 ' })],
  [(i) => `//a[@b >= ${i} and @b < ${i + 1}]`, el('a', { b: '7.5' })],
  [(i) => `//a[@b > ${i}]`, el('a', { b: '3' })],
  [(i) => `//a[${i} > @b]`, el('a', { b: '996' })],
  [(i) => `//a[starts-with(@b, 'x${i}.')]`, el('a', { b: 'x7.y' })],
  [(i) => `//a[contains(@b, '.${i}.')]`, el('a', { b: 'x.7.y' })],
  [(i) => `//a[contains-ignore-case(@b, 'X.${i}.Y')]`, el('a', { b: '-x.7.y-' })],
  [(i) => `//a${i}//b//c`, el('a7', {}, el('b', {}, el('c')))],
  [(i) => `//a${i}/*/@c`, el('a7', {}, el('b', { c: '' }))],
  [(i) => `//a[@b='${i}' or @c='${i}']`, el('a', { b: '7', c: '8' })],
  [(i) => `//a[@b='${i}'] | //a[@c='${i}']`, el('a', { c: '7' })],
  [(i) => `//a[@b='${i}' and not(@c)]`, el('a', { b: '7' })],
  [(i) => `//a[@kind='news' and @b='${i}']`, el('a', { b: '7', kind: 'news' })],
  [(i) => `//a[@b='${i % 30}' and @c='${Math.floor(i / 30)}']`, el('a', { b: '7', c: '8' })],
  [(i) => `//a[@b='${i}'][1]`, el('a', { b: '7' })],
  [(i) => `//a[not(not(@b='${i}'))]`, el('a', { b: '7' })],
  [(i) => `(//a)[2]/@b='${i}'`, el('x', {}, el('a', { b: '1' }), el('a', { b: '7' }))],
  [(i) => `//c[../@b='${i}']/ancestor::a${i}`, el('a7', { b: '7' }, el('c'))],
  [(i) => `count(//a${i}) > 0`, el('a7')],
];

describe('a thousand subscriptions that differ in a value', () => {
  test.each(SELECTIVE.map(([subscription, topic]) => [subscription(7), subscription, topic] as const))(
    '%s: few of them are asked about a topic',
    (_text, subscription, element) => {
      const indices = new Indices();
      for (let i = 0; i < 1_000; i++) indices.subscribe(subscription(i));
      const topic = topicOf(element);
      expect(countCandidates(indices, topic)).toBeLessThanOrEqual(40);
      const direct = Array.from({ length: 1_000 }, (_, i) => subscription(i)).filter((each) =>
        compile(each).query.matches(topic.view),
      );
      expect(direct.length).toBeGreaterThan(0);
      expect([...indices.match(topic)].sort()).toEqual(direct.sort());
    },
  );
});

describe('a thousand topics that differ in a value', () => {
  const indices = new Indices();
  for (let i = 0; i < 1_000; i++) {
    const inner = el(
      'a',
      { b: String(i), even: String(i % 2 === 0), word: `w${i}.` },
      el('c', {}, `t${i}`),
      ...(i < 5 ? [el('d')] : []),
    );
    indices.topics.add(topicOf(inner, i));
  }

  test.each([
    ["//a[@b='7']", 1],
    ['//a[@b=7]', 1],
    ["//a[@even='true' and @b='8']", 1],
    ["//a[@b='7' and @even='true']", 0],
    ["//a[@b='7' or @b='8']", 2],
    ["/xmlBlaster/key/a/c='t7'", 1],
    ["//c[text()='t7']", 1],
    ["//text()='t7'", 1],
    ['//a[@b > 7 and @b <= 9]', 2],
    ["//a[starts-with(@word, 'w99')]", 11],
    ["//a[contains(@word, '99')]", 19],
    ["//*[@b='7']", 1],
    ["//@b='7'", 1],
    ['//d', 5],
    ["//d[not(@x)]/../@b='3'", 1],
    ["//key[@oid='t7']", 1],
    ["//a[@b='none']", 0],
    ['//nothing', 0],
  ])('%s: %i of them are looked at', (xpath, count) => {
    expect(countTopics(indices, xpath)).toBe(count);
  });

  test.each(['not(//a)', 'count(//a) < 3', '/', "string(/)='x'"])('%s: all of them', (xpath) => {
    expect(countTopics(indices, xpath)).toBeUndefined();
  });
});

test.each([true, false])('3,000 topics (indexed: %s) are found in their order, each once', (isIndexed) => {
  const topics = fc.sample(keys, { numRuns: 3_000, seed: 1 }).map(createTopic);
  const indices = new Indices();
  for (const topic of topics) indices.topics.add(topic);
  if (isIndexed) for (const _ of indices.topics.catchUp());
  for (const { ours } of fc.sample(typicalExpressions, { numRuns: 60, seed: 2 })) {
    const { query } = compile(ours);
    const expected = topics.filter(({ view }) => query.matches(view));
    expect(numbersOf(indices.find(ours, topics)), ours).toEqual(numbersOf(expected));
  }
});

function numbersOf(topics: readonly TestTopic[]): number[] {
  return topics.map(({ keyOrder }) => keyOrder);
}

test('what is taken out of the index of subscriptions leaves nothing in it', () => {
  const index = new StandingIndex<string>();
  const texts = fc.sample(typicalExpressions, { numRuns: 2_000, seed: 3 }).map(({ ours }) => ours);
  const hot = Array.from({ length: 200 }, (_, i) => `//a[@b='x' and @c='${i % 9}' and @d='${i}']`);
  const filed = [...texts, ...hot].map((text, i) => [`${i}`, index.add(`${i}`, needOf(text))] as const);
  expect(index.isEmpty).toBe(false);
  for (const [i, [item, places]] of filed.entries()) if (i % 2 === 0) index.remove(item, places);
  for (const [i, [item, places]] of filed.entries()) if (i % 2 === 1) index.remove(item, places);
  expect(index.isEmpty).toBe(true);
});

describe('what comes and goes while a search pauses', () => {
  test('subscriptions: those that stay are found', () => {
    const indices = new Indices();
    const texts = Array.from({ length: 400 }, (_, i) => `//a[@b='${i % 4}' and @c='${i}']`);
    const standing = texts.map((text) => indices.subscribe(text));
    const attributes = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`c${i}`, '']));
    const elements = Array.from({ length: 400 }, (_, i) => el('a', { ...attributes, b: String(i % 4), c: String(i) }));
    const topic = topicOf(el('x', {}, ...elements));
    const found = new Set<string>();
    let pauses = 0;
    for (const candidate of indices.queries.candidates(topic.view, false)) {
      if (candidate === undefined) pauses++;
      else for (const subscriber of candidate.subscribers) found.add(subscriber);
      const gone = standing[2 * (pauses + found.size)];
      if (gone) for (const subscriber of [...gone.subscribers]) indices.queries.remove(gone, subscriber);
      indices.subscribe(`//a[@b='1' and @new='${found.size}-${pauses}']`);
    }
    expect(pauses).toBeGreaterThan(3);
    const staying = texts.filter((_, i) => i % 2 === 1);
    expect(staying.filter((text) => !found.has(text))).toEqual([]);
  });

  test.each([true, false])('topics (indexed: %s): those that stay are found, in order', (isIndexed) => {
    const indices = new Indices();
    const create = (i: number): TestTopic => topicOf(el(`a${i % 3}`, { b: 'x', n: String(i) }), i);
    const topics = Array.from({ length: 3_000 }, (_, i) => create(i));
    for (const topic of topics) indices.topics.add(topic);
    if (isIndexed) for (const _ of indices.topics.catchUp());
    const found: TestTopic[] = [];
    let next = 0;
    for (const topic of indices.topics.find(needOf('//*[@n >= 0]/@b')) ?? []) {
      if (topic) found.push(topic);
      if (next === 500) for (const _ of indices.topics.catchUp());
      const gone = topics[next];
      if (gone && next % 2 === 0) indices.topics.delete(gone);
      indices.topics.add(create(3_000 + next++));
    }
    const isFound = new Set(found);
    expect(topics.filter((topic, i) => i % 2 === 1 && !isFound.has(topic))).toEqual([]);
    expect(numbersOf(found)).toEqual(numbersOf(found).sort((a, b) => a - b));
  });
});
