import { describe, expect, test } from 'vitest';
import { exceptionOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';

const TEXT = 'Grüße';

function publish(content: string, declaration = ''): string {
  return `${declaration}<publish><key oid='a'/><content>${content}</content></publish>`;
}

function utf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

async function contentOf(broker: TestBroker): Promise<string> {
  return (await broker.get('/topics/a')).body;
}

describe('the encoding of a body', () => {
  const declared = (name: string) => publish(TEXT, `<?xml version='1.0' encoding='${name}'?>`);
  const MARK = '\ufeff';

  test.each<[what: string, bytes: Buffer, type: string]>([
    ['UTF-8 when nothing is said', Buffer.from(publish(TEXT)), ''],
    ['UTF-8 by its mark', Buffer.from(MARK + publish(TEXT)), ''],
    ['UTF-8 by its mark, whatever the charset says', Buffer.from(MARK + publish(TEXT)), 'text/xml; charset=iso-8859-1'],
    ['UTF-8 by charset', Buffer.from(publish(TEXT)), 'application/xml;charset="UTF-8"'],
    ['UTF-8 by declaration', Buffer.from(declared('utf-8')), ''],
    ['ISO-8859-1 by charset', Buffer.from(publish(TEXT), 'latin1'), 'text/xml; Charset=ISO-8859-1'],
    ['ISO-8859-1 by declaration', Buffer.from(declared('ISO-8859-1'), 'latin1'), ''],
    ['charset before declaration', Buffer.from(declared('ISO-8859-1')), 'text/xml; charset=utf-8'],
    ['US-ASCII by declaration', Buffer.from(declared('US-ASCII').replace(TEXT, 'Gr&#xFC;&#223;e')), ''],
    ['US-ASCII by charset', Buffer.from(publish('Gr&#252;&#xdf;e')), 'text/xml; charset=us-ascii'],
    ['UTF-16 LE by its mark', Buffer.from(MARK + publish(TEXT), 'utf16le'), ''],
    ['UTF-16 BE by its mark', utf16be(MARK + publish(TEXT)), ''],
    ['UTF-16 by its mark and charset', Buffer.from(MARK + publish(TEXT), 'utf16le'), 'text/xml; charset=utf-16'],
    ['UTF-16 LE by charset', Buffer.from(publish(TEXT), 'utf16le'), 'text/xml; charset=UTF-16LE'],
    ['UTF-16 BE by charset', utf16be(publish(TEXT)), 'text/xml; charset=UTF-16BE'],
    ['UTF-16 LE by declaration', Buffer.from(declared('UTF-16'), 'utf16le'), ''],
    ['UTF-16 BE by declaration', utf16be(declared('UTF-16')), ''],
    ['UTF-16 with mark and declaration', Buffer.from(MARK + declared('UTF-16'), 'utf16le'), ''],
  ])('may be %s', async (_what, bytes, type) => {
    const broker = await startBroker();
    const answer = await broker.post(bytes, '/', type === '' ? {} : { 'Content-Type': type });
    expect(answer.status, answer.body).toBe(200);
    expect(await contentOf(broker)).toBe(TEXT);
  });

  test.each<[what: string, bytes: Buffer, headers: Record<string, string>, status: number]>([
    ['another charset', Buffer.from(publish('x')), { 'Content-Type': 'text/xml; charset=koi8-r' }, 415],
    ['another declaration', Buffer.from(declared('windows-1252')), {}, 415],
    ['a charset called __proto__', Buffer.from(publish('x')), { 'Content-Type': 'text/xml; charset=__proto__' }, 415],
    ['compressed in an unknown way', Buffer.from(publish('x')), { 'Content-Encoding': 'br' }, 415],
    ['no ASCII though it says so', Buffer.from(publish(TEXT)), { 'Content-Type': 'text/xml; charset=us-ascii' }, 400],
    ['ISO-8859-1 though nobody says so', Buffer.from(publish(TEXT), 'latin1'), {}, 400],
    ['half a UTF-16 character', Buffer.from(`\ufeff${publish('x')}`, 'utf16le').subarray(0, -1), {}, 400],
  ])('must not be %s', async (_what, bytes, headers, status) => {
    const broker = await startBroker();
    const answer = await broker.post(bytes, '/', headers);
    expect([answer.status, exceptionOf(answer.body).code]).toEqual([status, 'user.illegalArgument']);
    expect((await broker.get('/topics/a')).status).toBe(404);
  });

  test('Content-Encoding is refused for raw publishes, too; identity is none', async () => {
    const broker = await startBroker();
    expect((await broker.put('/topics/a', 'x', { 'Content-Encoding': 'br' })).status).toBe(415);
    expect((await broker.put('/topics/a', 'x', { 'Content-Encoding': 'identity' })).status).toBe(201);
  });
});

describe('<content>', () => {
  test.each([
    ['is kept as it is written when there is markup in it', '<b a = "1"  c=\'&lt;\'><!-- x --><?pi?>&amp;</b >'],
    ['is kept with its CDATA when there is markup, too', '<b/><![CDATA[<x>]]>'],
    ['is not trimmed', ' \n\t x \n '],
    ['may be empty', ''],
    ['may hold a command', '<publish><key oid="b"/></publish>'],
    ['may hold another content', '<content>x</content>'],
  ])('%s', async (_what, content) => {
    const broker = await startBroker();
    const answer = await broker.post(publish(content));
    expect(answer.status, answer.body).toBe(200);
    expect(await contentOf(broker)).toBe(content);
    expect(textsOf((await broker.get('/updates?oid=a&timeout=0')).body)).toEqual([content]);
  });

  test.each([
    ['CDATA is unwrapped', '<![CDATA[<a> & <b>]]>', '<a> & <b>'],
    ['several CDATA and text are joined', 'a<![CDATA[<]]>b<![CDATA[]]>&gt;<![CDATA[]]]]><![CDATA[>]]>', 'a<b>]]>'],
    ['references are decoded once', '&lt;&amp;lt;&#65;&#x1F600;', '<&lt;A😀'],
  ])('%s', async (_what, content, expected) => {
    const broker = await startBroker();
    await broker.post(publish(content));
    expect(await contentOf(broker)).toBe(expected);
    expect(textsOf((await broker.get('/updates?oid=a&timeout=0')).body)).toEqual([expected]);
  });

  test.each([
    ['AAEC/w==', [0, 1, 2, 255]],
    ['AAEC/w', [0, 1, 2, 255]],
    [' AA EC\n/w== ', [0, 1, 2, 255]],
    ['<![CDATA[AAEC]]>', [0, 1, 2]],
    ['', []],
  ])('in base64 %j is bytes', async (base64, expected) => {
    const broker = await startBroker();
    const { status } = await broker.post(`<publish><key oid='a'/><content encoding='base64'>${base64}</content></publish>`);
    expect(status).toBe(200);
    expect([...Buffer.from(await (await broker.fetch('/topics/a')).arrayBuffer())]).toEqual(expected);
  });

  test.each<[what: string, bytes: Buffer]>([
    ['bytes that are no text', Buffer.of(0xff, 0x00, 0x80)],
    ['a control character', Buffer.from('a\u0001b')],
    ['a mark at the beginning', Buffer.from('\ufeffx')],
    ['carriage returns', Buffer.from('a\r\nb\rc')],
    ['the end of CDATA', Buffer.from('<a>]]></a>]]>')],
    ['markup and carriage returns', Buffer.from('<a>\r\n&amp;</a>')],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
    ['U+FFFE', Buffer.from('\ufffe')],
    ['only blanks', Buffer.from(' \n ')],
    ['an emoji', Buffer.from('😀')],
  ])('in answers reads back to the same bytes: %s', async (_what, bytes) => {
    const broker = await startBroker();
    await broker.put('/topics/a', bytes);
    for (const { body } of [
      await broker.get('/updates?oid=a&timeout=0'),
      await broker.get('/topics/a?history=1'),
      await broker.post("<get><key oid='a'/></get>"),
    ]) {
      expect(readMessages(body)[0]?.content).toEqual(bytes);
    }
  });
});
