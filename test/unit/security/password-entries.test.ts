import { describe, expect, test } from 'vitest';
import type { TopicVerb } from '../../../src/broker/ports.ts';
import type { QueryKey } from '../../../src/model/query.ts';
import { type PasswordEntry, parsePasswordFile } from '../../../src/security/password-entries.ts';
import { SECRET } from '../../helpers/passwords.ts';

function entryOf(line: string, warnings: string[] = []): PasswordEntry {
  const [entry] = parsePasswordFile(line, (sentence) => warnings.push(sentence)).values();
  if (!entry) throw new Error('no entry');
  return entry;
}

const VERBS: readonly TopicVerb[] = ['publish', 'subscribe', 'unSubscribe', 'get', 'erase'];
const exact = (oid: string): QueryKey => ({ type: 'EXACT', oid });
const xpath = (expression: string): QueryKey => ({ type: 'XPATH', xpath: expression });
const domain = (name: string): QueryKey => ({ type: 'DOMAIN', domain: name });

/** The verbs that a list allows for a topic, in the order of VERBS. */
const allowed = (list: string, key: QueryKey | undefined) =>
  VERBS.filter((verb) => entryOf(`joe:${SECRET}:${list}`).rights.isAllowed(verb, key));

describe('a password file', () => {
  test('has users, comments, empty lines, any line ends', () => {
    const text = `\ufeff# joe:x\r\n\n  # another\n joe : ${SECRET} \r\nsue:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=:get:for later: use\n*`;
    const entries = [...parsePasswordFile(text, () => {}).values()];
    expect(entries.map(({ name, hash }) => [name, hash])).toEqual([
      ['joe', SECRET],
      ['sue', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='],
      ['*', undefined],
    ]);
  });

  test.each([
    ['', /^it names no user$/],
    ['# nobody\n', /^it names no user$/],
    [`joe:${SECRET}\n:${SECRET}`, /^line 2: the user is missing/],
    ['joe', /^line 1: the password of "joe" is missing; .* write joe::$/],
    ['joe:', /^line 1: the password of "joe" is missing/],
    ['joe:secret', /^line 1: the password of "joe" is not a hash of a known kind \(bcrypt, .*htpasswd -B/],
    [`joe:${SECRET.slice(0, -1)}`, /not a hash/],
    [`joe:${SECRET}\nsue:${SECRET}\njoe:${SECRET}`, /^line 3: "joe" has a line already/],
    [`joe:${SECRET}:publish(a`, /^line 1: quotes or parentheses do not close/],
    [`joe:${SECRET}:publish("a)`, /do not close/],
    [`joe:${SECRET}:get(xpath:contains(//a,'('))`, /do not close/],
    [`joe:${SECRET}:publish(startsWith:)`, /names no topic/],
    [`joe:${SECRET}:!subscripe`, /"subscripe" is no method/],
    [`joe:${SECRET}:!`, /"" is no method/],
    [`joe:${SECRET}:!erase(a)`, /denies methods only/],
    ['guest::admin', /needs a password/],
    ['*:: admin', /needs a password/],
  ])('%j is refused, without a hash in the sentence', (text, sentence) => {
    expect(() => parsePasswordFile(text, () => {})).toThrow(sentence);
    expect(() => parsePasswordFile(text, () => {})).not.toThrow(SECRET);
  });

  test('may name unknown methods in a list of what is allowed: they allow nothing', () => {
    const warnings: string[] = [];
    expect(entryOf(`joe:${SECRET}:fly(a),get(),()`, warnings).rights.mayConnect).toBe(true);
    expect(allowed('fly(a),get(),()', exact('a'))).toEqual(['get']);
    expect(allowed('fly', exact('a'))).toEqual([]);
    expect(warnings).toEqual(['fly', ''].map((name) => `line 1: "${name}" is no method: it allows nothing`));
  });
});

describe('rights', () => {
  test('are all of them without a list, but for administration', () => {
    for (const line of [`joe:${SECRET}`, `joe:${SECRET}:`, `joe:${SECRET}::`]) {
      const { rights } = entryOf(line);
      expect(
        VERBS.every((verb) => rights.isAllowed(verb, exact('a'))),
        line,
      ).toBe(true);
      expect([rights.isAdmin, rights.mayConnect]).toEqual([false, true]);
    }
  });

  test('admin is everything', () => {
    expect(entryOf(`joe:${SECRET}:get(a),admin`).rights.isAdmin).toBe(true);
    expect(allowed('get(a),admin', exact('b'))).toEqual(VERBS);
  });

  test('of a list are what it names; to connect need not be named', () => {
    const list = 'disconnect, publish( tennis ;sailing), GET';
    expect(allowed(list, exact('tennis'))).toEqual(['publish', 'get']);
    expect(allowed(list, exact('Tennis'))).toEqual(['get']);
    expect(allowed(list, undefined)).toEqual(['publish', 'get']);
    expect(entryOf(`joe:${SECRET}:get`).rights.mayConnect).toBe(true);
  });

  test('every way to publish is to publish', () => {
    expect(allowed('publishArr(a),publishOneway(b)', exact('a'))).toEqual(['publish']);
    expect(allowed('publishArr(a),publishOneway(b)', exact('b'))).toEqual(['publish']);
    expect(allowed('!publishOneway', exact('a'))).not.toContain('publish');
  });

  test('of a list with ! are all others', () => {
    expect(allowed('! subscribe,unSubscribe', exact('a'))).toEqual(['publish', 'get', 'erase']);
    expect(entryOf(`joe:${SECRET}:!connect`).rights.mayConnect).toBe(false);
    expect(entryOf(`joe:${SECRET}:!erase`).rights.isAdmin).toBe(false);
  });

  test.each<[topic: string, fits: readonly QueryKey[], fitsNot: readonly QueryKey[]]>([
    ['a', [exact('a')], [exact('b'), exact('a '), domain('a'), xpath('a')]],
    ['exact:a', [exact('a')], [exact('exact:a')]],
    ['urn:a:b', [exact('urn:a:b')], [exact('b')]],
    ['"a;b"', [exact('a;b')], [exact('a'), exact('b')]],
    ['"a\\"b"', [exact('a"b')], [exact('ab')]],
    ['startsWith:w', [exact('w'), exact('weather')], [exact('aw'), exact('W'), domain('weather'), xpath('weather')]],
    ['"endsWith:.x"', [exact('.x'), exact('a.x')], [exact('x'), domain('a.x'), xpath('//a.x')]],
    ['domain:sport', [domain('sport')], [exact('sport'), domain('Sport'), xpath('sport')]],
    [
      `"xpath:/xmlBlaster/key[starts-with(@oid,'sport.')]"`,
      [xpath("/xmlBlaster/key[starts-with(@oid,'sport.')]"), xpath(" /xmlBlaster/key[starts-with(@oid,'sport.')]\n")],
      [xpath("/xmlBlaster/key[starts-with(@oid,'sportX.')]"), xpath('//key'), exact('sport.tennis')],
    ],
  ])('subscribe(%s)', (topic, fits, fitsNot) => {
    const list = `get,subscribe(${topic};other),erase`;
    for (const key of fits) expect(allowed(list, key), JSON.stringify(key)).toContain('subscribe');
    for (const key of fitsNot) expect(allowed(list, key), JSON.stringify(key)).not.toContain('subscribe');
    expect(allowed(list, exact('other'))).toContain('subscribe');
  });
});
