import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { RawClient, untilSocketCloses } from '../helpers/raw.ts';
import { untilStatistics, untilSubscribed } from '../helpers/statistics.ts';

const MEGABYTE = 1024 * 1024;

async function get(broker: TestBroker, path: string): Promise<RawClient> {
  const client = await RawClient.connect(broker.port);
  client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return client;
}

/** What a poll of joe/1 gets right now, and how often it had it before. */
async function poll(broker: TestBroker, parameters = ''): Promise<[text: string, redeliver: number][]> {
  const { status, body } = await broker.get(`/updates?session=joe/1&timeout=0${parameters}`);
  return status === 204 ? [] : readMessages(body).map(({ text, redeliver }) => [text.slice(0, 20), redeliver]);
}

describe('a client that goes away', () => {
  test('while its poll waits loses nothing', async () => {
    const broker = await startBroker();
    const client = await get(broker, '/updates?session=joe/1&oid=a');
    await untilSubscribed(broker, 1);
    client.destroy();
    await broker.put('/topics/a', '1');
    const got = await poll(broker);
    expect(got.map(([text]) => text)).toEqual(['1']);
  });

  test('while its poll of nobody waits leaves nothing behind', async () => {
    const broker = await startBroker();
    const client = await get(broker, '/updates?xpath=//key');
    await untilSubscribed(broker, 1);
    client.destroy();
    await untilSubscribed(broker, 0);
    expect((await broker.put('/topics/a', '1')).status).toBe(201);
  });

  test('while its stream of nobody waits leaves nothing behind', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    client.write('GET /updates?oid=a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
    await untilSubscribed(broker, 1);
    client.destroy();
    await untilSubscribed(broker, 0);
    expect((await broker.put('/topics/a', '1')).status).toBe(201);
  });

  test.each(['application/xml', 'text/event-stream'])('leaves no timer behind: %s', async (accept) => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const client = await RawClient.connect(broker.port);
    client.write(`GET /updates?oid=a HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
    await untilSubscribed(broker, 1);
    expect(clock.isIdle).toBe(false);
    client.destroy();
    await untilSubscribed(broker, 0);
    expect(clock.isIdle).toBe(true);
  });

  test('in the middle of a big answer gets all of it again, marked and in order', async () => {
    const broker = await startBroker();
    await poll(broker, '&oid=a');
    for (const text of ['1', '2', '3']) await broker.put('/topics/a', text.padEnd(3 * MEGABYTE, '.'));
    await broker.put('/topics/a', '4');
    const client = await get(broker, '/updates?session=joe/1&timeout=0&max=3');
    await client.until(/1\.\./);
    client.destroy();
    expect(await poll(broker)).toEqual([
      ['1'.padEnd(20, '.'), 1],
      ['2'.padEnd(20, '.'), 1],
      ['3'.padEnd(20, '.'), 1],
      ['4', 0],
    ]);
  });

  test('in the middle of a raw answer gets it again, marked', async () => {
    const broker = await startBroker();
    await poll(broker, '&oid=a');
    await broker.put('/topics/a', 'x'.repeat(8 * MEGABYTE));
    const client = await get(broker, '/updates?session=joe/1&timeout=0&content=raw');
    await client.until(/xxx/);
    client.destroy();
    const again = await broker.fetch('/updates?session=joe/1&timeout=0&content=raw');
    expect((await again.arrayBuffer()).byteLength).toBe(8 * MEGABYTE);
    expect(again.headers.get('x-qos')).toContain('<redeliver>1</redeliver>');
  });

  test('in the middle of a stream gets what it did not acknowledge again, marked and in order', async () => {
    const broker = await startBroker();
    await poll(broker, '&oid=a');
    for (const text of ['1', '2', '3']) await broker.put('/topics/a', text.padEnd(2 * MEGABYTE, '.'));
    const client = await RawClient.connect(broker.port);
    client.write('GET /updates?session=joe/1 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
    await client.until(/1\.\./);
    client.destroy();
    await broker.put('/topics/a', '4');
    const again = await poll(broker);
    expect(again.map(([text]) => text.slice(0, 1))).toEqual(['1', '2', '3', '4']);
    expect(again[0]?.[1]).toBe(1);
  });

  test('while it uploads costs nothing and is no bug of the broker', async () => {
    const lines: string[] = [];
    const logger = createLogger('warn', { write: (line) => void lines.push(line) });
    const broker = await startBroker({ maxBytes: 1_000_000 }, { logger });
    const started = lines.length;
    const client = await RawClient.connect(broker.port);
    client.write(`PUT /topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(500_000)}`);
    await untilStatistics(broker, ({ percent }) => percent >= 50);
    client.destroy();
    await untilStatistics(broker, ({ percent }) => percent === 0);
    expect((await broker.get('/topics/a')).status).toBe(404);
    expect(lines.slice(started)).toEqual([]);
  });

  test('while its XPath is looked for among many topics leaves nothing behind', async () => {
    const broker = await startBroker();
    await publishSlowTopics(broker);
    const client = await RawClient.connect(broker.port);
    client.write(`GET /updates?xpath=${SLOW_XPATH} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
    await untilSubscribed(broker, 1);
    client.destroy();
    await untilSubscribed(broker, 0);
  });
});

describe('whoever waits for its XPath to be looked for among many topics', () => {
  test('gets 204 when its session is disconnected', async () => {
    const broker = await startBroker();
    await publishSlowTopics(broker);
    const waiting = broker.get(`/updates?session=joe/1&xpath=${SLOW_XPATH}`);
    await untilSubscribed(broker, 1);
    await broker.post('<disconnect/>', '/?session=joe/1');
    expect((await waiting).status).toBe(204);
  });

  test('gets 204 when the broker shuts down', async () => {
    const broker = await startBroker();
    await publishSlowTopics(broker);
    const waiting = broker.get(`/updates?session=joe/1&xpath=${SLOW_XPATH}`);
    await untilSubscribed(broker, 1);
    await broker.close();
    expect((await waiting).status).toBe(204);
  });
});

/** Takes its time on each topic of `publishSlowTopics`, within its budget. */
const SLOW_XPATH = encodeURIComponent('//a[count(preceding-sibling::a) > 1000]');

async function publishSlowTopics(broker: TestBroker): Promise<void> {
  for (let i = 0; i < 400; i += 200) {
    const publishes = Array.from(
      { length: 200 },
      (_, j) => `<publish><key oid="t${i + j}">${'<a/>'.repeat(200)}</key></publish>`,
    );
    expect((await broker.post(`<xmlBlaster>${publishes.join('')}</xmlBlaster>`)).status).toBe(200);
  }
}

describe('a client that stays but does not read', () => {
  test('is cut off, and loses nothing', async () => {
    const broker = await startBroker({ writeTimeout: 300 });
    await poll(broker, '&oid=a');
    await broker.put('/topics/a', 'x'.repeat(9 * MEGABYTE));
    const client = await get(broker, '/updates?session=joe/1&timeout=0');
    await client.until(/200 OK/);
    client.socket.pause();
    await untilSocketCloses();
    expect(await poll(broker)).toEqual([['x'.repeat(20), 1]]);
  });
});
