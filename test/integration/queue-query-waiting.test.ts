import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { Config } from '../../src/server.ts';
import { readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { codeOf, contentsOf, SocketClient } from '../helpers/socket.ts';

// Over SOCKET: the calls of one connection are started in their order.

const HISTORY = 'topic/a/?historyQueueEntries';

function data(path: string, query: string): string {
  const spec = `<querySpec type='QueueQuery'><![CDATA[${query}]]></querySpec>`;
  return `<qos>${spec}</qos>\0<key oid='__cmd:${path}'/>\0`;
}

/** Begins a query that waits: it has come when this resolves. */
async function wait(client: SocketClient, path: string, query: string): Promise<{ answer(): Promise<string[]> }> {
  const id = client.send('get', data(path, query));
  await client.call('ping');
  return { answer: async () => contentsOf(await client.next(({ type, requestId }) => type === 'R' && requestId === id)) };
}

async function brokerWithEmptyTopic(settings: Partial<Config> = {}): Promise<TestBroker> {
  const broker = await startBroker(settings);
  await broker.post("<publish><key oid='a'/><qos><administrative/></qos></publish>");
  return broker;
}

const publish = (broker: TestBroker, content: string) => broker.put('/topics/a', content);

test('of those that wait the first gets the entry', async () => {
  const broker = await brokerWithEmptyTopic();
  const joe = await SocketClient.login(broker.port, 'joe/1', undefined);
  const jane = await SocketClient.login(broker.port, 'jane/1', undefined);
  const first = await wait(joe, HISTORY, 'consumable=true&waitingDelay=-1');
  const second = await wait(jane, HISTORY, 'consumable=true&waitingDelay=-1');
  const third = await wait(joe, HISTORY, 'maxEntries=2&consumable=true&waitingDelay=-1');
  for (const content of ['1', '2', '3', '4']) await publish(broker, content);
  expect(await first.answer()).toEqual(['1']);
  expect(await second.answer()).toEqual(['2']);
  expect(await third.answer()).toEqual(['4', '3']);
});

test('takes updates of a session that listens before they leave', async () => {
  const broker = await startBroker();
  const joe = await SocketClient.login(broker.port, 'joe/1');
  await joe.subscribe('a');
  const waiting = await wait(joe, 'client/joe/1/?callbackQueueEntries', 'consumable=true&waitingDelay=-1');
  await publish(broker, '1');
  expect(await waiting.answer()).toEqual(['1']);
  await publish(broker, '2');
  expect(await joe.update()).toEqual(['2']);
  await joe.settled();
  expect(joe.waiting).toEqual([]);
});

test('ends when the topic is erased, the session of the queue ends, or that of the one who asks', async () => {
  const broker = await brokerWithEmptyTopic();
  await broker.post('<ping/>', '/?session=joe/1');
  const jane = await SocketClient.login(broker.port, 'jane/1', undefined);
  const forEver = 'maxEntries=5&waitingDelay=-1';
  const ofTopic = await wait(jane, HISTORY, forEver);
  const ofJoe = await wait(jane, 'client/joe/1/?callbackQueueEntries', forEver);
  const own = await wait(jane, 'client/jane/1/?callbackQueueEntries', forEver);
  await broker.fetch('/topics/a', { method: 'DELETE' });
  expect(await ofTopic.answer()).toEqual([]);
  await broker.post('<disconnect/>', '/?session=joe/1');
  expect(await ofJoe.answer()).toEqual([]);
  await broker.post('<disconnect/>', '/?session=jane/1');
  expect(await own.answer()).toEqual([]);
});

test('ten queries of a session may wait', async () => {
  const broker = await brokerWithEmptyTopic();
  const joe = await SocketClient.login(broker.port, 'joe/1', undefined);
  const waiting = await Promise.all(Array.from({ length: 10 }, () => wait(joe, HISTORY, 'waitingDelay=-1')));
  expect(codeOf(await joe.call('get', data(HISTORY, 'waitingDelay=-1')))).toBe('resource.exhaust');
  expect(contentsOf(await joe.call('get', data(HISTORY, 'waitingDelay=0')))).toEqual([]);
  await publish(broker, '1');
  for (const { answer } of waiting) expect(await answer()).toEqual(['1']);
});

test('a broker that shuts down answers those who wait', async () => {
  const broker = await brokerWithEmptyTopic();
  const joe = await SocketClient.login(broker.port, 'joe/1', undefined);
  const waiting = await wait(joe, HISTORY, 'waitingDelay=-1');
  const closed = broker.close();
  expect(await waiting.answer()).toEqual([]);
  await closed;
});

test('a client that is gone consumes nothing', async () => {
  const broker = await brokerWithEmptyTopic();
  const joe = await SocketClient.login(broker.port, 'joe/1', undefined);
  await wait(joe, HISTORY, 'consumable=true&waitingDelay=-1');
  joe.socket.destroy();
  await joe.closed();
  const jane = await SocketClient.login(broker.port, 'jane/1', undefined);
  const waiting = await wait(jane, HISTORY, 'consumable=true&waitingDelay=-1');
  await publish(broker, '1');
  expect(await waiting.answer()).toEqual(['1']);
});

const BIG = 'x'.repeat(30_000_000); // more than the operating system takes without a reader

test('what a client of SOCKET did not read returns to the queue', async () => {
  const broker = await brokerWithEmptyTopic({ maxContentBytes: BIG.length });
  await publish(broker, BIG);
  const joe = await SocketClient.login(broker.port, 'joe/1', undefined);
  joe.socket.pause();
  joe.send('get', data(HISTORY, 'consumable=true'));
  await expect.poll(async () => (await broker.get('/topics/a')).status).toBe(404); // on its way
  joe.socket.destroy();
  await expect.poll(async () => (await broker.get('/topics/a')).body.length).toBe(BIG.length);
});

test('what a client of HTTP did not read returns to the queue, and comes with <redeliver>', async () => {
  const broker = await startBroker({ maxContentBytes: BIG.length });
  await broker.post("<subscribe><key oid='a'/></subscribe>", '/?session=joe/1');
  await publish(broker, BIG);
  const body = `<get><key oid='__cmd:client/joe/1/?callbackQueueEntries'/><qos><querySpec type='QueueQuery'>consumable=true</querySpec></qos></get>`;
  const socket = connect(broker.port, '127.0.0.1');
  socket.pause();
  socket.write(`POST /?session=joe/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const shown = async () => (await broker.post(body.replace('consumable=true', ''), '/?session=joe/1')).body;
  await expect.poll(shown).toContain('<get/>');
  socket.destroy();
  await expect.poll(shown).not.toContain('<get/>');
  expect(readMessages(await shown())[0]).toMatchObject({ redeliver: 1, content: { length: BIG.length } });
});
