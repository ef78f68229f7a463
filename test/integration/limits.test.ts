import { describe, expect, test } from 'vitest';
import { ask } from '../helpers/admin.ts';
import { ackOf, exceptionOf, textsOf } from '../helpers/answers.ts';
import { type Answer, startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { readStatistics, untilStatistics } from '../helpers/statistics.ts';

function expectExhausted({ status, body }: Answer, option: string): void {
  expect([status, exceptionOf(body).code]).toEqual([503, 'resource.exhaust']);
  expect(exceptionOf(body).message).toContain(option);
}

/** Publishes until the broker is full; returns how often it succeeded. */
async function fill(broker: TestBroker, oid = 'full', bytes = 100_000): Promise<number> {
  for (let i = 0; i < 1_000; i++) {
    const answer = await broker.put(`/topics/${oid}${i}`, 'x'.repeat(bytes));
    if (answer.status === 201) continue;
    expectExhausted(answer, '--max-bytes');
    return i;
  }
  throw new Error('the broker never got full');
}

describe('maxSessions', () => {
  test('refuses one session more; those that are there go on', async () => {
    const broker = await startBroker({ maxSessions: 1 });
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    expectExhausted(await broker.get('/updates?session=sue/1&oid=a&timeout=0'), '--max-sessions');
    expectExhausted(await broker.post('<connect/>'), '--max-sessions');
    await broker.put('/topics/a', '1');
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['1']);
    expect((await broker.get('/updates?oid=a&timeout=0')).status).toBe(200);
    await broker.post('<disconnect/>', '/?session=joe/1');
    expect((await broker.post('<connect/>')).status).toBe(200);
  });
});

describe('maxTopics', () => {
  test('refuses one topic more, also by a subscription; the others can be used and erased', async () => {
    const broker = await startBroker({ maxTopics: 2 });
    await broker.put('/topics/a', '1');
    await broker.put('/topics/b', '1');
    expectExhausted(await broker.put('/topics/c', '1'), '--max-topics');
    expectExhausted(await broker.get('/updates?oid=c&timeout=0'), '--max-topics');
    expectExhausted(await broker.post('<publish><key/></publish>'), '--max-topics');
    expect((await broker.put('/topics/a', '2')).status).toBe(200);
    expect((await broker.get('/updates?xpath=//key&timeout=0')).status).toBe(200);
    expect((await broker.fetch('/topics/b', { method: 'DELETE' })).status).toBe(204);
    expect((await broker.put('/topics/c', '1')).status).toBe(201);
    expect((await readStatistics(broker)).subscriptions, 'no subscription is left of the refused ones').toBe(0);
  });
});

describe('maxSubscriptions', () => {
  test('refuses one subscription more; unSubscribe makes room', async () => {
    const broker = await startBroker({ maxSubscriptions: 2 });
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    await broker.get('/updates?session=joe/1&oid=b&timeout=0');
    for (const query of ['oid=c', 'xpath=//c', 'domain=c']) {
      expectExhausted(await broker.get(`/updates?session=joe/1&timeout=0&${query}`), '--max-subscriptions');
    }
    expect((await broker.get('/updates?session=joe/1&oid=a&timeout=0')).status, 'is there already').toBe(204);
    await broker.post('<unSubscribe><key oid="a"/></unSubscribe>', '/?session=joe/1');
    expect((await broker.get('/updates?session=joe/1&oid=c&timeout=0')).status).toBe(204);
  });

  test('has a bound per session, too', async () => {
    const broker = await startBroker({ maxSubscriptionsPerSession: 1 });
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    expectExhausted(await broker.get('/updates?session=joe/1&oid=b&timeout=0'), 'unSubscribe');
    expect((await broker.get('/updates?session=joe/2&oid=b&timeout=0')).status).toBe(204);
  });
});

describe('maxBytes', () => {
  const settings = { maxBytes: 1_000_000 };

  test('refuses publishes; reading, acknowledging, erasing and disconnecting still work', async () => {
    const broker = await startBroker(settings);
    await broker.get('/updates?session=joe/1&xpath=//key&timeout=0');
    expect(await fill(broker)).toBeGreaterThan(5);
    await fill(broker, 'small', 10_000);
    await fill(broker, 'tiny', 500);
    expectExhausted(await broker.post('<connect/>'), '--max-bytes');
    expectExhausted(await broker.get('/updates?oid=other&timeout=0'), '--max-bytes');

    expect((await broker.get('/topics/full0')).body).toHaveLength(100_000);
    expect((await broker.post('<get><key oid="full0"/></get>')).status).toBe(200);
    expect((await broker.get('/topics')).status).toBe(200);
    const { status, body } = await broker.get('/updates?session=joe/1&timeout=0&max=2');
    expect([status, textsOf(body).length]).toEqual([200, 2]);
    expect((await broker.post('', `/ack?session=joe/1&ack=${ackOf(body)}`)).status).toBe(204);
    expect((await broker.fetch('/topics/full0', { method: 'DELETE' })).status).toBe(204);
    expect((await broker.put('/topics/again', 'x'.repeat(50_000))).status).toBe(201);
    expect((await broker.post("<erase><key queryType='XPATH'>//key</key></erase>")).status).toBe(200);
    expect((await broker.post('<disconnect/>', '/?session=joe/1')).status).toBe(200);
  });

  test('counts what queues hold: acknowledging makes room', async () => {
    const broker = await startBroker(settings);
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    let count = 0;
    while ((await broker.put('/topics/a?lifeTime=0', 'x'.repeat(100_000))).status < 400) count++;
    expect(count).toBeGreaterThan(5);
    const { body } = await broker.get('/updates?session=joe/1&timeout=0');
    expectExhausted(await broker.put('/topics/a?lifeTime=0', 'x'.repeat(100_000)), '--max-bytes');
    expect((await broker.post('', `/ack?session=joe/1&ack=${ackOf(body)}`)).status).toBe(204);
    expect((await broker.put('/topics/a?lifeTime=0', 'x'.repeat(100_000))).status).toBe(200);
  });

  test('is free again when everything is erased and everybody gone', async () => {
    const clock = new ManualClock();
    const broker = await startBroker(settings, { clock });
    for (let round = 0; round < 3; round++) {
      for (const name of ['joe/1', 'joe/2']) {
        await broker.get(`/updates?session=${name}&xpath=//key&timeout=0`);
        await broker.get(`/updates?session=${name}&oid=full0&timeout=0`);
      }
      expect(await fill(broker), `round ${round}`).toBe(9);
      await broker.get('/updates?session=joe/1&timeout=0');
      expect((await readStatistics(broker)).percent).toBeGreaterThan(80);
      await broker.post("<erase><key queryType='XPATH'>//key</key></erase>");
      for (const name of ['joe/1', 'joe/2']) await broker.post('<disconnect/>', `/?session=${name}`);
      await untilStatistics(broker, ({ percent }) => percent === 0);
      expect(await readStatistics(broker)).toEqual({ topics: 0, sessions: 0, subscriptions: 0, percent: 0 });
    }
  });

  test('counts refused, broken and failed requests for no longer than they last', async () => {
    const broker = await startBroker({ ...settings, maxContentBytes: 300_000, maxBodyBytes: 300_000 });
    const big = 'x'.repeat(250_000);
    for (let i = 0; i < 20; i++) {
      expect((await broker.put('/topics/a', big + big)).status).toBe(413);
      expect((await broker.post(big)).status).toBe(400);
      expect((await broker.post(`<publish><key oid="__sys__x"/><content>${big}</content></publish>`)).status).toBe(403);
      expect((await broker.put('/topics/__sys__x', big)).status).toBe(403);
    }
    await untilStatistics(broker, ({ percent }) => percent === 0);
    expect(await readStatistics(broker)).toMatchObject({ topics: 0, percent: 0 });
  });

  test('counts who has nothing but messages to come, and gives it back when they have come', async () => {
    const broker = await startBroker();
    await broker.put('/topics/note', '');
    const before = Number(await ask(broker, '?heldBytes'));
    const send = (name: string): Promise<Answer> =>
      broker.post(
        `<publish><key oid='note'/><qos><subscribable>false</subscribable><destination forceQueuing='true'>${name}</destination></qos></publish>`,
      );
    await send('joe');
    await send('jack/1');
    expect(Number(await ask(broker, '?heldBytes')) - before).toBeGreaterThan(5_000);
    for (const session of ['joe/1', 'jack/1']) {
      expect(textsOf((await broker.get(`/updates?session=${session}&timeout=0`)).body)).toEqual(['']);
      await broker.post('<disconnect/>', `/?session=${session}`);
    }
    expect(Number(await ask(broker, '?heldBytes'))).toBe(before);
  });

  test.each(['joe', 'joe/1'])('finds room, when it is full, in what nobody may get any more (%s)', async (name) => {
    const clock = new ManualClock();
    const broker = await startBroker({ maxBytes: 200_000, maxSessions: 40 }, { clock });
    const send = (i: number): Promise<Answer> =>
      broker.post(
        `<publish><key oid='note'/><qos><destination forceQueuing='true'>${name.replace('joe', `joe${i}`)}</destination></qos></publish>`,
      );
    let count = 0;
    while ((await send(count)).status === 200) count++;
    expect(count).toBeGreaterThan(10);
    expectExhausted(await broker.post('<connect/>'), '--max-');
    await broker.post("<erase><key oid='note'/><qos><erase forceDestroy='true'/></qos></erase>");
    clock.advance(1_100);
    await broker.post('<connect/>'); // too early, perhaps
    await untilStatistics(broker, ({ percent }) => percent < 10);
    expect((await broker.post('<connect/>')).status).toBe(200);
    expect(await ask(broker, '?clientList')).toBe('guest');
  });

  test('counts topics without messages: they die and make room', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ maxBytes: 100_000 }, { clock });
    let count = 0;
    while ((await broker.put(`/topics/t${count}?lifeTime=0`, '')).status < 400) count++;
    expect(count).toBeGreaterThan(50);
    clock.advance(60_100);
    expect((await readStatistics(broker)).topics).toBe(0);
    expect((await broker.put('/topics/again', '')).status).toBe(201);
  });
});

describe('the queue of a session', () => {
  test('has a bound for bytes; what does not fit becomes a dead message, the rest arrives', async () => {
    const broker = await startBroker({ maxQueueBytes: 250 });
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    for (const text of ['1', '2', '3']) await broker.put('/topics/a', text.padEnd(100, '.'));
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body).map((text) => text[0])).toEqual(['1', '2']);
    const dead = await broker.get('/updates?oid=__sys__deadMessage&timeout=0');
    expect(dead.status, 'dead messages are volatile: nobody listened').toBe(204);
  });

  test('has a bound for entries; acknowledging makes room', async () => {
    const broker = await startBroker({ maxQueueEntries: 2 });
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    for (const text of ['1', '2', '3']) await broker.put('/topics/a', text);
    const { body } = await broker.get('/updates?session=joe/1&timeout=0');
    expect(textsOf(body)).toEqual(['1', '2']);
    await broker.put('/topics/a', '4');
    await broker.get(`/updates?session=joe/1&timeout=0&ack=${ackOf(body)}`);
    await broker.put('/topics/a', '5');
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['5']);
  });
});
