import { expect, test } from 'vitest';
import { ackOf, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { subscribe, texts } from '../helpers/joe.ts';
import { contentsOf, SocketClient } from '../helpers/socket.ts';

const NEWEST_ONLY = "<clientProperty name='__newestOnly' type='boolean'>true</clientProperty>";

async function publish(broker: TestBroker, oid: string, ...contents: string[]): Promise<void> {
  for (const content of contents) expect((await broker.put(`/topics/${oid}`, content)).status).toBeLessThan(300);
}

test('of what waits only the newest of each topic is delivered', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key queryType='XPATH'>//key</key>", NEWEST_ONLY);
  await publish(broker, 'a', '1', '2');
  await publish(broker, 'b', 'x', 'y');
  await publish(broker, 'a', '3');
  expect(await texts(broker)).toEqual(['y', '3']);
  await publish(broker, 'a', '4');
  expect(await texts(broker)).toEqual(['4']);
});

test('another subscription of the session gets all', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>", NEWEST_ONLY);
  await subscribe(broker, "<key oid='a'/>");
  await publish(broker, 'a', '1', '2', '3');
  expect(await texts(broker)).toEqual(['1', '2', '3', '3']);
});

test('it does not depend on what the topic remembers, nor on priority', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>", NEWEST_ONLY);
  await broker.put('/topics/a?lifeTime=0&priority=9', 'urgent');
  await broker.put('/topics/a?lifeTime=0&priority=0', 'newest');
  expect(await texts(broker)).toEqual(['newest']);
});

test('a history at the subscribe is one update, whatever its order', async () => {
  const broker = await startBroker();
  await publish(broker, 'a', '1', '2', '3');
  for (const newestFirst of ['true', 'false']) {
    await subscribe(broker, "<key oid='a'/>", `${NEWEST_ONLY}<history numEntries='-1' newestFirst='${newestFirst}'/>`);
    expect(await texts(broker)).toEqual(['3']);
  }
});

test('what had been handed out does not come again when there is a newer one', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>", NEWEST_ONLY);
  await publish(broker, 'a', '1');
  expect(textsOf((await broker.get('/updates?session=joe/1')).body)).toEqual(['1']);
  expect(textsOf((await broker.get('/updates?session=joe/1')).body)).toEqual(['1']);
  await publish(broker, 'a', '2');
  const { body } = await broker.get('/updates?session=joe/1');
  expect(textsOf(body)).toEqual(['2']);
  expect((await broker.get(`/updates?session=joe/1&timeout=0&ack=${ackOf(body)}`)).status).toBe(204);
});

test('a small queue never overflows, and the notice of an erase comes behind the newest', async () => {
  const broker = await startBroker({ maxQueueEntries: 2 });
  await subscribe(broker, "<key oid='__sys__deadMessage'/>");
  await subscribe(broker, "<key oid='a'/>", NEWEST_ONLY);
  await publish(broker, 'a', ...Array.from({ length: 20 }, (_, i) => String(i)));
  await broker.fetch('/topics/a', { method: 'DELETE' });
  expect(await texts(broker)).toEqual(['19', expect.stringContaining('/topic/a')]);
});

test('over SOCKET a client that comes back gets the newest', async () => {
  const broker = await startBroker();
  const joe = await SocketClient.login(broker.port, 'joe/1', "retries='-1'");
  await joe.subscribe('a', NEWEST_ONLY);
  joe.socket.destroy();
  await joe.closed();
  await publish(broker, 'a', '1', '2', '3');
  const again = await SocketClient.login(broker.port, 'joe/1');
  const update = await again.request();
  expect(contentsOf(update)).toEqual(['3']);
  again.acknowledge(update);
  await again.settled();
  expect(again.waiting).toEqual([]);
});
