import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { XmlElement } from '../../../../src/model/xml-element.ts';
import { Budget, XPathBudgetError } from '../../../../src/query/xpath/budget.ts';
import { compileXPath } from '../../../../src/query/xpath/xpath-expression.ts';
import { compile, createTopic, Indices, type TestTopic } from './indices.ts';
import { el } from './trees.ts';

/** The longest time between two pauses, in ms; some times 5, for machines that do other things, too. */
const MAX_STEP_MS = 40;

interface Attack {
  readonly name: string;
  readonly count: number;
  subscription(i: number): string;
  readonly topic: XmlElement;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function nested(depth: number, label: (level: number) => string, inner: XmlElement | string): XmlElement {
  return range(depth).reduceRight<XmlElement | string>((child, level) => el(label(level), {}, child), inner) as XmlElement;
}

const ATTACKS: readonly Attack[] = [
  {
    name: 'all subscriptions under one fact',
    count: 20_000,
    subscription: (i) => `//a[@b='x' and count(c) = ${i}]`,
    topic: el('a', { b: 'x' }, el('c'), el('c')),
  },
  {
    name: 'all subscriptions without a fact',
    count: 20_000,
    subscription: (i) => `count(//*) mod 20000 = ${i} and not(//zz)`,
    topic: el('a', {}, el('c'), el('c')),
  },
  {
    name: '10,000 attributes',
    count: 5_000,
    subscription: (i) => (i % 2 ? `//*[@a${i}='7']` : `//@*='${i}'`),
    topic: el('a', Object.fromEntries(range(10_000).map((i) => [`a${i}`, String(i % 97)]))),
  },
  {
    name: 'a long path of names that all are asked for in any order',
    count: 20_000,
    subscription: (i) => `//l${i % 27}//l${20 + (Math.floor(i / 27) % 27)}//l${30 + Math.floor(i / 729)}/zz`,
    topic: nested(60, (level) => `l${level}`, el('x', {}, ...range(3_000).map((i) => el(`y${i % 50}`)))),
  },
  {
    name: 'wildcards at every depth',
    count: 5_000,
    subscription: (i) => `//*${i % 2 ? '/' : '//'}*${i % 3 ? '/' : '//'}*${i % 5 ? '/' : '//'}@a='${i}'`,
    topic: nested(60, () => 'a', el('a', { a: '31' }, ...range(3_000).map(() => el('b', { a: '30' })))),
  },
  {
    name: '1,000 branches of or',
    count: 50,
    subscription: (i) =>
      `//a[${range(1_000)
        .map((j) => `@b='${i}.${j}'`)
        .join(' or ')}]`,
    topic: el('a', { b: '7.999' }),
  },
  {
    name: 'a long text inside of many elements, of which parts are asked for',
    count: 2_000,
    subscription: (i) => `//*[contains(., 'x${i.toString(7)}y')]/zz`,
    topic: nested(
      60,
      (level) => `l${level % 3}`,
      range(6_000)
        .map((i) => `x${i.toString(7)}y`)
        .join(''),
    ),
  },
  {
    name: 'one text again and again, of which many ask for a part',
    count: 5_000,
    subscription: (i) => `//a[contains(@b, 'aaa${i}')]`,
    topic: el('a', { b: 'a'.repeat(60_000) }),
  },
  {
    name: 'thousands of bounds and ranges that all hold',
    count: 20_000,
    subscription: (i) =>
      i % 2 ? `//a[@b > ${i} and @c = 'no']` : `//a[@b >= ${1e6 - i} and @b < ${1e6 + 1 + i / 7}][@c = 'no']`,
    topic: el('a', { b: '1000000', c: 'yes' }),
  },
  {
    name: 'facts that are all hot, two by two',
    count: 20_000,
    subscription: (i) => `//a[@b='${i % 100}' and @c='${(i * 7) % 100}' and @d='${i}']`,
    topic: el('x', {}, ...range(100).map((i) => el('a', { b: String(i), c: String(i) }))),
  },
];

/** Lets the best of three attempts count: what takes long does so each time. */
function longestStepMs(steps: () => Iterable<unknown>): number {
  return Math.min(...range(3).map(() => longestOnce(steps())));
}

function longestOnce(steps: Iterable<unknown>): number {
  let longest = 0;
  let last = performance.now();
  for (const _ of steps) {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return Math.max(longest, performance.now() - last);
}

describe('an attack on the index', () => {
  test.each(ATTACKS)('$name: nothing is missed, and nobody waits for long', ({ count, subscription, topic: element }) => {
    const indices = new Indices();
    const texts = range(count).map(subscription);
    const standing = texts.map((text) => indices.subscribe(text));
    const topic = createTopic(el('key', { oid: 't' }, element), 0);
    expect(
      longestStepMs(() => indices.queries.candidates(topic.view, false)),
      'ms',
    ).toBeLessThan(MAX_STEP_MS);
    const asked = new Set([...indices.queries.candidates(topic.view, false)]);
    for (const [i, each] of standing.entries()) {
      if (i % Math.ceil(count / 200) === 0 && matchesAtMost(texts[i] as string, topic))
        expect(asked.has(each), texts[i]).toBe(true);
    }
    indices.topics.add(topic);
    expect(
      longestStepMs(() => indices.topics.find(compile(texts[0] as string).need) ?? []),
      'ms',
    ).toBeLessThan(MAX_STEP_MS);
    for (const [i, each] of standing.entries()) indices.queries.remove(each, texts[i] as string);
    expect([...indices.queries.candidates(topic.view, false)], 'nothing is left').toEqual([]);
  });
});

/** False, too, when it costs too much. */
function matchesAtMost(text: string, topic: TestTopic): boolean {
  try {
    return compileXPath(text, { maxBytes: 1_000_000 }).matches(topic.view.document, new Budget());
  } catch (error) {
    if (error instanceof XPathBudgetError) return false;
    throw error;
  }
}

function liveHeapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

describe('memory', () => {
  test('ever new label paths fill the index of topics only so far; all topics are found', () => {
    const topics = range(400).map((i) => {
      const inner = range(250).map((j) => el(`n${i}-${j}`, { [`m${i}-${j}`]: String(j) }));
      return createTopic(el('key', { oid: `t${i}`, even: String(i % 2 === 0) }, ...inner), i);
    });
    const indices = new Indices();
    const before = liveHeapBytes();
    for (const topic of topics) indices.topics.add(topic);
    for (const i of [0, 1, 200, 399]) {
      expect(indices.find(`//n${i}-7[@m${i}-7 = 7]`, topics).map(({ keyOrder }) => keyOrder)).toEqual([i]);
    }
    const { need } = compile("//key[@even='true']");
    const isEven = (topic: TestTopic | undefined): boolean => topic !== undefined && topic.keyOrder % 2 === 0;
    expect([...(indices.topics.find(need) ?? [])].filter(isEven)).toHaveLength(200);
    const held = liveHeapBytes() - before;
    expect(held, '400 topics of 500 paths each').toBeLessThan(60e6);
    for (const topic of topics) indices.topics.delete(topic);
    expect(indices.find('//*', topics)).toEqual([]);
    expect(liveHeapBytes() - before, 'when they are gone').toBeLessThan(held / 2);
  });

  test('ever new label paths fill what is remembered of them only so far', () => {
    const indices = new Indices();
    for (let i = 0; i < 300; i++) indices.subscribe(`//a${i % 30}//b${i % 7}//c`);
    const before = liveHeapBytes();
    for (let i = 0; i < 3_000; i++) {
      const path = nested(40, (level) => (level % 3 ? `a${(i * 7 + level * level) % 30}` : `b${(i + level) % 7}`), el(`x${i}`));
      for (const _ of indices.queries.candidates(createTopic(el('key', {}, path), i).view, false));
    }
    expect(liveHeapBytes() - before, '3,000 topics of 40 paths each').toBeLessThan(60e6);
  });

  test('an expression of 1,000 branches takes what its length is charged for', () => {
    const indices = new Indices();
    const before = liveHeapBytes();
    const texts = range(20).map(
      (i) =>
        `//a[${range(400)
          .map((j) => `@b='${i}.${j}'`)
          .join(' or ')}]`,
    );
    for (const text of texts) indices.subscribe(text);
    const chars = texts.reduce((sum, { length }) => sum + length, 0);
    expect((liveHeapBytes() - before) / chars, 'bytes per character').toBeLessThan(24);
  });
});
