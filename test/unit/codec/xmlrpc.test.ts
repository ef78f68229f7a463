import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isXmlText } from '../../../src/base/xml-text.ts';
import {
  decodeMethodCall,
  decodeMethodResponse,
  encodeFault,
  encodeMethodCall,
  isMethodCall,
} from '../../../src/codec/xmlrpc.ts';

const text = fc.string({ unit: 'binary' }).filter(isXmlText);
const leaf = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie('value'))).map((members) => new Map(members)),
  ),
})).value;

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (params) => {
      expect(decodeMethodCall(encodeMethodCall('a.b', params as never[]))).toEqual({ method: 'a.b', params });
    }),
  );
});

test('a fault is read back, whatever its text', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string({ unit: 'binary' }), (code, message) => {
      const response = decodeMethodResponse(encodeFault(code, message));
      expect(response).toMatchObject({ fault: { code } });
      if (isXmlText(message)) expect(response).toEqual({ fault: { code, message } });
    }),
  );
});

test.each([
  ['<value>a&lt;b &amp;lt;</value>', 'a<b &lt;'],
  ['<value><string><![CDATA[<qos/>]]> &#65;</string></value>', '<qos/> A'],
  ['<value/>', ''],
  ['<value><string/></value>', ''],
  ['<value>  </value>', '  '],
  ['<value>\n <int>-7</int>\n</value>', -7],
  ['<value><i4>7</i4></value>', 7],
  ['<value><double>1.5e3</double></value>', 1500],
  ['<value><boolean>1</boolean></value>', true],
  ['<value><nil/></value>', null],
  ['<value><base64>\nYWJj\n</base64></value>', Buffer.from('abc')],
  ['<value><base64/></value>', Buffer.alloc(0)],
  ['<value><array><data/></array></value>', []],
  ['<value><dateTime.iso8601>19980717T14:08:55</dateTime.iso8601></value>', '19980717T14:08:55'],
])('%s', (xml, expected) => {
  const document = `<methodCall><methodName> m </methodName><params><param>${xml}</param></params></methodCall>`;
  expect(decodeMethodCall(document)).toEqual({ method: 'm', params: [expected] });
});

test.each([
  ['<methodCall/>', false],
  ['<methodCall>', true],
  ['\ufeff<?xml version="1.0"?>\r\n<!-- a - b -->\n<methodCall >', true],
  ['<!-- <methodCall> --><publish/>', false],
  ['<methodCallx>', false],
])('whether %j is a call', (document, expected) => {
  expect(isMethodCall(document)).toBe(expected);
});
