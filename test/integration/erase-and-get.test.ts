import { describe, expect, test } from 'vitest';
import { parseXml, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { publish, texts, updates } from '../helpers/topic-a.ts';

describe('erase', () => {
  test('ends what waits in queues only with forceDestroy', async () => {
    for (const [forceDestroy, expected] of [
      ['false', ['1']],
      ['true', []],
    ] as const) {
      const broker = await startBroker();
      await broker.post('<subscribe><key oid="a"/><qos><notify>false</notify></qos></subscribe>', '/?session=joe/1');
      await publish(broker, '1');
      await broker.post(`<erase><key oid="a"/><qos><erase forceDestroy='${forceDestroy}'/></qos></erase>`);
      expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body || '<none/>')).toEqual(expected);
    }
  });

  test('of an oid that a client says to be empty finds nothing, and only a subscribe to it is wrong', async () => {
    const broker = await startBroker();
    const key = "<key oid=''/>";
    expect((await broker.post(`<xmlBlaster><erase>${key}</erase><get>${key}</get></xmlBlaster>`)).status).toBe(200);
    expect((await broker.post(`<subscribe>${key}</subscribe>`, '/?session=joe/1')).status).toBe(400);
  });

  test('of the history keeps the topic and its subscribers', async () => {
    const broker = await startBroker();
    await updates(broker);
    await publish(broker, '1');
    await broker.post("<erase><key oid='a'/><qos><history numEntries='-1'/></qos></erase>");
    expect((await broker.get('/topics/a')).status).toBe(404);
    await publish(broker, '2');
    expect(await texts(broker)).toEqual(['1', '2']);
  });

  test('by XPath and by domain erases what matches and names it', async () => {
    const broker = await startBroker();
    for (const [oid, key] of [
      ['a', '<t/>'],
      ['b', '<t/>'],
      ['c', '<key domain="d"/>'],
      ['e', '<u/>'],
    ] as const) {
      await broker.put(`/topics/${oid}`, '', { 'X-Key': key });
    }
    const erased = async (key: string) => {
      const { body } = await broker.post(`<erase>${key}</erase>`);
      return [...parseXml(body).getElementsByTagName('key')].map((element) => element.getAttribute('oid'));
    };
    expect(await erased("<key queryType='XPATH'>//t</key>")).toEqual(['a', 'b']);
    expect(await erased("<key queryType='DOMAIN' domain='d'/>")).toEqual(['c']);
    expect(await erased('<key oid="unknown"/>')).toEqual([]);
    expect(await erased("<key queryType='XPATH'>//key</key>")).toEqual(['e']);
  });
});

describe('get', () => {
  test('takes content, meta and history, and finds by oid, XPath and domain', async () => {
    const broker = await startBroker();
    for (const text of ['1', '2']) await broker.put('/topics/a', text, { 'X-Key': '<key domain="d"><t/></key>' });
    const get = async (key: string, qos = '') => (await broker.post(`<get>${key}<qos>${qos}</qos></get>`)).body;
    for (const key of ['<key oid="a"/>', "<key queryType='XPATH'>//t</key>", "<key queryType='DOMAIN' domain='d'/>"]) {
      expect(textsOf(await get(key))).toEqual(['2']);
      expect(textsOf(await get(key, "<history numEntries='5'/>"))).toEqual(['2', '1']);
      expect(textsOf(await get(key, "<history numEntries='5' newestFirst='false'/>"))).toEqual(['1', '2']);
      expect(textsOf(await get(key, '<content>false</content>'))).toEqual(['']);
    }
    const [bare] = readMessages(await get('<key oid="a"/>', '<meta>false</meta>'));
    expect([bare?.oid, bare?.key.childNodes.length, bare?.text]).toEqual(['a', 0, '2']);
  });
});
