import { expect, test } from 'vitest';
import {
  encodeConnectReturnQos,
  encodeEraseReturnQos,
  encodePublishReturnQos,
  encodeSubscribeReturnQos,
  encodeUnSubscribeReturnQos,
  OK_QOS,
} from '../../../src/codec/return-qos-xml.ts';

import { type ConnectQos, DEFAULT_CONNECT_QOS } from '../../../src/model/connect.ts';
import { attributeOf, childOf } from '../../../src/model/xml-element.ts';
import { parse } from './elements.ts';

const published = { oid: "a'<&>\n", rcvTimestamp: 1_700_000_000_000_000_000n, info: undefined, isNewTopic: true };

// The original's Java clients search these answers for literal tokens: one blank, the attribute first.
test('the answers have the form of the original', () => {
  expect(OK_QOS).toBe("<qos><state id='OK'/></qos>");
  expect(encodePublishReturnQos(published)).toBe(
    "<qos>\n <key oid='a&apos;&lt;&amp;&gt;&#10;'/>\n <rcvTimestamp nanos='1700000000000000000'/>\n <isPublish/>\n</qos>",
  );
  expect(encodeSubscribeReturnQos({ subscriptionId: '__subId:1', isKnown: false })).toBe(
    "<qos>\n <subscribe id='__subId:1'/>\n <isSubscribe/>\n</qos>",
  );
  expect(encodeUnSubscribeReturnQos('__subId:1')).toBe("<qos>\n <subscribe id='__subId:1'/>\n <isUnSubscribe/>\n</qos>");
  expect(encodeEraseReturnQos('x')).toBe("<qos>\n <key oid='x'/>\n <isErase/>\n</qos>");
});

test('a remark stands in the state', () => {
  const state = childOf(parse(encodePublishReturnQos({ ...published, info: "it's <not> durable" })), 'state');
  expect(state && [attributeOf(state, 'id'), attributeOf(state, 'info')]).toEqual(['OK', "it's <not> durable"]);
});

test('subscribing again warns', () => {
  const state = childOf(parse(encodeSubscribeReturnQos({ subscriptionId: 'x', isKnown: true })), 'state');
  expect(state && attributeOf(state, 'id')).toBe('WARNING');
});

test('the answer to connect ends the session element with the secret id', () => {
  const reply = {
    secretSessionId: 'sessionId:1',
    absoluteName: '/node/heron/client/joe/1',
    instanceId: '/xmlBlaster/node/heron/instanceId/1',
    timeoutMs: 1_000,
    maxSessions: 10,
    asked: DEFAULT_CONNECT_QOS,
    isReconnect: false,
    callbackQueue: { maxEntries: 5, maxBytes: 100, onOverflow: 'deadMessage' } as const,
    subjectQueue: { maxEntries: 7, maxBytes: 200, onOverflow: 'exception' } as const,
    queueSize: 3,
    nowMs: 1_700_000_000_046,
  };
  expect(encodeConnectReturnQos(reply)).toBe(`<qos>
 <instanceId>/xmlBlaster/node/heron/instanceId/1</instanceId>
 <session name='/node/heron/client/joe/1' timeout='1000' maxSessions='10' clearSessions='false' reconnectSameClientOnly='false' sessionId='sessionId:1'/>
 <queue relating='subject' maxEntries='7' maxBytes='200' onOverflow='exception'/>
 <queue relating='callback' maxEntries='5' maxBytes='100' onOverflow='deadMessage'/>
 <clientProperty name='__cbQueueNumOfEntries' type='long'>3</clientProperty>
 <clientProperty name='__rcvTimestampStr'>2023-11-14 22:13:20.046Z</clientProperty>
</qos>`);
  expect(encodeConnectReturnQos({ ...reply, isReconnect: true })).toContain('\n <reconnected/>\n');
  const callback = {
    type: 'SOCKET',
    address: 'socket://here:1',
    sessionId: "'x",
    pingIntervalMs: 1_000,
    retries: -1,
    delayMs: 60_000,
    oneway: false,
    usesDatagrams: false,
    contentAsString: false,
    dispatcherActive: true,
    burst: { collectTimeMs: 0, maxEntries: 1, maxBytes: -1 },
  };
  const asked: ConnectQos = {
    ...DEFAULT_CONNECT_QOS,
    callback,
    ptp: false,
    duplicateUpdates: true,
    clientProperties: [{ name: 'a', value: '<' }],
  };
  expect(encodeConnectReturnQos({ ...reply, asked })).toContain('<qos>\n <ptp>false</ptp>\n <duplicateUpdates/>\n <instanceId>');
  expect(encodeConnectReturnQos({ ...reply, asked })).toContain(`
 <queue relating='callback' maxEntries='5' maxBytes='100' onOverflow='deadMessage'>
  <callback type='SOCKET' sessionId='&apos;x' pingInterval='1000' retries='-1' delay='60000' oneway='false' dispatcherActive='true'>
   socket://here:1
   <burstMode collectTime='0' maxEntries='1' maxBytes='-1'/>
  </callback>
 </queue>
 <clientProperty name='a'>&lt;</clientProperty>
`);
});
