import { describe, expect, test } from 'vitest';
import { exceptionOf, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { SocketClient } from '../helpers/socket.ts';
import { untilStatistics } from '../helpers/statistics.ts';

// protocol/http.md, "Sessions": onOverflow.

/** joe/1 subscribes to `a` with a queue for two; whoever reads dead messages is undertaker/1. */
async function startWith(onOverflow: string, clock?: ManualClock): Promise<TestBroker> {
  const broker = await startBroker({}, clock ? { clock } : {});
  await broker.get('/updates?session=undertaker/1&oid=__sys__deadMessage&timeout=0');
  await broker.post(
    `<xmlBlaster><connect><qos><session name='joe/1'/><queue relating='callback' maxEntries='2' onOverflow='${onOverflow}'/></qos></connect>` +
      "<subscribe><key oid='a'/></subscribe></xmlBlaster>",
  );
  for (const text of ['1', '2']) await broker.put('/topics/a', text);
  return broker;
}

async function read(broker: TestBroker, session: string): Promise<string[]> {
  const { status, body } = await broker.get(`/updates?session=${session}&timeout=0`);
  return status === 204 ? [] : textsOf(body);
}

describe('a full queue', () => {
  test.each([
    ['deadMessage', ['1', '2'], ['3']],
    ['discardOldest', ['2', '3'], []],
    ['whatever', ['1', '2'], ['3']],
  ] as const)('with onOverflow %s keeps %j, and %j is dead', async (onOverflow, kept, dead) => {
    const broker = await startWith(onOverflow);
    expect((await broker.put('/topics/a', '3')).status).toBe(200);
    expect(await read(broker, 'joe/1')).toEqual(kept);
    expect(await read(broker, 'undertaker/1')).toEqual(dead);
  });

  test('with onOverflow exception fails the publish, and nobody has the message', async () => {
    const broker = await startWith('exception');
    await broker.get('/updates?session=sue/1&oid=a&history=0&timeout=0');
    const { status, body } = await broker.put('/topics/a', '3');
    expect([status, exceptionOf(body).code]).toEqual([429, 'resource.overflow.queue.entries']);
    expect(await read(broker, 'sue/1')).toEqual([]);
    expect((await broker.get('/topics/a')).body).toBe('2');
    expect(await read(broker, 'joe/1')).toEqual(['1', '2']);
  });

  test('with onOverflow block lets the publish wait for room', async () => {
    const broker = await startWith('block');
    const publish = broker.put('/topics/a', '3');
    const { body } = await broker.get('/updates?session=joe/1');
    const ack = / ack='([^']+)'/.exec(body)?.[1];
    expect(textsOf((await broker.get(`/updates?session=joe/1&ack=${ack}`)).body)).toEqual(['3']);
    expect((await publish).status).toBe(200);
  });

  test('with onOverflow block fails the publish when there is no room for too long', async () => {
    const clock = new ManualClock();
    const broker = await startWith('block', clock);
    let isAnswered = false;
    const publish = broker.put('/topics/a', '3').finally(() => {
      isAnswered = true;
    });
    while (!isAnswered) {
      await broker.get('/healthz');
      clock.advance(1_000);
    }
    const { status, body } = await publish;
    expect([status, exceptionOf(body).code]).toEqual([429, 'resource.overflow.queue.entries']);
  });

  test('with onOverflow block counts what waits for room, until it is refused', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ maxBytes: 1_000_000 }, { clock });
    await broker.post(
      "<xmlBlaster><connect><qos><session name='joe/1'/><queue relating='callback' maxEntries='1' onOverflow='block'/></qos></connect>" +
        "<subscribe><key oid='a'/></subscribe></xmlBlaster>",
    );
    await broker.put('/topics/a', '1');
    const client = await SocketClient.login(broker.port, 'ann/1');
    const content = 'x'.repeat(100_000);
    for (let i = 0; i < 8; i++) client.send('publish', `<qos/>\0<key oid='a'/>\0${content.length}\0${content}`);
    await untilStatistics(broker, ({ percent }) => percent > 80);
    client.socket.destroy();
    expect((await broker.put('/topics/b', 'x'.repeat(300_000))).status).toBe(503);
    clock.advance(11_000);
    await untilStatistics(broker, ({ percent }) => percent < 10);
  });

  test('counts bytes of content, too', async () => {
    const broker = await startBroker();
    await broker.post(
      "<xmlBlaster><connect><qos><session name='joe/1'/><queue relating='callback' maxBytes='5' onOverflow='exception'/></qos></connect>" +
        "<subscribe><key oid='a'/></subscribe></xmlBlaster>",
    );
    expect((await broker.put('/topics/a', '12345')).status).toBe(201);
    expect(exceptionOf((await broker.put('/topics/a', '6')).body).code).toBe('resource.overflow.queue.bytes');
  });
});

describe('a topic', () => {
  const publish = (broker: TestBroker, topic: string, content: string) =>
    broker.post(`<publish><key oid='a'/><qos>${topic}</qos><content>${content}</content></publish>`);

  test('remembers no more bytes than its first publish says', async () => {
    const broker = await startBroker();
    for (const text of ['111', '222', '33'])
      await publish(broker, "<topic><queue relating='history' maxBytes='5'/></topic>", text);
    expect(textsOf((await broker.get('/topics/a?history=-1')).body)).toEqual(['33', '222']);
  });

  test('takes no more messages than its msgUnitStore holds, until some are gone', async () => {
    const broker = await startBroker();
    const topic = "<topic><persistence maxEntries='2'/><queue relating='history' maxEntries='1'/></topic>";
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    for (const text of ['1', '2']) expect((await publish(broker, topic, text)).status).toBe(200);
    const refused = await publish(broker, topic, '3');
    expect([refused.status, exceptionOf(refused.body).code]).toEqual([429, 'resource.overflow.queue.entries']);
    const ack = / ack='([^']+)'/.exec((await broker.get('/updates?session=joe/1')).body)?.[1];
    await broker.fetch(`/ack?session=joe/1&ack=${ack}`, { method: 'POST' });
    expect((await publish(broker, topic, '4')).status).toBe(200);
  });
});
