import { describe, expect, test } from 'vitest';
import { child, exceptionOf, parseXml, propertiesOf, type ReadMessage, readMessages, textsOf } from '../helpers/answers.ts';
import { type Answer, startBroker, type TestBroker } from '../helpers/broker.ts';
import { readStatistics } from '../helpers/statistics.ts';

const asJoe = (broker: TestBroker, xml: string): Promise<Answer> => broker.post(xml, '/?session=joe/1');

/** Subscribes as joe/1 and returns the id of the subscription. */
async function subscribe(broker: TestBroker, key: string, qos = ''): Promise<string> {
  const answer = await asJoe(broker, `<subscribe>${key}<qos>${qos}</qos></subscribe>`);
  expect(answer.status, answer.body).toBe(200);
  return parseXml(answer.body).getElementsByTagName('subscribe').item(1)?.getAttribute('id') ?? '';
}

async function unSubscribe(broker: TestBroker, key: string): Promise<string[]> {
  const { body } = await asJoe(broker, `<unSubscribe>${key}</unSubscribe>`);
  return [...parseXml(body).getElementsByTagName('subscribe')].map((element) => element.getAttribute('id') ?? '');
}

/** What waits for joe/1; it is acknowledged. */
async function updates(broker: TestBroker): Promise<ReadMessage[]> {
  const { status, body } = await broker.get('/updates?session=joe/1&timeout=0&max=1000');
  if (status === 204) return [];
  await broker.post('', `/ack?session=joe/1&ack=${parseXml(body).getAttribute('ack')}`);
  return readMessages(body);
}

const texts = async (broker: TestBroker): Promise<string[]> => (await updates(broker)).map(({ text }) => text);
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

describe('the QoS of a subscription', () => {
  test('multiSubscribe: the same again, unless it is false', async () => {
    const broker = await startBroker();
    const first = await subscribe(broker, '<key oid="a"/>');
    const second = await subscribe(broker, '<key oid="a"/>');
    expect(second).not.toBe(first);
    await broker.put('/topics/a', '1');
    expect(await texts(broker)).toEqual(['1', '1']);
    const answer = await asJoe(broker, '<subscribe><key oid="b"/><qos><multiSubscribe>false</multiSubscribe></qos></subscribe>');
    const again = await asJoe(broker, '<subscribe><key oid="b"/><qos><multiSubscribe>false</multiSubscribe></qos></subscribe>');
    expect(answer.body).not.toContain('WARNING');
    expect(again.body).toContain("<state id='WARNING'");
    expect((await readStatistics(broker)).subscriptions).toBe(3);
  });

  test('local=false: not what the session publishes itself', async () => {
    const broker = await startBroker();
    await subscribe(broker, '<key oid="a"/>', '<local>false</local>');
    await asJoe(broker, '<publish><key oid="a"/><content>mine</content></publish>');
    await broker.put('/topics/a', 'theirs');
    await broker.post('<publish><key oid="a"/><content>also theirs</content></publish>', '/?session=joe/2');
    expect(await texts(broker)).toEqual(['theirs', 'also theirs']);
  });

  test('initialUpdate=false: only what comes; the others are marked', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', 'old');
    await subscribe(broker, '<key oid="a"/>', '<initialUpdate>false</initialUpdate>');
    expect(await texts(broker)).toEqual([]);
    await subscribe(broker, '<key oid="a"/>');
    const [initial] = await updates(broker);
    expect(initial && propertiesOf(initial.qos)['__isInitialUpdate']).toBe('true');
    await broker.put('/topics/a', 'new');
    const [later] = await updates(broker);
    expect(later && propertiesOf(later.qos)['__isInitialUpdate']).toBeUndefined();
  });

  test('history: how many of the old ones, and in which order', async () => {
    const broker = await startBroker();
    for (const text of ['1', '2', '3']) await broker.put('/topics/a', text);
    await subscribe(broker, '<key oid="a"/>', "<history numEntries='2'/>");
    expect(await texts(broker)).toEqual(['3', '2']);
    await subscribe(broker, '<key oid="a"/>', "<history numEntries='-1' newestFirst='false'/>");
    expect(await texts(broker)).toEqual(['1', '2', '3']);
  });

  test('content=false and meta=false: leave out content and key', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', '1', { 'X-Key': '<t/>' });
    await subscribe(broker, '<key oid="a"/>', '<content>false</content>');
    await subscribe(broker, '<key oid="a"/>', '<meta>false</meta>');
    const [noContent, noMeta] = await updates(broker);
    expect([noContent?.text, noContent && child(noContent.key, 't') !== undefined]).toEqual(['', true]);
    expect([noMeta?.text, noMeta?.oid, noMeta && child(noMeta.key, 't') !== undefined]).toEqual(['1', 'a', false]);
    const raw = await broker.fetch('/updates?session=joe/1&timeout=0');
    expect(raw.status).toBe(204);
  });

  test('notify: an erase is told with state ERASED, unless it is false', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', '1', { 'X-Key': '<t/>' });
    await subscribe(broker, '<key oid="a"/>', '<initialUpdate>false</initialUpdate>');
    await subscribe(broker, XPATH, '<initialUpdate>false</initialUpdate>');
    await subscribe(broker, '<key oid="a"/>', '<initialUpdate>false</initialUpdate><notify>false</notify>');
    const { body } = await broker.post('<erase><key oid="a"/></erase>');
    expect(child(parseXml(body), 'erase')?.getElementsByTagName('key').item(0)?.getAttribute('oid')).toBe('a');
    const notices = await updates(broker);
    expect(notices.map(({ qos }) => child(qos, 'state')?.getAttribute('id'))).toEqual(['ERASED', 'ERASED']);
    expect(notices.map(({ oid }) => oid)).toEqual(['a', 'a']);
    await broker.put('/topics/a', '2', { 'X-Key': '<t/>' });
    expect(await texts(broker), 'only the XPath meets the new topic').toEqual(['2']);
  });
});
