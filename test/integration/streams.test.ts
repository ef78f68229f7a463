import { describe, expect, test } from 'vitest';
import { exceptionOf, readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { untilSubscribed } from '../helpers/statistics.ts';
import { EventStream, type StreamEvent } from '../helpers/stream.ts';

async function publish(broker: TestBroker, ...texts: string[]): Promise<void> {
  for (const text of texts) await broker.put('/topics/a', text);
}

/** What events say, with the number of earlier deliveries behind it when there were some. */
function textsOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ data }) => {
    const [message] = readMessages(data);
    return message?.redeliver ? `${message.text.slice(0, 9)}*${message.redeliver}` : (message?.text.slice(0, 9) ?? '');
  });
}

async function poll(broker: TestBroker): Promise<string[]> {
  const { status, body } = await broker.get('/updates?session=joe/1&timeout=0');
  return status === 204 ? [] : textsOf([{ id: '', event: '', data: body }]);
}

describe('an event stream', () => {
  test('brings what is there and what comes, each event one update', async () => {
    const broker = await startBroker();
    await publish(broker, '1');
    const stream = await EventStream.open(broker, '/updates?oid=a');
    expect(stream.response.status).toBe(200);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(textsOf(await stream.take(1))).toEqual(['1']);
    await publish(broker, 'two\nlines', '\r\n', ' 3 ');
    expect(textsOf(await stream.take(3))).toEqual(['two\nlines', '\r\n', ' 3 ']);
  });

  test('gives each event an id; a reconnect with the last one goes on behind it, the rest marked', async () => {
    const broker = await startBroker();
    const first = await EventStream.open(broker, '/updates?session=joe/1&oid=a');
    await publish(broker, '1', '2', '3');
    const events = await first.take(3);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    first.abort();
    const second = await EventStream.open(broker, '/updates?session=joe/1', { 'Last-Event-ID': events[1]?.id ?? '' });
    expect(textsOf(await second.take(1))).toEqual(['3*1']);
    await publish(broker, '4');
    expect(textsOf(await second.take(1))).toEqual(['4']);
  });

  test('acknowledges by POST /ack', async () => {
    const broker = await startBroker();
    const stream = await EventStream.open(broker, '/updates?session=joe/1&oid=a');
    await publish(broker, '1', '2', '3');
    const [, second] = await stream.take(3);
    expect((await broker.post('', `/ack?session=joe/1&ack=${second?.id}`)).status).toBe(204);
    stream.abort();
    expect(await poll(broker)).toEqual(['3*1']);
  });

  test('keeps the last `window` events for a reconnect, and no more', async () => {
    const broker = await startBroker();
    const stream = await EventStream.open(broker, '/updates?session=joe/1&oid=a&window=3');
    for (let i = 1; i <= 10; i++) {
      await publish(broker, String(i));
      await stream.take(1);
    }
    stream.abort();
    const again = await EventStream.open(broker, '/updates?session=joe/1');
    expect(textsOf(await again.take(3))).toEqual(['8*1', '9*1', '10*1']);
    await publish(broker, '11');
    expect(textsOf(await again.take(1))).toEqual(['11']);
  });

  test('tells its subscriber of an XPath that got too expensive, and goes on', async () => {
    const broker = await startBroker();
    const stream = await EventStream.open(
      broker,
      `/updates?xpath=${encodeURIComponent('//a[count(preceding-sibling::a) > 9999] or not(//a[2])')}`,
    );
    await broker.put('/topics/big', '', { 'X-Key': '<a/>'.repeat(1_500) });
    await broker.put('/topics/small', 'x', { 'X-Key': '<a/>' });
    const [error, update] = await stream.take(2);
    expect(error?.event).toBe('exception');
    expect(exceptionOf(error?.data ?? '').code).toBe('user.query.invalid');
    expect(textsOf(update ? [update] : [])).toEqual(['x']);
  });

  test('is kept alive by a comment every 15 s', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const stream = await EventStream.open(broker, '/updates?oid=a');
    expect(await stream.block()).toMatch(/^:/);
    clock.advance(14_900);
    await publish(broker, '1');
    expect(await stream.block(), 'nothing came before').toMatch(/^id: /);
    clock.advance(200);
    expect(await stream.block()).toBe(':');
    clock.advance(15_000);
    expect(await stream.block()).toBe(':');
  });

  test('keeps its session alive', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ sessionTimeout: 60_000 }, { clock });
    const stream = await EventStream.open(broker, '/updates?session=joe/1&oid=a');
    clock.advance(600_000);
    await publish(broker, '1');
    expect(textsOf(await stream.take(1))).toEqual(['1']);
    stream.abort();
  });

  test('that another one displaces ends, and its automatic reconnect is told to stop', async () => {
    const broker = await startBroker();
    const first = await EventStream.open(broker, '/updates?session=joe/1&oid=a');
    await publish(broker, '1');
    expect(textsOf(await first.take(1))).toEqual(['1']);
    const second = await EventStream.open(broker, '/updates?session=joe/1');
    expect(await first.next()).toBeUndefined();
    const reconnect = await broker.get('/updates?session=joe/1&oid=a', {
      Accept: 'text/event-stream',
      'Last-Event-ID': first.lastId,
    });
    expect(reconnect).toMatchObject({ status: 204, body: '' });
    expect(textsOf(await second.take(1)), 'the second one is not disturbed').toEqual(['1*1']);
  });

  test('and a poll displace each other', async () => {
    const broker = await startBroker();
    const waiting = broker.get('/updates?session=joe/1&oid=a');
    await untilSubscribed(broker, 1);
    const stream = await EventStream.open(broker, '/updates?session=joe/1');
    expect((await waiting).status).toBe(409);
    const poll = broker.get('/updates?session=joe/1&oid=b');
    expect(await stream.next()).toBeUndefined();
    await publish(broker, '1');
    expect((await poll).status).toBe(200);
  });

  test('of nobody starts afresh whatever its Last-Event-ID', async () => {
    const broker = await startBroker();
    await publish(broker, '1', '2');
    const first = await EventStream.open(broker, '/updates?oid=a');
    const [event] = await first.take(1);
    first.abort();
    const second = await EventStream.open(broker, '/updates?oid=a', { 'Last-Event-ID': event?.id ?? '' });
    expect(textsOf(await second.take(1))).toEqual(['2']);
    second.abort();
    await untilSubscribed(broker, 0);
  });

  test('ends when the broker shuts down', async () => {
    const broker = await startBroker();
    const stream = await EventStream.open(broker, '/updates?oid=a');
    await broker.close();
    expect(await stream.next()).toBeUndefined();
  });

  test.each(['window=0', 'window=x', 'maxBytes=0'])('refuses %s', async (parameter) => {
    const broker = await startBroker();
    const { status, body } = await broker.get(`/updates?oid=a&${parameter}`, { Accept: 'text/event-stream' });
    expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
  });
});
