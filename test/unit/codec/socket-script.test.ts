import { describe, expect, test } from 'vitest';
import { type Frame, FrameError } from '../../../src/codec/socket-frame.ts';
import { encodeScriptException, encodeScriptFrame, ScriptReader } from '../../../src/codec/socket-script.ts';
import { parseDom } from './dom.ts';
import { bytesOf } from './frames.ts';

describe('a script', () => {
  test('of one call is read, its attributes as the header', () => {
    const [frame] = read("<get sessionId='s' requestId='7'><key oid='a'/><qos><history numEntries='2'/></qos></get>\0");
    expect(frame).toMatchObject({ type: 'I', method: 'get', secretSessionId: 's', requestId: '7' });
    expect(frame?.units).toEqual([
      { qos: "<qos><history numEntries='2'/></qos>", key: "<key oid='a'></key>", content: Buffer.alloc(0) },
    ]);
  });

  test('may hold several calls, and answers', () => {
    const frames = read(
      "<?xml version='1.0'?>\n<xmlBlaster><ping/><update type='R' requestId='u'/><update type='exception'/></xmlBlaster>\0",
    );
    expect(frames.map(({ method, type }) => [method, type])).toEqual([
      ['ping', 'I'],
      ['update', 'R'],
      ['update', 'E'],
    ]);
  });

  test('holds contents and several messages', () => {
    const message = (oid: string, content: string) => `<message><key oid='${oid}'/><content${content}</content></message>`;
    const [frame] = read(`<publishArr>${message('a', '><b>&amp;</b>')}${message('b', " encoding='base64'>AAE=")}</publishArr>\0`);
    expect(frame?.units.map(({ content }) => content)).toEqual([Buffer.from('<b>&amp;</b>'), Buffer.of(0, 1)]);
  });

  test('ends with a NUL byte, wherever the chunks end; blanks between scripts are nothing', () => {
    const text = '<ping/>\0 \n\0<ping requestId="ä"/>\0';
    const whole = read(text).map(({ requestId }) => requestId);
    expect(whole).toEqual(['', 'ä']);
    expect(read(...[...Buffer.from(text)].map((byte) => Buffer.of(byte))).map(({ requestId }) => requestId)).toEqual(whole);
  });

  test('counts without its NUL when the peer has finished', () => {
    const reader = new ScriptReader(100);
    const frames: Frame[] = [];
    reader.push(Buffer.from('<ping/>'), (frame) => frames.push(frame));
    expect(frames).toEqual([]);
    reader.end((frame) => frames.push(frame));
    expect(frames).toHaveLength(1);
  });

  test.each([
    ['not well-formed', '<ping>\0'],
    ['not UTF-8', Buffer.from('<ping a="\xff"/>\0', 'latin1')],
    ['with a document type', '<!DOCTYPE a><ping/>\0'],
    ['too long', `<ping>${' '.repeat(1_000)}</ping>\0`],
    ['too long without an end', `<ping>${' '.repeat(1_000)}`],
  ])('that is %s is refused', (_what, text) => {
    expect(() => read(text)).toThrow(FrameError);
  });
});

describe('an answer', () => {
  const header = { requestId: "a'b", method: 'get', secretSessionId: 'x&y' };

  test('is a document that an XML library reads, ended by NUL', () => {
    const text = bytesOf(
      encodeScriptFrame('R', header, [
        { qos: '<qos/>', key: "<key oid='a'/>", content: Buffer.from('1 < 2') },
        { qos: '<qos/>', key: "<key oid='b'/>", content: Buffer.of(0) },
      ]),
    ).toString();
    const root = parseDom(text.slice(0, -1));
    expect(text.endsWith('\0')).toBe(true);
    expect(JSON.stringify(root)).toContain('"a\'b"');
    expect(text.match(/<message>/g)).toHaveLength(2);
  });

  test('that is an exception names code and message', () => {
    const text = bytesOf(encodeScriptException(header, { errorCode: 'user.x', node: 'n', message: 'a < b\0' })).toString();
    parseDom(text.slice(0, -1));
    expect(text).toContain("errorCode='user.x'");
    expect(text).toContain('a &lt; b');
    expect(text.indexOf('\0')).toBe(text.length - 1);
  });
});

function read(...chunks: (string | Buffer)[]): Frame[] {
  const reader = new ScriptReader(500);
  const frames: Frame[] = [];
  for (const chunk of chunks) reader.push(Buffer.from(chunk), (frame) => frames.push(frame));
  return frames;
}
