import { expect, test } from 'vitest';
import { encodeException, encodeMessage, encodeResults } from '../../../src/codec/script-response-xml.ts';
import { BrokerError } from '../../../src/model/error.ts';
import type { ErrorCode } from '../../../src/model/error-codes.ts';
import { DEFAULT_PUBLISH_QOS, type ReceivedMessage } from '../../../src/model/message.ts';
import { createMsgKey } from '../../../src/model/msg-key.ts';
import { textOf } from '../../../src/model/xml-element.ts';
import { parse } from './elements.ts';

const message: ReceivedMessage = {
  key: createMsgKey('x', { attributes: [{ name: 'oid', value: 'x' }], children: [], inner: '<a/>' }),
  content: Buffer.from('<hi>'),
  qos: DEFAULT_PUBLISH_QOS,
  sender: '/node/n/client/joe',
  rcvTimestamp: 1n,
  expiresAt: Number.POSITIVE_INFINITY,
  sharedQos: undefined,
};
const QOS = "<qos>\n <sender>/node/n/client/joe</sender>\n <rcvTimestamp nanos='1'/>\n <isPublish/>\n</qos>";

test('a message is its QoS, key and content, as far as they are wanted', () => {
  const write = (content: boolean, meta: boolean) => encodeMessage(message, { content, meta }, undefined, 0);
  expect(write(true, true)).toBe(`${QOS}\n<key oid='x'><a/></key>\n<content><![CDATA[<hi>]]></content>`);
  expect(write(false, false)).toBe(`${QOS}\n<key oid='x'/>\n<content/>`);
});

test.each([
  [[], '<get/>\n'],
  [['A'], '<get>\nA\n</get>\n'],
  [['A', 'B'], '<get>\n<message>\nA\n</message>\n<message>\nB\n</message>\n</get>\n'],
])('%j results', (results, xml) => {
  expect([...encodeResults('get', results, results.length)].join('')).toBe(xml);
});

test.each<[message: string, shown: string]>([
  ['plain', 'plain'],
  ['<a> & "b" ]]>', '<a> & "b" ]]>'],
  ['two\r\nlines', 'two\r\nlines'],
  ['é😀', 'é😀'],
  ['a\0b', 'a\ufffdb'],
  ['a\ud83d', 'a\ufffd'],
  ['a\uffff', 'a\ufffd'],
])('the message %j of an exception reads %j', (text, shown) => {
  const element = parse(encodeException(new BrokerError('user.illegalArgument', text)));
  expect(element.name).toBe('exception');
  expect(element.attributes).toEqual([{ name: 'errorCode', value: 'user.illegalArgument' satisfies ErrorCode }]);
  expect(textOf(element)).toBe(shown);
});

test('an exception says nothing but code and message', () => {
  const error = new BrokerError('internal.unknown', 'broken', { cause: new Error('secret') });
  expect(encodeException(error)).toBe("<exception errorCode='internal.unknown'><message>broken</message></exception>");
});
