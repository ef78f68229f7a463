import { expect, test } from 'vitest';
import { decodeQueryQos } from '../../../src/codec/query-qos-xml.ts';
import { DEFAULT_QUERY_QOS, type QueryQos } from '../../../src/model/query.ts';
import { refusalOf } from './broker-error.ts';
import { parse, qos } from './elements.ts';

test('without a word it is the default', () => {
  expect(decodeQueryQos(undefined)).toEqual(DEFAULT_QUERY_QOS);
  expect(decodeQueryQos(parse('<qos/>'))).toEqual(DEFAULT_QUERY_QOS);
  expect(decodeQueryQos(qos('<isSubscribe/><x/>'))).toEqual(DEFAULT_QUERY_QOS);
});

test.each<[xml: string, expected: Partial<QueryQos>]>([
  ["<subscribe id='__subId:joe-1'/>", { subscriptionId: '__subId:joe-1' }],
  ['<id> __subId:joe-1 </id>', { subscriptionId: '__subId:joe-1' }],
  ["<subscribe id='a'/><id>b</id>", { subscriptionId: 'a' }],
  ["<subscribe id=''/><id/>", {}],
  ['<content>false</content>', { content: false }],
  ['<content/>', {}],
  ['<meta>FALSE</meta>', { meta: false }],
  ['<multiSubscribe>false</multiSubscribe>', { multiSubscribe: false }],
  ['<multisubscribe>false</multisubscribe>', { multiSubscribe: false }],
  ['<local>false</local>', { local: false }],
  ['<initialUpdate>false</initialUpdate>', { initialUpdate: false }],
  ['<notify>false</notify>', { notify: false }],
  ['<persistent/>', { persistent: true }],
  ["<erase forceDestroy='true'/>", { forceDestroy: true }],
  ['<erase/>', {}],
  ["<history numEntries='20'/>", { history: { numEntries: 20, newestFirst: true } }],
  ["<history numEntries='-1' newestFirst='false'/>", { history: { numEntries: -1, newestFirst: false } }],
  ["<history numEntries='-5'/>", { history: { numEntries: -1, newestFirst: true } }],
  ["<history numEntries='0'/>", { history: { numEntries: 0, newestFirst: true } }],
  ['<history/>', { history: { numEntries: 1, newestFirst: true } }],
  ["<filter type='A'>x</filter>", { filters: [{ type: 'A', version: '1.0', query: 'x' }] }],
  [
    "<FILTER TYPE=' A ' version='2'>\n a &lt; 1 <![CDATA[AND <b>]]>\n</FILTER><filter type='B'/>",
    {
      filters: [
        { type: 'A', version: '2', query: 'a < 1 AND <b>' },
        { type: 'B', version: '1.0', query: '' },
      ],
    },
  ],
  ["<querySpec type='QueueQuery' version='1.0'><![CDATA[a=1&b=2]]></querySpec>", { querySpec: 'a=1&b=2' }],
  ["<querySpec type='QueueQuery'>a</querySpec><querySpec type='QueueQuery'>b</querySpec>", { querySpec: 'a' }],
  ...['true', 'false'].map((value): [string, Partial<QueryQos>] => [
    `<clientProperty name='__newestOnly' type='boolean'>${value}</clientProperty>`,
    { newestOnly: value === 'true', clientProperties: [{ name: '__newestOnly', type: 'boolean', value }] },
  ]),
  ["<erase><history numEntries='-1'/></erase>", { history: { numEntries: -1, newestFirst: true } }],
])('%s', (xml, expected) => {
  expect(decodeQueryQos(qos(xml))).toEqual({ ...DEFAULT_QUERY_QOS, ...expected });
});

test.each([
  ['<local>maybe</local>', 'local: "maybe" is not true or false'],
  ["<history numEntries='all'/>", 'numEntries: "all" is not a whole number'],
  ["<history newestFirst='1'/>", 'newestFirst: "1" is not true or false'],
  ["<erase forceDestroy='yes'/>", 'forceDestroy: "yes" is not true or false'],
  ['<filter>x</filter>', "<filter> has no type; write <filter type='…'>"],
  ["<querySpec type='Sql'>a</querySpec>", '<querySpec>: the type "Sql" is unknown; known is QueueQuery'],
])('refuses %s', (xml, message) => {
  expect(refusalOf(() => decodeQueryQos(qos(xml)))).toEqual({ code: 'user.illegalArgument', message });
});
