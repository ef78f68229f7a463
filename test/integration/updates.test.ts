import { describe, expect, test } from 'vitest';
import { ackOf, child, exceptionOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { readStatistics, untilSubscribed } from '../helpers/statistics.ts';

describe('a long poll', () => {
  test('waits until its time-out, then says that there is nothing', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const waiting = broker.get('/updates?oid=a&timeout=2');
    await untilSubscribed(broker, 1);
    clock.advance(1_900);
    expect((await readStatistics(broker)).subscriptions, 'still waiting').toBe(1);
    clock.advance(200);
    expect(await waiting).toMatchObject({ status: 204, body: '' });
  });

  test('waits 30 s unless it says otherwise', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const waiting = broker.get('/updates?oid=a');
    await untilSubscribed(broker, 1);
    clock.advance(29_900);
    expect((await readStatistics(broker)).subscriptions, 'still waiting').toBe(1);
    clock.advance(200);
    expect((await waiting).status).toBe(204);
  });

  test('with timeout=0 answers at once, with and without updates', async () => {
    const broker = await startBroker({}, { clock: new ManualClock() });
    expect(await broker.get('/updates?session=joe/1&oid=a&timeout=0')).toMatchObject({ status: 204, body: '' });
    await broker.put('/topics/a', '1');
    const { status, body } = await broker.get('/updates?session=joe/1&timeout=0');
    expect([status, textsOf(body)]).toEqual([200, ['1']]);
  });

  test.each(['-1', '121', '1e1', 'x', '0x10'])('refuses timeout=%s', async (timeout) => {
    const broker = await startBroker();
    const { status, body } = await broker.get(`/updates?oid=a&timeout=${timeout}`);
    expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
    expect(exceptionOf(body).message).toContain('timeout');
  });

  test.each([
    ['max=0', 'max'],
    ['max=1.5', 'max'],
    ['maxBytes=0', 'maxBytes'],
    ['history=x', 'history'],
    ['content=xml', 'content=raw'],
    ['colour=blue', 'colour'],
    ['filterType=GnuRegexFilter', 'filter='],
    ['oid=b', 'more than once'],
    ['xpath=//b', 'one of oid, xpath and domain'],
  ])('refuses %s with a sentence that says %s', async (parameter, hint) => {
    const broker = await startBroker();
    const { status, body } = await broker.get(`/updates?oid=a&timeout=0&${parameter}`);
    expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
    expect(exceptionOf(body).message).toContain(hint);
  });

  test('without a query and without a session says what to add', async () => {
    const broker = await startBroker();
    const { status, body } = await broker.get('/updates?timeout=0');
    expect(status).toBe(400);
    expect(exceptionOf(body).message).toMatch(/oid=.*xpath=.*domain=.*session=/);
  });

  test('answers at most `max` updates, the rest with the next poll, highest priority first', async () => {
    const broker = await startBroker();
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    for (const [text, priority] of [
      ['1', 5],
      ['2', 5],
      ['3', 9],
      ['4', 0],
    ]) {
      await broker.put(`/topics/a?priority=${priority}`, String(text));
    }
    const first = await broker.get('/updates?session=joe/1&max=2&timeout=0');
    expect(textsOf(first.body)).toEqual(['3', '1']);
    const rest = await broker.get(`/updates?session=joe/1&timeout=0&ack=${ackOf(first.body)}`);
    expect(textsOf(rest.body)).toEqual(['2', '4']);
  });

  test('answers 100 updates at most when it does not say how many', async () => {
    const broker = await startBroker();
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    const publishes = Array.from({ length: 101 }, () => '<publish><key oid="a"/><content>x</content></publish>');
    await broker.post(`<xmlBlaster>${publishes.join('')}</xmlBlaster>`);
    expect(readMessages((await broker.get('/updates?session=joe/1&timeout=0')).body)).toHaveLength(100);
  });

  test('answers about `maxBytes` of content, one update at least', async () => {
    const broker = await startBroker();
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    for (const text of ['12345', '67890', 'x']) await broker.put('/topics/a', text);
    const first = await broker.get('/updates?session=joe/1&maxBytes=10&timeout=0');
    expect(textsOf(first.body)).toEqual(['12345', '67890']);
    expect(textsOf((await broker.get('/updates?session=joe/1&maxBytes=1&timeout=0')).body)).toEqual(['12345']);
  });

  test('brings as many of the messages that are there already as `history` says, oldest first', async () => {
    const broker = await startBroker();
    for (const text of ['1', '2', '3']) await broker.put('/topics/a', text);
    expect(textsOf((await broker.get('/updates?oid=a&timeout=0')).body), 'the newest').toEqual(['3']);
    expect(textsOf((await broker.get('/updates?oid=a&timeout=0&history=2')).body)).toEqual(['2', '3']);
    expect(textsOf((await broker.get('/updates?oid=a&timeout=0&history=-1')).body)).toEqual(['1', '2', '3']);
    expect((await broker.get('/updates?oid=a&timeout=0&history=0')).status).toBe(204);
  });

  test('says where an update comes from, which subscription it goes through, and how long the queue is', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    await broker.post('<publish><key oid="a"/><content>1</content></publish>', '/?session=sue/2');
    await broker.put('/topics/a', '2');
    const [first] = readMessages((await broker.get('/updates?session=joe/1&timeout=0&max=1')).body);
    expect(first && child(first.qos, 'sender')?.textContent).toBe('/node/heron/client/sue/2');
    expect(first && child(first.qos, 'subscribe')?.getAttribute('id')).toMatch(/^__subId:\d+$/);
    expect(first && child(first.qos, 'queue')?.getAttribute('index')).toBe('0');
    expect(first && child(first.qos, 'queue')?.getAttribute('size')).toBe('2');
    expect(first && child(first.qos, 'rcvTimestamp')?.getAttribute('nanos')).toMatch(/^\d{19}$/);
  });

  test('with content=raw is the content itself, key, QoS and cursor in headers', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', 'grüße', { 'Content-Type': 'text/csv; header=present', 'X-Key': '<t/>' });
    await broker.put('/topics/a', Uint8Array.of(0, 255, 10));
    const raw = await broker.fetch('/updates?session=joe/1&oid=a&content=raw&history=2&timeout=0');
    expect(await raw.text(), 'one update per answer').toBe('grüße');
    expect(raw.headers.get('content-type')).toBe('text/csv; header=present');
    expect(raw.headers.get('x-content-type-options')).toBe('nosniff');
    expect(raw.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    expect(raw.headers.get('cache-control')).toBe('no-store');
    expect(raw.headers.get('x-key')).toBe("<key oid='a' contentMime='text/csv; header=present'><t/></key>");
    expect(raw.headers.get('x-qos')).toMatch(/^<qos><sender>.*<\/qos>$/);
    const next = await broker.fetch(`/updates?session=joe/1&content=raw&timeout=0&ack=${raw.headers.get('x-ack')}`);
    expect(Buffer.from(await next.arrayBuffer())).toEqual(Buffer.from([0, 255, 10]));
  });

  test('is not for HEAD', async () => {
    const broker = await startBroker();
    const answer = await broker.fetch('/updates?oid=a&timeout=0', { method: 'HEAD' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET']);
  });

  test('is released with 204 when the broker shuts down', async () => {
    const broker = await startBroker();
    const transient = broker.get('/updates?oid=a');
    const named = broker.get('/updates?session=joe/1&oid=b');
    await untilSubscribed(broker, 2);
    await broker.close();
    expect([(await transient).status, (await named).status]).toEqual([204, 204]);
  });

  test('ends with 204 when its session is disconnected', async () => {
    const broker = await startBroker();
    const waiting = broker.get('/updates?session=joe/1&oid=a');
    await untilSubscribed(broker, 1);
    await broker.post('<disconnect/>', '/?session=joe/1');
    expect((await waiting).status).toBe(204);
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, subscriptions: 0 });
  });

  test('of nobody leaves nothing behind', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', '1');
    await broker.get('/updates?xpath=//key&timeout=0');
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, subscriptions: 0 });
  });
});
