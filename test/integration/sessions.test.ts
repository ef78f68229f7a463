import { describe, expect, test } from 'vitest';
import { child, exceptionOf, parseXml, propertiesOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { readStatistics, untilSubscribed } from '../helpers/statistics.ts';

const SUBSCRIBE = '<subscribe><key oid="a"/></subscribe>';

/** The texts that a poll of the session gets right now. */
async function poll(broker: TestBroker, session: string, parameters = ''): Promise<string[]> {
  const { status, body } = await broker.get(`/updates?session=${session}&timeout=0${parameters}`);
  if (status === 204) return [];
  expect(status).toBe(200);
  return textsOf(body);
}

describe('without a session', () => {
  test('a request publishes, gets and erases as guest, and leaves nothing behind', async () => {
    const broker = await startBroker({ nodeId: 'heron', maxSessions: 1 });
    const script = '<xmlBlaster><publish><key oid="a"/></publish><get><key oid="a"/></get></xmlBlaster>';
    const { status, body } = await broker.post(script);
    expect(status).toBe(200);
    expect(parseXml(body).getElementsByTagName('sender').item(0)?.textContent).toBe('/node/heron/client/guest');
    expect((await broker.post('<erase><key oid="a"/></erase>')).status).toBe(200);
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, topics: 0 });
  });

  test('transient sessions do not count against maxSessions', async () => {
    const broker = await startBroker({ maxSessions: 1 });
    await poll(broker, 'joe/1');
    const waiting = [broker.get('/updates?oid=a'), broker.get('/updates?oid=a')];
    await untilSubscribed(broker, 2);
    await broker.put('/topics/a', '1');
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test('a subscription alone is refused with a sentence that names the remedy', async () => {
    const broker = await startBroker();
    for (const path of ['/', '/subscribe']) {
      const { status, body } = await broker.post(SUBSCRIBE, path);
      expect([status, exceptionOf(body).code]).toEqual([400, 'user.subscribe.noCallback']);
      expect(exceptionOf(body).message).toMatch(/\?session=NAME\/1.*<connect\/>/);
    }
    expect((await readStatistics(broker)).subscriptions).toBe(0);
  });
});

describe('?session=joe/1', () => {
  test('keeps its subscription and its queue while the client is away', async () => {
    const broker = await startBroker();
    expect((await broker.post(SUBSCRIBE, '/?session=joe/1')).status).toBe(200);
    await broker.put('/topics/a', '1');
    await broker.put('/topics/a', '2');
    expect(await poll(broker, 'joe/1')).toEqual(['1', '2']);
    expect(await readStatistics(broker)).toMatchObject({ sessions: 1, subscriptions: 1 });
  });

  test.each(['oid=a', 'xpath=//key', 'domain=d'])('does not subscribe %s twice', async (query) => {
    const broker = await startBroker();
    await broker.put('/topics/a', '0', { 'X-Key': '<key domain="d"/>' });
    expect(await poll(broker, 'joe/1', `&${query}`)).toEqual(['0']);
    await broker.put('/topics/a', '1');
    expect(await poll(broker, 'joe/1', `&${query}`)).toEqual(['0', '1']);
    expect((await readStatistics(broker)).subscriptions).toBe(1);
    await poll(broker, 'joe/1', '&oid=b');
    expect((await readStatistics(broker)).subscriptions).toBe(2);
  });

  test.each(['client/joe/session/1', '/node/heron/client/joe/1', ' joe/1 '])('may also be written %s', async (name) => {
    const broker = await startBroker({ nodeId: 'heron' });
    await poll(broker, 'joe/1', '&oid=a');
    await broker.put('/topics/a', '1');
    expect(await poll(broker, encodeURIComponent(name))).toEqual(['1']);
    expect((await readStatistics(broker)).sessions).toBe(1);
  });

  test.each([
    'joe',
    'joe/0',
    'joe/-1',
    'joe/x',
    'joe/1/2',
    '/',
    'joe/1.5',
    'joe/9999999999999999',
    '%00/1',
    'a%0Ab/1',
    `${'x'.repeat(257)}/1`,
  ])('is refused when it is %s', async (name) => {
    const broker = await startBroker();
    const { status, body } = await broker.get(`/updates?session=${name}&oid=a&timeout=0`);
    expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('ends with disconnect; its name begins anew', async () => {
    const broker = await startBroker();
    await poll(broker, 'joe/1', '&oid=a');
    expect((await broker.post('', '/disconnect?session=joe/1')).body).toContain('<disconnect>\ntrue\n</disconnect>');
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, subscriptions: 0 });
    await broker.put('/topics/a', '1');
    expect(await poll(broker, 'joe/1')).toEqual([]);
  });

  test('takes maxEntries for its queue; what does not fit becomes a dead message', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    await poll(broker, 'watch/1', '&oid=__sys__deadMessage');
    await poll(broker, 'joe/1', '&oid=a&maxEntries=2');
    for (const text of ['1', '2', '3']) {
      const unit = `<publish><key oid="a"><k/></key><content>${text}</content><qos><clientProperty name="mine">x</clientProperty></qos></publish>`;
      expect((await broker.post(unit, '/?session=sue/1')).status, 'the publisher is not to blame').toBe(200);
    }
    expect(await poll(broker, 'joe/1')).toEqual(['1', '2']);
    const [dead, ...others] = readMessages((await broker.get('/updates?session=watch/1&timeout=0')).body);
    expect(others).toEqual([]);
    expect([dead?.oid, dead?.text]).toEqual(['__sys__deadMessage', '3']);
    expect(dead && propertiesOf(dead.qos)).toMatchObject({
      __key: "<key oid='a'><k/></key>",
      __qos: expect.stringMatching(/^<qos>/),
      __oid: 'a',
      __receiver: '/node/heron/client/joe/1',
      __sender: '/node/heron/client/sue/1',
      __deadMessageReason: expect.stringContaining('full'),
      __rcvTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/),
    });
    const original = parseXml((dead && propertiesOf(dead.qos)['__qos']) ?? '');
    expect(child(original, 'sender')?.textContent).toBe('/node/heron/client/sue/1');
    expect(propertiesOf(original), 'no marks of the broker').toEqual({ mine: 'x' });
    const [held] = readMessages((await broker.post('<get><key oid="a"/></get>')).body);
    expect(held && propertiesOf(held.qos), 'nor on the message itself').toEqual({ mine: 'x' });
  });

  test.each(['maxEntries=0', 'maxEntries=-1', 'maxEntries=x', 'persistent=yes'])('refuses %s', async (parameter) => {
    const broker = await startBroker();
    const { status, body } = await broker.get(`/updates?session=joe/1&oid=a&timeout=0&${parameter}`);
    expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
    const without = await broker.get(`/updates?oid=a&timeout=0&maxEntries=5`);
    expect([without.status, exceptionOf(without.body).message]).toEqual([400, expect.stringContaining('session=NAME/1')]);
  });

  test('is one of at most maxSessions of its subject', async () => {
    const broker = await startBroker({ maxSessionsPerSubject: 2 });
    await poll(broker, 'joe/1');
    await poll(broker, 'joe/2');
    const { status, body } = await broker.get('/updates?session=joe/3&oid=a&timeout=0');
    expect([status, exceptionOf(body).code]).toEqual([429, 'user.configuration.maxSession']);
    expect((await broker.get('/updates?session=sue/1&oid=a&timeout=0')).status, 'others are not concerned').toBe(204);
    await broker.post('<disconnect/>', '/?session=joe/1');
    expect((await broker.get('/updates?session=joe/3&oid=a&timeout=0')).status).toBe(204);
  });
});
