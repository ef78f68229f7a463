import type { XmlElement } from '../../src/model/xml-element.ts';

/** Different values, of which the first ones are asked for and published most: value r with a probability of 1/r. */
const VALUES = 100_000;
/** Kinds of topics; each has labels of its own, 200 together. */
const KINDS = 20;
const LABELS_PER_KIND = 10;
/** Where the labels of a kind that stand for attributes begin; before them is an element and those inside of it. */
const FIRST_ATTRIBUTE = 4;

/** What people subscribe, in percent. */
const SHARES: readonly (readonly [percent: number, write: (random: Random) => string])[] = [
  [35, (r) => `//${element(r)}[@${attribute(r)}='${wanted(r)}']`],
  [20, (r) => `//${element(r)}[@${attribute(r)}='${wanted(r)}' and @${attribute(r)}='${wanted(r)}']`],
  [10, (r) => `//${element(r)}[@${attribute(r)}='${wanted(r)}' or @${attribute(r)}='${wanted(r)}']`],
  [5, (r) => window(r)],
  [5, (r) => `//${element(r)}[@${attribute(r)} > ${VALUES * 1_000 - r.below(VALUES)}]`],
  [5, (r) => `//${element(r)}[starts-with(@${attribute(r)}, '${wanted(r).slice(0, 5)}')]`],
  [5, (r) => `//${element(r)}[contains(@${attribute(r)}, '${wanted(r).slice(1)}')]`],
  [5, (r) => `//${label(r.kind, 0)}//${element(r)}[@${attribute(r)}='${wanted(r)}']`],
  [5, (r) => `//${anyLabel(r)}//${anyLabel(r)}//${anyLabel(r)}`],
  [5, (r) => `//${element(r)}[@${attribute(r)}='${wanted(r)}' and not(@${attribute(r)}='${wanted(r)}')]`],
];

/** What no index can do anything with. */
const WITHOUT_FACT: readonly ((random: Random) => string)[] = [
  (r) => `not(//${anyLabel(r)}) and count(//*) mod 97 = ${r.below(97)}`,
  (r) => `string-length(/) > ${600 + r.below(1_000)}`,
  (r) => `count(//@*) > ${40 + r.below(100)}`,
];

/** Seeded random numbers, and the kind of topic that an expression or topic is about. */
class Random {
  kind = 0;
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to before 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to before `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** A rank from 0 to before VALUES, Zipf-distributed: the inverse of the harmonic sum, near enough. */
  rank(): number {
    return Math.floor(Math.exp(this.next() * Math.log(VALUES))) - 1;
  }
}

/** `count` expressions of the mix, the same for the same seed. */
export function* writeExpressions(count: number, seed: number): Generator<string, undefined> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) yield writeOne(random);
}

export function* writeFactless(count: number, seed: number): Generator<string, undefined> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) yield (WITHOUT_FACT[i % WITHOUT_FACT.length] as (random: Random) => string)(random);
}

/** Expressions of the first kind only: one equality. */
export function* writeEqualities(count: number, seed: number): Generator<string, undefined> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    random.kind = random.below(KINDS);
    yield `//${element(random)}[@${attribute(random)}='${wanted(random)}']`;
  }
}

function writeOne(random: Random): string {
  random.kind = random.below(KINDS);
  let at = random.below(100);
  for (const [percent, write] of SHARES) {
    if (at < percent) return write(random);
    at -= percent;
  }
  throw new Error('The shares are less than 100 %');
}

/**
 * Keys of 200 to 500 bytes: an element with attributes, three elements inside of it with attributes and texts.
 *
 * @param hotShare how many of its values are Zipf-distributed; the others are any, with the same probability.
 */
export function* writeTopics(count: number, seed: number, hotShare = 1): Generator<XmlElement, undefined> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) yield writeTopic(random, i, hotShare);
}

function writeTopic(random: Random, number: number, hotShare: number): XmlElement {
  random.kind = random.below(KINDS);
  const some = (): string => valueAt(random.next() < hotShare ? random.rank() : random.below(VALUES));
  const attributes = (count: number) => {
    const first = random.below(6);
    return Array.from({ length: count }, (_, i) => ({
      name: label(random.kind, FIRST_ATTRIBUTE + ((first + i) % 6)),
      value: i === 1 ? String(random.below(VALUES * 1_000)) : some(),
    }));
  };
  const inner = [1, 2, 3].map((i) => ({
    name: label(random.kind, i),
    attributes: attributes(1 + random.below(3)),
    children: [some()],
  }));
  const outer = { name: label(random.kind, 0), attributes: attributes(3), children: inner };
  return { name: 'key', attributes: [{ name: 'oid', value: `t${number}` }], children: [outer] };
}

/** The element as XML; its names and values need no escapes. */
export function writeXml({ name, attributes, children }: XmlElement): string {
  const list = attributes.map((attribute) => ` ${attribute.name}='${attribute.value}'`).join('');
  return `<${name}${list}>${children.map((child) => (typeof child === 'string' ? child : writeXml(child))).join('')}</${name}>`;
}

function label(kind: number, index: number): string {
  return `label${kind * LABELS_PER_KIND + index}`;
}

function element(random: Random): string {
  return label(random.kind, random.below(FIRST_ATTRIBUTE));
}

function attribute(random: Random): string {
  return label(random.kind, FIRST_ATTRIBUTE + random.below(LABELS_PER_KIND - FIRST_ATTRIBUTE));
}

function anyLabel(random: Random): string {
  return label(random.below(KINDS), random.below(LABELS_PER_KIND));
}

function wanted(random: Random): string {
  return valueAt(random.rank());
}

function valueAt(rank: number): string {
  return `v${((rank + 1) * 7_919_321).toString(36)}`;
}

/** A thousandth of a thousandth of all numbers. */
function window(random: Random): string {
  const [name, low] = [attribute(random), random.below(VALUES * 1_000)];
  return `//${element(random)}[@${name} >= ${low} and @${name} < ${low + 1_000}]`;
}
