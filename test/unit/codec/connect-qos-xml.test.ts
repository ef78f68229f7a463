import { expect, test } from 'vitest';
import { decodeConnectQos } from '../../../src/codec/connect-qos-xml.ts';
import { type ConnectQos, DEFAULT_CONNECT_QOS } from '../../../src/model/connect.ts';
import { refusalOf } from './broker-error.ts';
import { parse, qos } from './elements.ts';

test('without a word it is the default', () => {
  expect(decodeConnectQos(undefined)).toEqual(DEFAULT_CONNECT_QOS);
  expect(decodeConnectQos(parse('<qos/>'))).toEqual(DEFAULT_CONNECT_QOS);
  expect(
    decodeConnectQos(qos("<clusterNode>false</clusterNode><instanceId>x</instanceId><serverRef type='SOCKET'>y</serverRef>")),
  ).toEqual(DEFAULT_CONNECT_QOS);
});

const QUEUE = DEFAULT_CONNECT_QOS.callbackQueue;

test.each<[xml: string, expected: Partial<ConnectQos>]>([
  [
    "<securityService type='htpasswd' version='1.0'><user> joe </user><passwd>s&amp;cret</passwd></securityService>",
    { user: 'joe', password: 's&cret' },
  ],
  [
    '<securityService><![CDATA[\n <user>joe</user>\n <passwd>s&amp;cret</passwd> ]]></securityService>',
    { user: 'joe', password: 's&cret' },
  ],
  ['<securityPlugin><user>joe</user></securityPlugin>', { user: 'joe' }],
  ['<securityService/>', {}],
  ["<session name='joe/1'/>", { sessionName: { subject: 'joe', pubSessionId: 1 } }],
  [
    "<session name='/node/x/client/joe/-3' sessionId='secret'/>",
    { sessionName: { subject: 'joe', pubSessionId: -3 }, secretSessionId: 'secret' },
  ],
  ["<session name='' timeout='' maxSessions='' clearSessions=''/>", {}],
  ["<session TIMEOUT='1000' maxsessions='3' CLEARSESSIONS='TRUE'/>", { timeoutMs: 1_000, maxSessions: 3, clearSessions: true }],
  ["<queue relating='callback' maxEntries='5' maxBytes='100'/>", { callbackQueue: { ...QUEUE, maxEntries: 5, maxBytes: 100 } }],
  [
    "<queue relating='callback' maxEntriesCache='5' maxBytesCache='100'/>",
    { callbackQueue: { ...QUEUE, maxEntriesCache: 5, maxBytesCache: 100 } },
  ],
  ["<queue relating='CALLBACK' maxEntries='5'/>", { callbackQueue: { ...QUEUE, maxEntries: 5 } }],
  ["<queue maxEntries='5'/>", { callbackQueue: { ...QUEUE, maxEntries: 5 } }],
  [
    "<queue relating='connection' maxEntries='1'/><queue relating='subject' maxEntries='2'/><queue relating='callback' maxEntries='3'/>",
    { callbackQueue: { ...QUEUE, maxEntries: 3 }, subjectQueue: { ...QUEUE, maxEntries: 2 } },
  ],
  ["<queue relating='subject' maxEntries='2'/>", { subjectQueue: { ...QUEUE, maxEntries: 2 } }],
  ["<queue relating='callback' onOverflow='DISCARDOLDEST'/>", { callbackQueue: { ...QUEUE, onOverflow: 'discardOldest' } }],
  ["<queue relating='callback' onOverflow='whatever'/>", { callbackQueue: { ...QUEUE, onOverflow: 'deadMessage' } }],
  ['<ptp>false</ptp><duplicateUpdates>false</duplicateUpdates>', { ptp: false, duplicateUpdates: false }],
  ["<session reconnectSameClientOnly='true'/><refreshSession/>", { reconnectSameClientOnly: true, refreshSession: true }],
  ['<persistent/>', { persistent: true }],
  ["<clientProperty name='a' type='int'>1</clientProperty>", { clientProperties: [{ name: 'a', type: 'int', value: '1' }] }],
])('%s', (xml, expected) => {
  expect(decodeConnectQos(qos(xml))).toEqual({ ...DEFAULT_CONNECT_QOS, ...expected });
});

test.each([
  ["<session name='joe/abc'/>", /^"joe\/abc" is not a session name: the part behind the slash must be a whole number/],
  ["<session timeout='abc'/>", /^timeout: "abc" is not a whole number$/],
  ["<session clearSessions='1'/>", /^clearSessions: "1" is not true or false$/],
  ["<queue maxEntries='lots'/>", /^maxEntries: "lots" is not a whole number$/],
  [
    '<securityService><![CDATA[<user>joe</passwd>]]></securityService>',
    /^Malformed XML, line 1, column 10: <\/passwd> stands where <\/user>/,
  ],
  ['<securityService><![CDATA[</securityService><user>root</user>]]></securityService>', /there is a second root element/],
])('refuses %s', (xml, message) => {
  const refusal = refusalOf(() => decodeConnectQos(qos(xml)));
  expect(refusal.code).toBe('user.illegalArgument');
  expect(refusal.message).toMatch(message);
});
