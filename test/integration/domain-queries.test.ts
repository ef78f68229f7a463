import { expect, test } from 'vitest';
import { readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { subscribe, texts, unSubscribe, updates } from '../helpers/joe.ts';
import { contentsOf, SocketClient } from '../helpers/socket.ts';

const DOMAIN = "<key queryType='DOMAIN' domain='d'/>";

async function publish(broker: TestBroker, oid: string, content: string, attributes = "domain='d'", qos = ''): Promise<void> {
  const key = `<key oid='${oid}' ${attributes}/>`;
  const answer = await broker.post(`<publish>${key}<content>${content}</content><qos>${qos}</qos></publish>`);
  expect(answer.status, answer.body).toBe(200);
}

async function brokerWithTopics(): Promise<TestBroker> {
  const broker = await startBroker();
  await publish(broker, 'a', '1');
  await publish(broker, 'b', '2', "domain='D'");
  await publish(broker, 'c', '3', "domain='d.e'");
  await publish(broker, 'e', '4', '');
  await publish(broker, 'f', '5');
  return broker;
}

test('get finds the topics of just this domain, in the order they were made', async () => {
  const broker = await brokerWithTopics();
  expect(textsOf((await broker.post(`<get>${DOMAIN}</get>`)).body)).toEqual(['1', '5']);
  expect(textsOf((await broker.post("<get><key domain='d'/></get>")).body)).toEqual(['1', '5']);
  expect(textsOf((await broker.post("<get><key queryType='domain' domain=' d '/></get>")).body)).toEqual(['1', '5']);
  const client = await SocketClient.login(broker.port, 'joe/1', undefined);
  expect(contentsOf(await client.call('get', `<qos/>\0${DOMAIN}\0`))).toEqual(['1', '5']);
});

test('with an oid and without a queryType the domain means nothing', async () => {
  const broker = await brokerWithTopics();
  expect(textsOf((await broker.post("<get><key oid='b' domain='d'/></get>")).body)).toEqual(['2']);
  expect((await broker.post("<get><key queryType='DOMAIN'/></get>")).body).toContain("errorCode='user.query.invalid'");
});

test('a subscription gets what is there and what comes, until it ends', async () => {
  const broker = await brokerWithTopics();
  await subscribe(broker, DOMAIN);
  expect(await texts(broker)).toEqual(['1', '5']);
  await publish(broker, 'g', '6');
  await publish(broker, 'h', '7', "domain='x'");
  await publish(broker, 'a', '8');
  expect(await texts(broker)).toEqual(['6', '8']);
  expect(await unSubscribe(broker, DOMAIN)).toHaveLength(4); // itself, a, f and g
  await publish(broker, 'a', '9');
  await publish(broker, 'i', '10');
  expect(await texts(broker)).toEqual([]);
});

test('a topic that comes back with another domain is another topic', async () => {
  const broker = await startBroker();
  await subscribe(broker, DOMAIN);
  await publish(broker, 'a', '1');
  await broker.fetch('/topics/a', { method: 'DELETE' });
  await publish(broker, 'a', '2', "domain='x'");
  await publish(broker, 'a', '3', "domain='d'"); // later keys change nothing
  expect(readMessages((await broker.get('/updates?session=joe/1')).body).map(({ text }) => text)).toEqual([
    '1',
    expect.stringContaining('/topic/a'),
  ]);
});

test("createDomEntry='false' hides a topic from XPath, not from its domain", async () => {
  const broker = await startBroker();
  const hidden = "<topic createDomEntry='false'/>";
  await publish(broker, 'a', '1', "domain='d'", hidden);
  await subscribe(broker, DOMAIN);
  await subscribe(broker, "<key queryType='XPATH'>//key</key>");
  await publish(broker, 'b', '2', "domain='d'", hidden);
  expect((await updates(broker)).map(({ text }) => text)).toEqual(['1', '2']);
  expect(textsOf((await broker.post(`<get>${DOMAIN}</get>`)).body)).toEqual(['1', '2']);
  expect((await broker.post("<get><key queryType='XPATH'>//key</key></get>")).body).toContain('<get/>');
});

test('erase takes the topics of a domain, and tells their subscribers', async () => {
  const broker = await brokerWithTopics();
  await subscribe(broker, "<key oid='a'/>", '<initialUpdate>false</initialUpdate>');
  const { body } = await broker.post(`<erase>${DOMAIN}</erase>`);
  expect(body.match(/<key oid='(.)'\/>/g)).toEqual(["<key oid='a'/>", "<key oid='f'/>"]);
  expect(await texts(broker)).toEqual([expect.stringContaining('/topic/a')]);
  expect((await broker.get('/topics/b')).body).toBe('2');
});
