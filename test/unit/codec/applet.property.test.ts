import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AppletObject, encodeAppletLine } from '../../../src/codec/applet-object.ts';
import { decodeAppletRequest } from '../../../src/codec/applet-request.ts';
import { BrokerError } from '../../../src/model/error.ts';
import { readAppletLine } from '../../helpers/applet.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\0', '\x7f', '\x80', '\u07ff', '\u0800', '\ud800', '\uffff', '😀') }),
);
const table = fc.array(fc.tuple(text, text), { maxLength: 5 }).map((entries) => new Map(entries));
const content = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes));
const object: fc.Arbitrary<AppletObject> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text }),
  fc.record({ type: fc.constant('table' as const), table }),
  fc.record({ type: fc.constant('tables' as const), tables: fc.array(table, { maxLength: 4 }) }),
  fc.record({
    type: fc.constant('messages' as const),
    messages: fc.array(fc.record({ qos: table, key: table, content }), { maxLength: 4 }),
  }),
);

describe('what an applet is sent', () => {
  test('is one line of base64, from which it reads what was said', () => {
    fc.assert(
      fc.property(text, fc.array(object, { maxLength: 4 }), (method, objects) => {
        const line = [...encodeAppletLine(method, objects)].join('');
        expect(readAppletLine(line)).toEqual([method, ...objects.map(plain)]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('fits into the length of a text, or is refused', () => {
    const encode = (value: string) => [...encodeAppletLine(value, [])].join('');
    for (const fitting of ['x'.repeat(65_535), 'é'.repeat(32_767), '\u20ac'.repeat(21_845), '\0'.repeat(32_767)])
      expect(readAppletLine(encode(fitting))).toEqual([fitting]);
    for (const tooLong of ['x'.repeat(65_536), 'é'.repeat(32_768), '\u20ac'.repeat(21_846), '😀'.repeat(10_923)])
      expect(() => encode(tooLong)).toThrow(/65535 in one text/);
  });
});

describe('what an applet sends', () => {
  const field = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', '_'));

  test('is key and QoS with a NUL behind each, and any content', () => {
    fc.assert(
      fc.property(field, field, content, (key, qos, bytes) => {
        fc.pre(key.length + qos.length + bytes.length > 0);
        const read = decodeAppletRequest(Buffer.concat([Buffer.from(`\0${key}\0${qos}\0`), bytes]));
        expect(read).toEqual({ key, qos, content: bytes });
      }),
    );
  });

  test.each(['', '\0', '\0\0\0', 'abc'])('may be nothing: %j', (body) => {
    expect(decodeAppletRequest(Buffer.from(body))).toEqual({ key: '', qos: '', content: Buffer.alloc(0) });
  });

  test('may be any bytes: what is no request is an error of the client', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeAppletRequest(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(BrokerError);
        }
      }),
    );
  });

  test('an oid stands for a key', () => {
    expect(decodeAppletRequest(Buffer.from("a'b\0\0<qos/>\0"))).toMatchObject({ key: "<key oid='a&apos;b'/>", qos: '<qos/>' });
  });

  test.each(['<key/>', 'a\0<key/>', '\0<key/>\0<qos/>'])('without its NULs is refused: %j', (body) => {
    expect(() => decodeAppletRequest(Buffer.from(body))).toThrow(BrokerError);
  });
});

function plain(object: AppletObject): unknown {
  if (object.type === 'text') return object.text;
  if (object.type === 'table') return Object.fromEntries(object.table);
  if (object.type === 'tables') return object.tables.map((entries) => Object.fromEntries(entries));
  return object.messages.map(({ qos, key, content: bytes }) => ({
    qos: Object.fromEntries(qos),
    key: Object.fromEntries(key),
    content: bytes.toString('latin1'),
  }));
}
