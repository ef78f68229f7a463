import { describe, expect, test } from 'vitest';
import { child, parseXml, propertiesOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { asJoe, subscribe, texts, updates } from '../helpers/joe.ts';
import { readStatistics } from '../helpers/statistics.ts';

const XPATH = "<key queryType='XPATH'>//t</key>";

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
