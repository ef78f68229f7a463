import { describe, expect, test } from 'vitest';
import { exceptionOf, parseXml, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { RawClient } from '../helpers/raw.ts';

/** One request with its path exactly as written; the status and the body. */
async function request(broker: TestBroker, method: string, path: string, body = ''): Promise<[status: number, body: string]> {
  const client = await RawClient.connect(broker.port);
  const length = Buffer.byteLength(body);
  client.write(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`);
  const answer = await client.closed();
  return [Number(answer.slice(9, 12)), Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1').toString()];
}

describe('an oid with odd characters', () => {
  test.each([
    'a/b',
    'a//b/',
    '/a',
    '..',
    '../a',
    'a/./b',
    '100%',
    '%2F',
    'a?b=c',
    'a#b',
    'a b',
    'a+b',
    'a&b;c',
    "a'b",
    'a"b',
    '<a>',
    ']]>',
    'ärger',
    '日本',
    '😀',
    '\u200b',
    'a\tb',
    'a\nb',
    '\u007f',
    '*',
    ':id',
    '__proto__',
    'constructor',
    'http://x/y?z',
    'x'.repeat(1_024),
    'é'.repeat(512),
  ])('%j is one topic, in every form', async (oid) => {
    const broker = await startBroker();
    const path = `/topics/${encodeURIComponent(oid).replace(/^\.\.$/, '%2E%2E')}`;
    expect(await request(broker, 'PUT', path, 'x')).toMatchObject([201, expect.anything()]);
    expect(await request(broker, 'GET', path)).toEqual([200, 'x']);
    const [key] = parseXml((await broker.get('/topics')).body).getElementsByTagName('key');
    expect(key?.getAttribute('oid')).toBe(oid);
    expect(textsOf((await broker.get(`/updates?timeout=0&oid=${encodeURIComponent(oid)}`)).body)).toEqual(['x']);
    const raw = await broker.fetch(`/updates?timeout=0&content=raw&oid=${encodeURIComponent(oid)}`);
    expect([raw.status, await raw.text()]).toEqual([200, 'x']);
    expect((await request(broker, 'DELETE', path))[0]).toBe(204);
    expect((await request(broker, 'GET', path))[0]).toBe(404);
  });

  test.each(['a/b', '..', 'a/../b', 'a//b', '~!$&()*,;=:@', 'a/', '[x]', '|'])('may stand in the path as %s', async (oid) => {
    const broker = await startBroker();
    expect((await request(broker, 'PUT', `/topics/${oid}`, 'x'))[0]).toBe(201);
    expect((await broker.get(`/updates?timeout=0&oid=${encodeURIComponent(oid)}`)).status).toBe(200);
  });

  test.each([
    ['%00', 400, 'user.illegalArgument'],
    ['%01', 400, 'user.illegalArgument'],
    ['%EF%BF%BE', 400, 'user.illegalArgument'],
    ['%', 400, 'user.illegalArgument'],
    ['%zz', 400, 'user.illegalArgument'],
    ['%ff', 400, 'user.illegalArgument'],
    ['%ED%A0%80', 400, 'user.illegalArgument'],
    ['', 400, 'user.illegalArgument'],
    ['%20', 400, 'user.illegalArgument'],
    ['x'.repeat(1_025), 413, 'user.maxSizeExceed'],
    ['%C3%A9'.repeat(513), 413, 'user.maxSizeExceed'],
    ['__sys__mine', 403, 'user.security.authorization.notAuthorized'],
    ['__cmd:client/joe', 403, 'user.security.authorization.notAuthorized'],
  ])('%s is refused with %i %s', async (path, status, code) => {
    const broker = await startBroker();
    const [got, body] = await request(broker, 'PUT', `/topics/${path}`, 'x');
    expect([got, exceptionOf(body).code]).toEqual([status, code]);
    const script = await broker.get('/topics');
    expect(parseXml(script.body).getElementsByTagName('key')).toHaveLength(0);
  });

  test('of the broker’s own topics cannot be erased', async () => {
    const broker = await startBroker();
    await broker.get('/updates?session=joe/1&oid=__sys__deadMessage&timeout=0');
    expect((await broker.fetch('/topics/__sys__deadMessage', { method: 'DELETE' })).status).toBe(404);
    const answer = await broker.post('<erase><key oid="__sys__deadMessage"/></erase>');
    expect([answer.status, answer.body]).toEqual([200, '<xmlBlasterResponse>\n<erase/>\n</xmlBlasterResponse>\n']);
  });
});

describe('X-Key and ?key=', () => {
  const wholeKey = '<key oid="a" domain="d"><city>Zürich &amp; Genève</city></key>';

  test.each([
    [
      'the inside of a key',
      '<city>Zürich &amp; Genève</city>',
      "<key oid='a' contentMime='text/csv'><city>Zürich &amp; Genève</city></key>",
    ],
    ['a whole key', wholeKey, "<key oid='a' contentMime='text/csv' domain='d'><city>Zürich &amp; Genève</city></key>"],
    ['a whole key without oid', '<key contentMime="x/y"/>', "<key oid='a' contentMime='x/y'/>"],
    ['text', 'just text', "<key oid='a' contentMime='text/csv'>just text</key>"],
    ['nothing', '', "<key oid='a' contentMime='text/csv'/>"],
  ])('take %s', async (_what, xml, expected) => {
    const headers = { 'Content-Type': 'text/csv' };
    for (const form of ['header', 'parameter']) {
      const broker = await startBroker();
      const latin1 = Buffer.from(xml).toString('latin1');
      const answer =
        form === 'header'
          ? await broker.put('/topics/a', 'x', { ...headers, 'X-Key': latin1 })
          : await broker.put(`/topics/a?key=${encodeURIComponent(xml)}`, 'x', headers);
      expect(answer.status, answer.body).toBe(201);
      expect((await broker.get('/topics')).body).toBe(`<xmlBlaster>\n${expected}\n</xmlBlaster>\n`);
      const header = (await broker.get('/topics/a')).headers.get('x-key') ?? '';
      expect(Buffer.from(header, 'latin1').toString()).toBe(expected);
    }
  });

  test.each([
    ['another oid', '<key oid="b"/>', 400],
    ['XML that is not well-formed', '<a>', 400],
    ['two keys', '<key/><key/>', 400],
    ['a DTD', '<!DOCTYPE key><key/>', 400],
    ['bytes that are not UTF-8', '\xff', 400],
    ['65 levels', `${'<a>'.repeat(64)}${'</a>'.repeat(64)}`, 413],
  ])('refuse %s', async (_what, xml, status) => {
    const broker = await startBroker();
    const { status: got, body } = await broker.put('/topics/a', 'x', { 'X-Key': xml });
    expect(got, body).toBe(status);
    expect((await broker.get('/topics/a')).status).toBe(404);
  });

  test('come back on one line: newlines as references, CDATA resolved, comments dropped', async () => {
    const broker = await startBroker();
    const inside = 'line 1\nline 2<!-- comment --><![CDATA[<&>]]><b c="x&#10;y"/>\u007f';
    await broker.post(`<publish><key oid="a">${inside}</key><content>x</content></publish>`);
    const { headers, status } = await broker.get('/topics/a');
    expect(status).toBe(200);
    const key = headers.get('x-key') ?? '';
    expect(key).toContain("line 1&#10;line 2&lt;&amp;&gt;<b c='x&#10;y'/>");
    expect(parseXml(key).textContent).toBe('line 1\nline 2<&>\u007f');
    expect((await broker.get('/updates?oid=a&timeout=0')).body, 'in XML it stays as written').toContain(inside);
  });

  test('are left out beyond 8 kB', async () => {
    const broker = await startBroker();
    for (const [oid, bytes, isThere] of [
      ['fits', 8_000, true],
      ['toolong', 8_200, false],
    ] as const) {
      await broker.post(`<publish><key oid="${oid}">${'x'.repeat(bytes)}</key><content>x</content></publish>`);
      const { headers, status } = await broker.get(`/topics/${oid}`);
      expect([status, headers.has('x-key'), headers.has('x-qos')]).toEqual([200, isThere, true]);
    }
  });
});
