import { describe, expect, test } from 'vitest';
import { decodeException, type Frame, FrameError } from '../../../src/codec/socket-frame.ts';
import { encodeExceptionFrame, encodeUnitFrame } from '../../../src/codec/socket-frame-encode.ts';
import { FrameReader } from '../../../src/codec/socket-frame-reader.ts';
import { bytesOf, frameBytes, readFrames } from './frames.ts';

const MAX_BYTES = 1_000;
const publish = frameBytes('I', 'publish', "<qos/>\0<key oid='a'/>\x005\0Hello");

describe('a frame', () => {
  test('of a client is read', () => {
    const [frame] = readFrames([publish]);
    expect(frame).toMatchObject({ type: 'I', requestId: '17', method: 'publish', secretSessionId: 'secret' });
    expect(frame?.units).toEqual([{ qos: '<qos/>', key: "<key oid='a'/>", content: Buffer.from('Hello') }]);
  });

  test('gives its content without copying it', () => {
    const content = readFrames([publish])[0]?.units[0]?.content;
    expect(content?.buffer).toBe(publish.buffer);
  });

  test.each([
    ['nothing', '', []],
    ['a QoS without NUL, as connect has it', '<qos/>', [{ qos: '<qos/>', key: '', content: '' }]],
    ['a QoS with its NUL', '<qos/>\0', [{ qos: '<qos/>', key: '', content: '' }]],
    ['QoS and key, as queries have them', '<qos/>\0<key/>\0', [{ qos: '<qos/>', key: '<key/>', content: '' }]],
    ['a key without QoS', '\0<key/>\0', [{ qos: '', key: '<key/>', content: '' }]],
    ['a key without NUL', '\0<key/>', [{ qos: '', key: '<key/>', content: '' }]],
    ['empty units', '\0\x000\0', [{ qos: '', key: '', content: '' }]],
    [
      'several units',
      '<qos/>\0k\x002\0ab\0\x001\0c',
      [
        { qos: '<qos/>', key: 'k', content: 'ab' },
        { qos: '', key: '', content: 'c' },
      ],
    ],
    ['content with NUL bytes', '\0\x003\0\0\0\0', [{ qos: '', key: '', content: '\0\0\0' }]],
    ['a content length with blanks around it', '\0\0 2 \0ab', [{ qos: '', key: '', content: 'ab' }]],
  ])('holds %s', (_what, data, units) => {
    const read = readFrames([frameBytes('I', 'publish', data)])[0]?.units;
    expect(read?.map((unit) => ({ ...unit, content: unit.content.toString() }))).toEqual(units);
  });

  test('of ten bytes is a ping', () => {
    expect(readFrames([Buffer.from('        10        10')])).toMatchObject([{ method: 'ping' }, { method: 'ping' }]);
  });

  test('carries an exception, its text in the fifth field when the client leaves the message empty', () => {
    const fields = 'user.clientCode\0\0\0\0no, thanks\0\0\0\0\0\0\0';
    const [frame] = readFrames([frameBytes('E', 'update', `user.clientCode\0\0${fields.length}\0${fields}`)]);
    expect(frame && decodeException(frame)).toEqual({ errorCode: 'user.clientCode', message: 'no, thanks' });
    const [empty] = readFrames([frameBytes('E', 'update', '')]);
    expect(empty && decodeException(empty)).toEqual({ errorCode: 'internal.unknown', message: '' });
  });
});

describe('a wrong frame is refused:', () => {
  test.each([
    ['a letter in the length', 'x        10'],
    ['a sign', '       +10'],
    ['a negative length', '       -10'],
    ['a blank behind the digits', '       10 '],
    ['only blanks', '          '],
    ['NUL bytes', '\0'.repeat(10)],
    ['zero', '         0'],
    ['too short for a header', '        15'],
    ['shorter than the length itself', '         9'],
    ['10 GB', '9999999999'],
    ['one byte more than allowed', '      1001'],
  ])('length: %s', (_what, length) => {
    expect(() => readFrames([Buffer.from(length, 'latin1')])).toThrow(FrameError);
  });

  test.each([
    ['checksum', 10, 0x41],
    ['compression', 11, 0x5a],
    ['type', 12, 0x58],
    ['type 0', 12, 0],
    ['version', 15, 0x32],
  ])('flags: %s', (_what, at, value) => {
    const bytes = Buffer.from(publish);
    bytes[at] = value;
    expect(() => readFrames([bytes])).toThrow(FrameError);
  });

  test.each(['requestId', 'requestId\0method', 'requestId\0method\0session', 'r\0m\0s\0length'])(
    'header that does not end: %s',
    (header) => {
      expect(() => readFrames([rawFrame(header)])).toThrow(FrameError);
    },
  );

  test('a request id of more than 1,024 bytes', () => {
    const bytes = rawFrame(`${'x'.repeat(1_025)}\0m\0s\0\0`);
    expect(() => readFrames([bytes], 10_000)).toThrow(FrameError);
  });

  test.each(['-1', '6', '99999999999', '1e1', '0x1', '1\n', '1 1', 'five'])('content length %j', (length) => {
    const [frame] = readFrames([frameBytes('I', 'publish', `\0\0${length}\0Hello`)]);
    expect(() => frame?.units).toThrow(FrameError);
  });
});

describe('the reader', () => {
  test('takes frames byte by byte and in one piece', () => {
    const bytes = Buffer.concat([publish, Buffer.from('        10'), frameBytes('R', 'update', ''), publish]);
    const whole = readFrames([bytes]).map(summary);
    expect(whole.map(({ method }) => method)).toEqual(['publish', 'ping', 'update', 'publish']);
    expect(readFrames([...bytes].map((byte) => Buffer.of(byte))).map(summary)).toEqual(whole);
  });

  test('takes a length for what it says: a longer one swallows the next frame, a shorter one splits this one', () => {
    const longer = Buffer.from(publish);
    longer.write(String(publish.length + 10).padStart(10), 0, 'latin1');
    expect(readFrames([longer, Buffer.from('        10')])).toHaveLength(1);
    const shorter = Buffer.from(publish);
    shorter.write(String(publish.length - 3).padStart(10), 0, 'latin1');
    expect(() => readFrames([shorter, publish])).toThrow(FrameError);
  });

  test('keeps no more than what has arrived, whatever the length says', () => {
    const reader = new FrameReader(10_000_000);
    reader.push(Buffer.from('   9999999'), () => {});
    expect(reader.pendingBytes).toBeLessThanOrEqual(4_096);
    reader.push(Buffer.alloc(100_000), () => {});
    expect(reader.pendingBytes).toBeLessThanOrEqual(300_000);
    reader.end();
    expect(reader.pendingBytes).toBe(0);
  });

  test('keeps nothing of frames that are complete', () => {
    const reader = new FrameReader(MAX_BYTES);
    const frames: Frame[] = [];
    reader.push(publish.subarray(0, 20), (frame) => frames.push(frame));
    reader.push(Buffer.concat([publish.subarray(20), publish]), (frame) => frames.push(frame));
    expect([frames.length, reader.pendingBytes]).toEqual([2, 0]);
  });
});

describe('encoding', () => {
  const header = { requestId: 'ä1', method: 'update', secretSessionId: 'unknown' };

  test('writes what it counts, contents as they are', () => {
    const content = Buffer.from([0, 1, 2, 255]);
    const frame = encodeUnitFrame('I', header, [
      { qos: '<qos>ö</qos>', key: '<key/>', content },
      { qos: '', key: '', content: Buffer.alloc(0) },
    ]);
    const bytes = bytesOf(frame);
    expect(frame.parts).toContain(content);
    expect(frame.bytes).toBe(bytes.length);
    expect(Number(bytes.toString('latin1', 0, 10))).toBe(bytes.length);
    expect(readFrames([bytes])[0]).toMatchObject(header);
    expect(readFrames([bytes])[0]?.units).toHaveLength(2);
  });

  test('of an exception has eleven fields', () => {
    const parts = encodeExceptionFrame(header, { errorCode: 'user.x', node: 'heron', message: 'Nö' }, '2026-01-01');
    const [frame] = readFrames([bytesOf(parts)]);
    const [unit] = frame?.units ?? [];
    expect([frame?.type, unit?.qos, unit?.key]).toEqual(['E', 'user.x', 'Nö']);
    expect(unit?.content.toString().split('\0')).toEqual([
      'user.x',
      'heron',
      '',
      'en',
      'Nö',
      'xmlblaster-broker',
      '2026-01-01',
      '',
      '',
      '',
      'true',
      '',
    ]);
  });

  test('of an exception keeps to what C clients can hold', () => {
    const message = 'ö'.repeat(5_000);
    const [frame] = readFrames([bytesOf(encodeExceptionFrame(header, { errorCode: 'user.x', node: 'n', message }, ''))], 100_000);
    expect(Buffer.byteLength(frame?.units[0]?.key ?? '')).toBeLessThan(1_024);
  });
});

function summary({ type, method, requestId, units }: Frame): { type: string; method: string; requestId: string; units: unknown } {
  return { type, method, requestId, units };
}

/** A frame whose header is just `header`. */
function rawFrame(header: string): Buffer {
  return Buffer.from(`${String(16 + header.length).padStart(10)}\0\0I\0\x001${header}`);
}
