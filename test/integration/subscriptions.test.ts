import { describe, expect, test } from 'vitest';
import { child, exceptionOf, type ReadMessage, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { asJoe, subscribe, texts, unSubscribe, updates } from '../helpers/joe.ts';
import { readStatistics } from '../helpers/statistics.ts';

const idOf = ({ qos }: ReadMessage): string => child(qos, 'subscribe')?.getAttribute('id') ?? '';

const XPATH = "<key queryType='XPATH'>//t</key>";
const DOMAIN = "<key queryType='DOMAIN' domain='d'/>";

describe('a subscription', () => {
  test('by oid, XPath and domain meets the topics that are there and those that come', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', '1', { 'X-Key': '<key domain="d"><t/></key>' });
    for (const key of ['<key oid="a"/>', XPATH, DOMAIN]) await subscribe(broker, key);
    expect(await texts(broker)).toEqual(['1', '1', '1']);
    await broker.put('/topics/b', '2', { 'X-Key': '<key domain="d"><t/></key>' });
    expect(await texts(broker)).toEqual(['2', '2']);
    await broker.put('/topics/c', '3', { 'X-Key': '<key domain="e"><u/></key>' });
    expect(await texts(broker)).toEqual([]);
  });

  test('by XPath meets a topic that only had exact subscribers once it gets its key', async () => {
    const broker = await startBroker();
    await subscribe(broker, '<key oid="a"/>');
    await subscribe(broker, XPATH);
    await broker.put('/topics/a', '1', { 'X-Key': '<t/>' });
    expect(await texts(broker)).toEqual(['1', '1']);
  });

  test('sees a document with its topic alone', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', 'a', { 'X-Key': '<t/>' });
    await broker.put('/topics/b', 'b', { 'X-Key': '<p:t xmlns:p="urn:x"/>' });
    for (const [xpath, expected] of [
      ["/xmlBlaster/key[@oid='a']", ['a']],
      ['//key[following-sibling::key]', []],
      ['/key', []],
      ['count(//key) = 1', ['a', 'b']],
      ['//p:t', ['b']],
      ["//*[@xmlns:p='urn:x']", ['b']],
      ['//t | //p:t', ['a', 'b']],
      ['false()', []],
    ] as const) {
      const { body } = await broker.post(`<get><key queryType='XPATH'><![CDATA[${xpath}]]></key></get>`);
      expect(textsOf(body), xpath).toEqual(expected);
    }
  });

  test('ends by its id, by its oid, by its XPath and by its domain', async () => {
    const broker = await startBroker();
    const key = { 'X-Key': '<key domain="d"><t/></key>' };
    for (const [query, end] of [
      ['<key oid="a"/>', (id: string) => `<key oid="${id}"/>`],
      ['<key oid="a"/>', () => '<key oid="a"/>'],
      [XPATH, (id: string) => `<key oid="${id}"/>`],
      [XPATH, () => XPATH],
      [DOMAIN, () => DOMAIN],
    ] as const) {
      const id = await subscribe(broker, query);
      await broker.put('/topics/a', '1', key);
      expect(await texts(broker)).toContain('1');
      expect(await unSubscribe(broker, end(id))).toContain(id);
      await broker.put('/topics/a', '2', key);
      expect(await texts(broker)).toEqual([]);
      expect((await readStatistics(broker)).subscriptions).toBe(0);
      expect(await unSubscribe(broker, end(id)), 'a second time there is nothing').toEqual([]);
    }
  });

  test('of another session is not ended', async () => {
    const broker = await startBroker();
    const id = await subscribe(broker, '<key oid="a"/>');
    await broker.post(`<unSubscribe><key oid="${id}"/></unSubscribe>`, '/?session=sue/1');
    await broker.post('<unSubscribe><key oid="a"/></unSubscribe>', '/?session=sue/1');
    expect((await readStatistics(broker)).subscriptions).toBe(1);
  });

  test('by XPath can be ended for one topic alone, by the id that its update carries', async () => {
    const broker = await startBroker();
    for (const oid of ['a', 'b']) await broker.put(`/topics/${oid}`, oid, { 'X-Key': '<t/>' });
    await subscribe(broker, XPATH);
    await updates(broker);
    expect(await unSubscribe(broker, '<key oid="a"/>')).toHaveLength(1);
    for (const oid of ['a', 'b']) await broker.put(`/topics/${oid}`, oid, { 'X-Key': '<t/>' });
    expect(await texts(broker)).toEqual(['b']);
  });
});

describe('the id of a subscription', () => {
  test.each(['__subId:joe-news', '__subId:client/joe/session/1-news'])('may be chosen by the client: %s', async (id) => {
    const broker = await startBroker();
    expect(await subscribe(broker, '<key oid="a"/>', `<subscribe id='${id}'/>`)).toBe(id);
    await broker.put('/topics/a', '1');
    expect((await updates(broker)).map(idOf)).toEqual([id]);
    expect(await unSubscribe(broker, `<key oid="${id}"/>`)).toEqual([id]);
  });

  test.each(['news', '__subId:sue-news', '__subId:client/sue/session/1-news', '__subId:', `__subId:joe-${'x'.repeat(1_100)}`])(
    'must not be %s',
    async (id) => {
      const broker = await startBroker();
      const { status, body } = await asJoe(broker, `<subscribe><key oid="a"/><qos><subscribe id='${id}'/></qos></subscribe>`);
      expect([status, exceptionOf(body).code]).toEqual([400, 'user.subscribe.id']);
      expect((await readStatistics(broker)).subscriptions).toBe(0);
    },
  );

  test('is replaced when the same id subscribes something else', async () => {
    const broker = await startBroker();
    const qos = "<subscribe id='__subId:joe-1'/>";
    await subscribe(broker, '<key oid="a"/>', qos);
    await subscribe(broker, '<key oid="b"/>', qos);
    await broker.put('/topics/a', 'a');
    await broker.put('/topics/b', 'b');
    expect(await texts(broker)).toEqual(['b']);
  });
});
