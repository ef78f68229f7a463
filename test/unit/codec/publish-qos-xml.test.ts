import { describe, expect, test } from 'vitest';
import { decodePublishQos } from '../../../src/codec/publish-qos-xml.ts';
import { DEFAULT_PUBLISH_QOS, type PublishQos } from '../../../src/model/message.ts';
import { titled } from '../titled.ts';
import { refusalOf } from './broker-error.ts';
import { parse, qos } from './elements.ts';
import { TOPIC } from './topic-qos.ts';

describe('the QoS of a publish', () => {
  test('without a word is the default', () => {
    expect(decodePublishQos(undefined)).toEqual(DEFAULT_PUBLISH_QOS);
    expect(decodePublishQos(parse('<qos/>'))).toEqual(DEFAULT_PUBLISH_QOS);
    expect(decodePublishQos(qos('\n <!-- nothing --> '))).toEqual(DEFAULT_PUBLISH_QOS);
    expect(decodePublishQos(qos('<unknown a="1">x</unknown><priorities/>'))).toEqual(DEFAULT_PUBLISH_QOS);
  });

  test.each<[xml: string, expected: Partial<PublishQos>]>([
    // Priority
    ...['0', '3', '9'].map((text): [string, Partial<PublishQos>] => [`<priority>${text}</priority>`, { priority: Number(text) }]),
    ['<priority> +3\n</priority>', { priority: 3 }],
    ['<priority>MIN</priority>', { priority: 0 }],
    ['<priority>low</priority>', { priority: 3 }],
    ['<priority>Norm</priority>', { priority: 5 }],
    ['<priority>NORMAL</priority>', { priority: 5 }],
    ['<priority>HIGH</priority>', { priority: 7 }],
    ['<priority>maximum</priority>', { priority: 9 }],
    ['<priority/>', { priority: 5 }],
    ['<priority>1</priority><priority>2</priority>', { priority: 2 }],
    // Flags: the element alone is true
    ['<persistent/>', { persistent: true }],
    ['<persistent></persistent>', { persistent: true }],
    ['<persistent> TRUE </persistent>', { persistent: true }],
    ['<persistent>false</persistent>', { persistent: false }],
    ['<PERSISTENT>False</PERSISTENT>', { persistent: false }],
    ['<forceUpdate>false</forceUpdate>', { forceUpdate: false }],
    ['<administrative/>', { administrative: true, priority: 9 }],
    ['<administrative>false</administrative>', { administrative: false }],
    ['<administrative/><priority>LOW</priority>', { administrative: true, priority: 3 }],
    // Expiration
    ["<expiration lifeTime='1000'/>", { lifeTimeMs: 1_000 }],
    ["<expiration lifetime=' 0 ' FORCEDESTROY='true'/>", { lifeTimeMs: 0, forceDestroy: true }],
    ["<expiration lifeTime='-7' forceDestroy='false' remainingLife='5'/>", { lifeTimeMs: -7, forceDestroy: false }],
    ["<expiration lifeTime='9223372036854775807'/>", { lifeTimeMs: Number.MAX_SAFE_INTEGER }],
    ["<expiration lifeTime='-9223372036854775808'/>", { lifeTimeMs: -Number.MAX_SAFE_INTEGER }],
    ["<expiration lifeTime=''/>", {}],
    ['<expiration/>', {}],
    ['<isVolatile>true</isVolatile>', { lifeTimeMs: 0 }],
    ['<isVolatile/>', {}],
    ['<isVolatile>false</isVolatile>', {}],
    ["<isVolatile>true</isVolatile><expiration lifeTime='5'/>", { lifeTimeMs: 5 }],
    // Topic
    ['<topic/>', { topic: TOPIC }],
    [
      "<topic readonly='true' destroyDelay='-1' createDomEntry='false'/>",
      { topic: { ...TOPIC, readonly: true, destroyDelayMs: -1, createDomEntry: false } },
    ],
    ["<topic><queue relating='history' maxEntries='3'/></topic>", { topic: { ...TOPIC, historyMaxEntries: 3 } }],
    ["<topic><queue relating='HISTORY' maxEntries='3'/></topic>", { topic: { ...TOPIC, historyMaxEntries: 3 } }],
    [
      "<topic><persistence relating='msgUnitStore' maxEntries='9'/><queue relating='msgUnitStore' maxEntries='9'/></topic>",
      { topic: { ...TOPIC, storeMaxEntries: 9 } },
    ],
    ["<topic><queue maxEntries='9' maxBytes='7'/></topic>", { topic: { ...TOPIC, storeMaxEntries: 9, storeMaxBytes: 7 } }],
    // Receivers
    [
      '<destination>joe</destination><destination forceQueuing="true"> /node/heron/client/jack/2 </destination>',
      {
        destinations: [
          { name: { subject: 'joe' }, text: 'client/joe', forceQueuing: false },
          { name: { subject: 'jack', pubSessionId: 2 }, text: '/node/heron/client/jack/2', forceQueuing: true },
        ],
      },
    ],
    [
      "<destination queryType='exact'>joe/-1</destination><subscribable>false</subscribable>",
      {
        destinations: [{ name: { subject: 'joe', pubSessionId: -1 }, text: 'client/joe/-1', forceQueuing: false }],
        subscribable: false,
      },
    ],
    ['<readonly/>', { topic: { ...TOPIC, readonly: true } }],
    ["<readonly/><topic readonly='false'/>", { topic: { ...TOPIC, readonly: false } }],
    ["<queue relating='history' maxEntries='3'/>", {}],
    // State
    ["<state id='OK'/>", {}],
    ["<state id=' MOVED ' info='to x'/>", { state: { id: 'MOVED', info: 'to x' } }],
    ["<state info='x'/>", { state: { id: 'OK', info: 'x' } }],
    // What the broker knows better
    [
      "<sender>/node/x/client/y</sender><rcvTimestamp nanos='1'/><redeliver>4</redeliver><queue index='1' size='2'/><isPublish/>",
      {},
    ],
    // Client properties
    ["<clientProperty name='a'> x </clientProperty>", { clientProperties: [{ name: 'a', value: ' x ' }] }],
    [
      "<clientProperty name='a' type='int' encoding='' charset=' '>5</clientProperty>",
      { clientProperties: [{ name: 'a', value: '5', type: 'int' }] },
    ],
    [
      "<clientProperty name='b' type='byte[]' encoding='base64' charset='UTF-8'>AA==</clientProperty>",
      { clientProperties: [{ name: 'b', value: 'AA==', type: 'byte[]', encoding: 'base64', charset: 'UTF-8' }] },
    ],
    [
      "<clientProperty name='a'>1</clientProperty><clientProperty name='b'/><clientProperty name='a'>2</clientProperty>",
      {
        clientProperties: [
          { name: 'a', value: '2' },
          { name: 'b', value: '' },
        ],
      },
    ],
    ['<clientProperty>x</clientProperty>', { clientProperties: [{ name: '', value: 'x' }] }],
    ["<clientProperty name='__proto__'>x</clientProperty>", { clientProperties: [{ name: '__proto__', value: 'x' }] }],
    [
      "<clientProperty name='a' type='moon'><![CDATA[<b>]]>&amp;</clientProperty>",
      { clientProperties: [{ name: 'a', value: '<b>&', type: 'moon' }] },
    ],
  ])('%s', (xml, expected) => {
    expect(decodePublishQos(qos(xml))).toEqual({ ...DEFAULT_PUBLISH_QOS, ...expected });
  });

  // The original takes the default in silence; here the publisher learns of it.
  test.each(
    titled([
      ['<priority>10</priority>', 'priority: "10" is not 0 to 9, MIN, LOW, NORM, HIGH or MAX'],
      ['<priority>-1</priority>', 'priority: "-1" is not 0 to 9, MIN, LOW, NORM, HIGH or MAX'],
      ['<priority>urgent</priority>', 'priority: "urgent" is not 0 to 9, MIN, LOW, NORM, HIGH or MAX'],
      ['<persistent>yes</persistent>', 'persistent: "yes" is not true or false'],
      ['<forceUpdate>1</forceUpdate>', 'forceUpdate: "1" is not true or false'],
      ['<isVolatile>perhaps</isVolatile>', 'isVolatile: "perhaps" is not true or false'],
      ["<expiration lifeTime='1s'/>", 'lifeTime: "1s" is not a whole number'],
      ["<expiration lifeTime='1.5'/>", 'lifeTime: "1.5" is not a whole number'],
      ["<expiration lifeTime='0x10'/>", 'lifeTime: "0x10" is not a whole number'],
      ["<expiration lifeTime='1e3'/>", 'lifeTime: "1e3" is not a whole number'],
      ["<expiration forceDestroy='no'/>", 'forceDestroy: "no" is not true or false'],
      ["<topic destroyDelay='soon'/>", 'destroyDelay: "soon" is not a whole number'],
      ["<topic><queue relating='history' maxEntries='many'/></topic>", 'maxEntries: "many" is not a whole number'],
      ["<destination queryType='XPATH'>//joe</destination>", "<destination queryType='XPATH'> is not supported; name a client"],
      [
        `<priority>${'9'.repeat(100_000)}</priority>`,
        `priority: "${'9'.repeat(60)}…" is not 0 to 9, MIN, LOW, NORM, HIGH or MAX`,
      ],
    ]),
  )('refuses %s', (_, xml, message) => {
    expect(refusalOf(() => decodePublishQos(qos(xml)))).toEqual({ code: 'user.illegalArgument', message });
  });
});
