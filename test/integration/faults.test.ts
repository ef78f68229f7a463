import { expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { RawClient } from '../helpers/raw.ts';
import { untilSubscribed } from '../helpers/statistics.ts';
import { EventStream } from '../helpers/stream.ts';

test('a CONNECT that is reset harms nobody', async () => {
  const broker = await startBroker();
  for (let i = 0; i < 20; i++) {
    const client = await RawClient.connect(broker.port);
    client.write('CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    client.socket.resetAndDestroy();
  }
  expect((await broker.get('/healthz')).status).toBe(200);
});

test('a stream gets more than its queue may hold, one after the other', async () => {
  const broker = await startBroker();
  const stream = await EventStream.open(broker, '/updates?session=joe/1&oid=a&maxEntries=5');
  for (let i = 0; i < 30; i++) {
    await broker.post(`<publish><key oid="a"/><content>${i}</content></publish>`);
    expect((await stream.next())?.data).toContain(`<content>${i}</content>`);
  }
});

test('a stream that waits behind another request ends with its connection', async () => {
  const broker = await startBroker();
  const client = await RawClient.connect(broker.port);
  const stream = 'GET /updates?oid=b HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n';
  client.write(`GET /updates?oid=a HTTP/1.1\r\nHost: localhost\r\n\r\n${stream}`);
  await untilSubscribed(broker, 2);
  client.destroy();
  await untilSubscribed(broker, 0);
});

test('what was erased with forceDestroy makes room at once', async () => {
  const broker = await startBroker();
  await broker.get('/updates?session=joe/1&oid=a&maxEntries=2&timeout=0');
  await broker.get('/updates?session=joe/1&oid=b&timeout=0');
  for (const content of ['1', '2']) await broker.post(`<publish><key oid="a"/><content>${content}</content></publish>`);
  await broker.post("<erase><key oid='a'/><qos><erase forceDestroy='true'/></qos></erase>");
  await broker.post('<publish><key oid="b"/><content>live</content></publish>');
  expect((await broker.get('/updates?session=joe/1&timeout=0')).body).toContain('live');
});

test('a QoS counts as what it is', async () => {
  const broker = await startBroker({ maxBytes: 2_000_000 });
  await broker.get('/updates?session=joe/1&oid=a&timeout=0');
  const property = `<clientProperty name="p">${'x'.repeat(200_000)}</clientProperty>`;
  const publish = () => broker.post(`<publish><key oid="a"/><qos>${property}</qos></publish>`);
  const statuses = [];
  for (let i = 0; i < 8; i++) statuses.push((await publish()).status);
  expect(statuses).toContain(503);
});
