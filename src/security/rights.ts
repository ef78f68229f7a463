import type { TopicVerb } from '../broker/ports.ts';
import type { QueryKey } from '../model/query.ts';
import { FormatError } from './format-error.ts';
import { splitOutside, unquote } from './split-outside.ts';

/** What a line of the password file allows. */
export interface Rights {
  readonly isAdmin: boolean;
  readonly mayConnect: boolean;
  /** A key of undefined asks whether the verb is allowed for some topic. */
  isAllowed(verb: TopicVerb, key: QueryKey | undefined): boolean;
}

type Right = TopicVerb | 'connect';
/** No patterns: every topic. */
type Topics = readonly TopicPattern[];
type TopicPattern = { readonly kind: 'exact' | 'startsWith' | 'endsWith' | 'xpath' | 'domain'; readonly text: string };

const RIGHTS: readonly Right[] = ['connect', 'publish', 'subscribe', 'unSubscribe', 'get', 'erase'];

/** Names in a list, in lower case. All ways to publish are one right; some names are right and give nothing to allow. */
const NAMES = new Map<string, Right | 'admin' | 'none'>([
  ...RIGHTS.map((right) => [right.toLowerCase(), right] as const),
  ['publisharr', 'publish'],
  ['publishoneway', 'publish'],
  ['admin', 'admin'],
  ...['disconnect', 'ping', 'update', 'updateoneway'].map((name) => [name, 'none'] as const),
]);

/**
 * Reads the third field of a line, `connect,publish(tennis;startsWith:sport.)` or `!erase` (README, "Passwords"). Empty: everything
 * but administration. `warn` hears of names that are unknown in a list of what is allowed, where they allow nothing.
 *
 * @throws FormatError
 */
export function parseRights(text: string, warn: (sentence: string) => void): Rights {
  const list = text.trim();
  if (list === '') return createRights(allOf(RIGHTS), false);
  if (list.startsWith('!')) return parseDenied(list.slice(1));
  const allowed = new Map<Right, Topics>([['connect', []]]);
  for (const item of splitOutside(list, ',')) {
    const { name, topics } = parseItem(item);
    const right = NAMES.get(name.toLowerCase());
    if (right === 'admin') return createRights(allOf(RIGHTS), true);
    if (right === undefined) warn(`"${name}" is no method: it allows nothing`);
    else if (right !== 'none') allowed.set(right, union(allowed.get(right), topics));
  }
  return createRights(allowed, false);
}

function parseDenied(list: string): Rights {
  const allowed = allOf(RIGHTS);
  for (const name of splitOutside(list, ',').map((item) => item.trim())) {
    const right = NAMES.get(name.toLowerCase());
    if (right === undefined) throw new FormatError(`"${name}" is no method, and a list that begins with ! denies methods only`);
    if (right !== 'admin' && right !== 'none') allowed.delete(right);
  }
  return createRights(allowed, false);
}

function createRights(allowed: ReadonlyMap<Right, Topics>, isAdmin: boolean): Rights {
  return {
    isAdmin,
    mayConnect: allowed.has('connect'),
    isAllowed(verb, key) {
      const topics = allowed.get(verb);
      if (topics === undefined || topics.length === 0 || key === undefined) return topics !== undefined;
      return topics.some((pattern) => fits(pattern, key));
    },
  };
}

function fits({ kind, text }: TopicPattern, key: QueryKey): boolean {
  if (key.type === 'XPATH') return kind === 'xpath' && key.xpath.trim() === text;
  if (key.type === 'DOMAIN') return kind === 'domain' && key.domain === text;
  if (kind === 'startsWith') return key.oid.startsWith(text);
  if (kind === 'endsWith') return key.oid.endsWith(text);
  return kind === 'exact' && key.oid === text;
}

/** `publish(tennis;sailing)` */
function parseItem(item: string): { readonly name: string; readonly topics: Topics } {
  const [, name = '', inside] = /^([^(]*)(?:\((.*)\))?$/s.exec(item.trim()) ?? [];
  if (inside === undefined) return { name: item.trim(), topics: [] };
  const topics = splitOutside(inside, ';').map((topic) => topic.trim());
  return { name: name.trim(), topics: topics.filter((topic) => topic !== '').map(parseTopic) };
}

/** `tennis`, `exact:tennis`, `domain:sport`; what stands before another colon belongs to the oid. */
function parseTopic(text: string): TopicPattern {
  const plain = unquote(text).trim();
  const kind = KINDS.find((one) => plain.startsWith(`${one}:`));
  if (kind === undefined) return { kind: 'exact', text: plain };
  const rest = plain.slice(kind.length + 1).trim();
  if (rest === '') throw new FormatError(`"${plain}" names no topic`);
  return { kind, text: rest };
}

const KINDS: readonly TopicPattern['kind'][] = ['exact', 'startsWith', 'endsWith', 'xpath', 'domain'];

function allOf(rights: readonly Right[]): Map<Right, Topics> {
  return new Map(rights.map((right) => [right, []]));
}

function union(known: Topics | undefined, more: Topics): Topics {
  if (known === undefined) return more;
  return known.length === 0 || more.length === 0 ? [] : [...known, ...more];
}
