import { describe, expect, test } from 'vitest';
import { readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { RawClient, untilSocketCloses } from '../helpers/raw.ts';
import { readStatistics, untilSubscribed } from '../helpers/statistics.ts';

async function publish(broker: TestBroker, ...texts: string[]): Promise<void> {
  for (const text of texts) await broker.put('/topics/a', text);
}

describe('a stream whose client does not read', () => {
  /** A stream whose client reads nothing behind the header. */
  async function openUnread(broker: TestBroker, path: string): Promise<RawClient> {
    const client = await RawClient.connect(broker.port);
    client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
    await client.until(/xmlBlaster/);
    client.socket.pause();
    return client;
  }

  test('holds a bounded number of bytes in the broker', async () => {
    const broker = await startBroker();
    const client = await openUnread(broker, '/updates?session=joe/1&oid=a');
    for (let i = 1; i <= 12; i++) await publish(broker, `${i}`.padEnd(5_000_000, '.'));
    client.destroy();
    const handedOut = [];
    for (let i = 1; i <= 12; i++) {
      const got = await broker.get(`/updates?session=joe/1&timeout=0&max=${i}&maxBytes=60000000`);
      handedOut.push(readMessages(got.body).at(-1)?.redeliver);
      if (handedOut.at(-1) === 0) break;
    }
    expect(handedOut.length, 'of 12 events of 5 MB').toBeLessThanOrEqual(6);
    expect(handedOut.length).toBeGreaterThan(1);
  });

  test('is cut off after writeTimeout', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ writeTimeout: 5_000 }, { clock });
    const client = await openUnread(broker, '/updates?oid=a');
    await publish(broker, 'x'.repeat(9_000_000));
    clock.advance(4_900);
    expect((await readStatistics(broker)).subscriptions).toBe(1);
    clock.advance(200);
    await untilSubscribed(broker, 0);
    client.destroy();
  });

  test('loses nothing when it is cut off', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ writeTimeout: 5_000 }, { clock });
    const client = await openUnread(broker, '/updates?session=joe/1&oid=a');
    await publish(broker, 'x'.repeat(9_000_000), '2');
    const isClosed = untilSocketCloses();
    clock.advance(5_100);
    await isClosed;
    await publish(broker, '3');
    const { body } = await broker.get('/updates?session=joe/1&timeout=0');
    const got = readMessages(body).map(({ text, redeliver }) => [text[0], redeliver]);
    expect(got).toEqual([
      ['x', 1],
      ['2', 1],
      ['3', 0],
    ]);
    client.destroy();
  });
});
