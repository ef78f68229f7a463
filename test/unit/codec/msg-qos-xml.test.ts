import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMsgQos } from '../../../src/codec/msg-qos-xml.ts';
import { decodePublishQos } from '../../../src/codec/publish-qos-xml.ts';
import { DEFAULT_PUBLISH_QOS, type PublishQos, type ReceivedMessage, type UpdateInfo } from '../../../src/model/message.ts';
import { createPlainKey } from '../../../src/model/msg-key.ts';
import { parseSessionName } from '../../../src/model/session-name.ts';
import { parseDom } from './dom.ts';
import { parse } from './elements.ts';
import { TOPIC } from './topic-qos.ts';

const NOW = 1_700_000_000_000;
const INFO: UpdateInfo = { subscriptionId: '__subId:1', redeliver: 0, queueIndex: 0, queueSize: 2, isInitial: false };

function message(qos: Partial<PublishQos> = {}, expiresAt = Number.POSITIVE_INFINITY): ReceivedMessage {
  return {
    key: createPlainKey('x'),
    content: Buffer.from('content'),
    qos: { ...DEFAULT_PUBLISH_QOS, ...qos },
    sender: '/node/heron/client/joe/1',
    rcvTimestamp: 1_700_000_000_000_000_001n,
    expiresAt,
    sharedQos: undefined,
  };
}

function lines(qos: Partial<PublishQos>, info: UpdateInfo | undefined, expiresAt?: number): string[] {
  return encodeMsgQos(message(qos, expiresAt), info, NOW).split('\n').slice(1, -1);
}

describe('the QoS of an update', () => {
  test('of a plain message says only what there is to say', () => {
    expect(encodeMsgQos(message(), INFO, NOW)).toBe(`<qos>
 <sender>/node/heron/client/joe/1</sender>
 <subscribe id='__subId:1'/>
 <rcvTimestamp nanos='1700000000000000001'/>
 <queue index='0' size='2'/>
 <isPublish/>
</qos>`);
  });

  test('of a message that has everything is in the order of the original', () => {
    const qos: PublishQos = {
      priority: 7,
      persistent: true,
      lifeTimeMs: 60_000,
      forceDestroy: true,
      forceUpdate: false,
      administrative: false,
      topic: { ...TOPIC, readonly: true, destroyDelayMs: 0, historyMaxEntries: 3 },
      destinations: [
        { name: { subject: 'a&b' }, text: 'client/a&b', forceQueuing: false },
        { name: { subject: 'joe', pubSessionId: 2 }, text: '/node/heron/client/joe/2', forceQueuing: true },
      ],
      subscribable: false,
      state: { id: "it's", info: '<moved>' },
      clientProperties: [
        { name: 'a"b', value: '1\r\n<&', type: 'int' },
        { name: 'b', value: 'AA==', type: 'byte[]', encoding: 'base64', charset: 'UTF-8' },
      ],
    };
    const info: UpdateInfo = { subscriptionId: "a'&", redeliver: 2, queueIndex: 1, queueSize: 5, isInitial: true };
    expect(encodeMsgQos(message(qos, NOW + 59_977), info, NOW)).toBe(`<qos>
 <state id='it&apos;s' info='&lt;moved&gt;'/>
 <subscribable>false</subscribable>
 <destination>client/a&amp;b</destination>
 <destination forceQueuing='true'>/node/heron/client/joe/2</destination>
 <sender>/node/heron/client/joe/1</sender>
 <priority>HIGH</priority>
 <subscribe id='a&apos;&amp;'/>
 <expiration lifeTime='60000' remainingLife='59977' forceDestroy='true'/>
 <rcvTimestamp nanos='1700000000000000001'/>
 <queue index='1' size='5'/>
 <administrative>false</administrative>
 <persistent/>
 <forceUpdate>false</forceUpdate>
 <redeliver>2</redeliver>
 <isPublish/>
 <clientProperty name='__isInitialUpdate' type='boolean'>true</clientProperty>
 <clientProperty name='a&quot;b' type='int'>1&#13;&#10;&lt;&amp;</clientProperty>
 <clientProperty name='b' type='byte[]' encoding='base64' charset='UTF-8'>AA==</clientProperty>
</qos>`);
  });

  test('in the answer to a get has the topic, and nothing of a subscription', () => {
    const distributor = 'ConsumableQueue';
    const topic = {
      ...TOPIC,
      distributor,
      readonly: true,
      destroyDelayMs: -1,
      createDomEntry: false,
      historyMaxEntries: 3,
      storeMaxBytes: 9,
    } as const;
    expect(lines({ topic }, undefined)).toEqual([
      ' <sender>/node/heron/client/joe/1</sender>',
      " <rcvTimestamp nanos='1700000000000000001'/>",
      ' <isPublish/>',
      " <topic readonly='true' destroyDelay='-1' createDomEntry='false'><msgDistributor typeVersion='ConsumableQueue,1.0'/><persistence relating='msgUnitStore' maxBytes='9'/><queue relating='history' maxEntries='3'/></topic>",
    ]);
    expect(lines({ topic }, INFO).join()).not.toContain('topic');
  });

  test.each([
    [0, 'MIN'],
    [1, '1'],
    [2, '2'],
    [3, 'LOW'],
    [4, '4'],
    [5, undefined],
    [6, '6'],
    [7, 'HIGH'],
    [8, '8'],
    [9, 'MAX'],
  ])('writes priority %i as %s', (priority, written) => {
    const [line] = lines({ priority }, undefined).filter((text) => text.includes('priority'));
    expect(line).toBe(written && ` <priority>${written}</priority>`);
  });

  test.each<[qos: Partial<PublishQos>, expiresAt: number, written: string | undefined]>([
    [{}, Number.POSITIVE_INFINITY, undefined],
    [{ lifeTimeMs: 100 }, NOW + 100, " <expiration lifeTime='100' remainingLife='100'/>"],
    [{ lifeTimeMs: 100 }, NOW, " <expiration lifeTime='100'/>"],
    [{ lifeTimeMs: 100 }, NOW - 1, " <expiration lifeTime='100'/>"],
    [{ lifeTimeMs: 0, forceDestroy: false }, NOW, " <expiration lifeTime='0' forceDestroy='false'/>"],
    [{ lifeTimeMs: -1 }, Number.POSITIVE_INFINITY, " <expiration lifeTime='-1'/>"],
    [{ forceDestroy: true }, Number.POSITIVE_INFINITY, " <expiration forceDestroy='true'/>"],
    [{ lifeTimeMs: Number.MAX_SAFE_INTEGER }, Number.POSITIVE_INFINITY, " <expiration lifeTime='9007199254740991'/>"],
  ])('writes the expiration of %j', (qos, expiresAt, written) => {
    const [line] = lines(qos, undefined, expiresAt).filter((text) => text.includes('expiration'));
    expect(line).toBe(written);
  });

  test('tells each reader how long is left', () => {
    const shared = message({ lifeTimeMs: 100 }, NOW + 100);
    expect(encodeMsgQos(shared, undefined, NOW)).toContain("remainingLife='100'");
    expect(encodeMsgQos(shared, { ...INFO, redeliver: 1 }, NOW + 99)).toContain("remainingLife='1'");
  });
});

const text = fc.string({
  unit: fc.constantFrom('a', ' ', '\r', '\n', '\t', '<', '>', '&', '"', "'", ']]>', '\u0085', '\u2028', '\u2029', 'é', '😀'),
  maxLength: 6,
});
const word = fc.string({ unit: fc.constantFrom('a', 'B', '<', '&', '"', "'", 'é'), minLength: 1, maxLength: 4 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const property = fc
  .record({ name: text, value: text, type: maybe(word), encoding: maybe(word), charset: maybe(word) })
  .map(({ name, value, ...rest }) => ({
    name,
    value,
    ...Object.fromEntries(Object.entries(rest).filter(([, given]) => given !== undefined)),
  }));
const destination = fc
  .record({ name: fc.constantFrom('joe', 'joe/1', "o'neil/-3", '/node/x/client/jack', 'a&b'), forceQueuing: fc.boolean() })
  .map(({ name, forceQueuing }) => ({
    name: parseSessionName(name),
    text: name.startsWith('/') ? name : `client/${name}`,
    forceQueuing,
  }));
const publishQos: fc.Arbitrary<PublishQos> = fc.record({
  priority: fc.nat(9),
  persistent: maybe(fc.boolean()),
  lifeTimeMs: maybe(fc.maxSafeInteger()),
  forceDestroy: maybe(fc.boolean()),
  forceUpdate: maybe(fc.boolean()),
  administrative: fc.constant(undefined),
  topic: maybe(
    fc.record({
      readonly: maybe(fc.boolean()),
      destroyDelayMs: maybe(fc.maxSafeInteger()),
      createDomEntry: maybe(fc.boolean()),
      historyMaxEntries: maybe(fc.nat()),
      historyMaxBytes: maybe(fc.maxSafeInteger()),
      storeMaxEntries: maybe(fc.nat()),
      storeMaxBytes: maybe(fc.maxSafeInteger()),
      distributor: maybe(fc.constant('ConsumableQueue' as const)),
    }),
  ),
  destinations: fc.array(destination, { maxLength: 3 }),
  subscribable: maybe(fc.boolean()),
  state: maybe(fc.record({ id: word, info: word })),
  clientProperties: fc.uniqueArray(property, { selector: ({ name }) => name, maxLength: 3 }),
});

test('what a publisher asked for reads back from the answer to a get, and parses elsewhere', () => {
  fc.assert(
    fc.property(publishQos, (qos) => {
      const xml = encodeMsgQos(message(qos), undefined, NOW);
      expect(decodePublishQos(parse(xml))).toEqual(qos);
      expect(parseDom(xml)).toEqual(parse(xml));
    }),
    { numRuns: 2_000 },
  );
});

test('an update says the same but for the topic', () => {
  fc.assert(
    fc.property(publishQos, fc.boolean(), (qos, isInitial) => {
      const decoded = decodePublishQos(parse(encodeMsgQos(message(qos), { ...INFO, isInitial, redeliver: 1 }, NOW)));
      const initial = isInitial ? [{ name: '__isInitialUpdate', type: 'boolean', value: 'true' }] : [];
      expect(decoded).toEqual({ ...qos, topic: undefined, clientProperties: [...initial, ...qos.clientProperties] });
    }),
    { numRuns: 500 },
  );
});
