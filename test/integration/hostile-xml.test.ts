import { describe, expect, test } from 'vitest';
import { exceptionOf, parseXml, readMessages } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { readStatistics } from '../helpers/statistics.ts';

const publish = (key: string, content = ''): string => `<publish>${key}<content>${content}</content></publish>`;
const KEY = '<key oid="a"/>';
const ENTITIES =
  '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>';

describe('XML that is not well-formed', () => {
  test.each<[what: string, body: string | Uint8Array, hint: RegExp]>([
    ['nothing', '', /no element/],
    ['no XML', 'hello', /line 1, column 1: .*text before the root/],
    ['a DTD', `<!DOCTYPE x>${publish(KEY)}`, /DTD/],
    ['an entity bomb', `${ENTITIES}${publish(KEY, '&c;')}`, /DTD/],
    ['an external entity', `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${publish(KEY, '&e;')}`, /DTD/],
    ['an undeclared entity', publish(KEY, '&nbsp;'), /column 33.*"&amp;"/],
    ['a reference to NUL', publish(KEY, '&#0;'), /&amp;/],
    ['two roots', `${publish(KEY)}${publish(KEY)}`, /second root/],
    ['text behind the root', `${publish(KEY)}x`, /after the root/],
    ['a tag that is not closed', '<publish><key>', /<\/key>/],
    ['tags that cross', '<publish><key></publish></key>', /<\/publish> stands where <\/key>/],
    ['a tag inside an attribute', '<publish><key oid="<"/></publish>', /&lt;/],
    ['an attribute without quotes', '<publish><key oid=a/></publish>', /quotes/],
    ['an attribute twice', '<publish><key oid="a" oid="b"/></publish>', /twice/],
    ['NUL', publish(KEY, 'a\0b'), /U\+0000/],
    ['a control character', publish(KEY, 'a\u0001b'), /U\+0001/],
    ['invalid UTF-8', Buffer.concat([Buffer.from('<publish>'), Buffer.of(0xff, 0xfe), Buffer.from('</publish>')]), /valid UTF-8/],
    ['a comment with --', `<!-- a -- b -->${publish(KEY)}`, /--/],
    ['a processing instruction called xml', `<publish><?xml version="1.0"?>${KEY}</publish>`, /declaration/],
    ['CDATA that is not closed', '<publish><key oid="a"/><content><![CDATA[x</content></publish>', /CDATA/],
  ])('%s is refused, saying where and what', async (_what, body, hint) => {
    const broker = await startBroker();
    const answer = await broker.post(body);
    expect([answer.status, exceptionOf(answer.body).code]).toEqual([400, 'user.illegalArgument']);
    expect(exceptionOf(answer.body).message).toMatch(hint);
    expect((await readStatistics(broker)).topics).toBe(0);
  });

  test.each([
    ['<html/>', '<html> is not a command'],
    ['<xmlBlaster><frobnicate/></xmlBlaster>', '<frobnicate> is not a command'],
    ['<__proto__/>', '<__proto__> is not a command'],
    ['<constructor/>', '<constructor> is not a command'],
    ['<publish><key oid="a"/><__proto__/></publish>', '<__proto__> is not allowed in <publish>'],
    ['<xmlBlaster>text</xmlBlaster>', 'text directly inside <xmlBlaster>'],
  ])('%s is refused: %s', async (body, message) => {
    const broker = await startBroker();
    const answer = await broker.post(body);
    expect([answer.status, exceptionOf(answer.body).code]).toEqual([400, 'user.illegalArgument']);
    expect(exceptionOf(answer.body).message).toContain(message);
  });
});

describe('XML that is too big', () => {
  test.each([
    ['nesting of 10,000', publish(`<key oid="a">${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}</key>`), 'deeper'],
    ['nesting of 10,000 in a content', publish(KEY, `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`), 'deeper'],
    ['an attribute of 10 MB', publish(`<key oid="a"><b c="${'x'.repeat(10_000_000)}"/></key>`), 'longer'],
    ['an element name of 1 MB', publish(`<key oid="a"><${'x'.repeat(1_000_000)}/></key>`), 'longer'],
    [
      '100,000 attributes',
      publish(`<key oid="a"><b ${Array.from({ length: 100_000 }, (_, i) => `a${i}=""`).join(' ')}/></key>`),
      'attributes',
    ],
    ['100,000 elements', publish(`<key oid="a">${'<b/>'.repeat(100_000)}</key>`), 'longer'],
    ['a QoS of 2 MB', `<publish>${KEY}<qos>${'<b/>'.repeat(500_000)}</qos></publish>`, 'longer'],
  ])('%s is refused, and the next client is served at once', async (_what, body, hint) => {
    const broker = await startBroker();
    const answer = await broker.post(body);
    expect([answer.status, exceptionOf(answer.body).code]).toEqual([413, 'user.maxSizeExceed']);
    expect(exceptionOf(answer.body).message).toContain(hint);
    expect((await broker.put('/topics/a', '1')).status).toBe(201);
  });

  test.each([
    ['64 levels', 63, 200],
    ['65 levels', 64, 413],
  ])('a key of %s', async (_what, below, status) => {
    const broker = await startBroker();
    const key = `<key oid="a">${'<a>'.repeat(below)}${'</a>'.repeat(below)}</key>`;
    expect((await broker.post(publish(key))).status).toBe(status);
    expect((await broker.put('/topics/b', '', { 'X-Key': key.replace(' oid="a"', '') })).status).toBe(
      status === 200 ? 201 : status,
    );
  });
});

describe('names that mean something to JavaScript', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf', 'length'];

  test.each(NAMES)('%s is a name like any other', async (name) => {
    const broker = await startBroker();
    const key = `<key oid='${name}' ${name}='1'><${name} ${name}='x'><${name}/></${name}></key>`;
    const property = `<clientProperty name='${name}'>${name}</clientProperty>`;
    const answer = await broker.post(`<publish>${key}<content>${name}</content><qos>${property}<${name}/></qos></publish>`);
    expect(answer.status, answer.body).toBe(200);

    for (const query of [`oid=${name}`, `xpath=//${name}[@${name}="x"]/${name}`, `xpath=/xmlBlaster/key[@${name}="1"]`]) {
      const [message] = readMessages((await broker.get(`/updates?session=${name}/1&timeout=0&${encodeURI(query)}`)).body);
      expect(message?.text, query).toBe(name);
      expect([...(message?.qos.getElementsByTagName('clientProperty') ?? [])].at(-1)?.textContent).toBe(name);
    }
    expect((await broker.get(`/topics/${name}`)).headers.get('x-key')).toBe(key);
    expect(parseXml((await broker.get('/topics')).body).getElementsByTagName(name)).toHaveLength(2);
    const unknown = await broker.get(`/updates?oid=a&timeout=0&${name}=1`);
    expect([unknown.status, exceptionOf(unknown.body).code]).toEqual([400, 'user.illegalArgument']);
    expect((await broker.get(`/${name}`)).status).toBe(404);
    expect((await broker.fetch(`/topics/${name}`, { method: 'DELETE' })).status).toBe(204);
  });
});
