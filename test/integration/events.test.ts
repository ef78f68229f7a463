import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { change, topicsOf } from '../helpers/admin.ts';
import { propertiesOf, readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { SocketClient } from '../helpers/socket.ts';

/** Everything that was published on the topic of events, oldest first, with a watcher that came before. */
async function watch(
  broker: TestBroker,
  oid = '__sys__Event',
): Promise<() => Promise<{ text: string; properties: Record<string, string> }[]>> {
  const poll = `/updates?session=watcher-${oid}/1&timeout=0&oid=${encodeURIComponent(oid)}&max=1000`;
  await broker.get(poll);
  return async () => {
    await broker.get('/healthz'); // events are published a turn later
    const { status, body } = await broker.get(poll);
    if (status === 204) return [];
    return readMessages(body).map(({ text, qos }) => ({ text, properties: propertiesOf(qos) }));
  };
}

const texts = (events: readonly { text: string }[]): string[] => events.map(({ text }) => text);

describe('--event', () => {
  test('connect and disconnect, of anybody or of one', async () => {
    const broker = await startBroker({
      nodeId: 'heron',
      event: [
        'client/*/session/*/event/connect',
        'client/jack/session/1/event/disconnect',
        'client/joe/1/event/disconnect=farewells',
      ],
    });
    const events = await watch(broker);
    const farewells = await watch(broker, 'farewells');
    for (const name of ['jack/1', 'jack/2', 'joe/1']) {
      await broker.post('<xmlBlaster><disconnect/></xmlBlaster>', `/?session=${name}`);
    }
    expect(texts(await events()).filter((text) => !text.includes('watcher'))).toEqual([
      'client/jack/session/1/event/connect',
      'client/jack/session/1/event/disconnect',
      'client/jack/session/2/event/connect',
      'client/joe/session/1/event/connect',
    ]);
    expect((await farewells())[0]).toEqual({
      text: 'client/joe/session/1/event/disconnect',
      properties: {
        _summary: 'disconnect of /node/heron/client/joe/1',
        _description: 'disconnect of /node/heron/client/joe/1',
        _eventType: 'client/joe/session/1/event/disconnect',
        _publicSessionId: '1',
        _subjectId: 'joe',
        _absoluteName: '/node/heron/client/joe/1',
        _nodeId: 'heron',
      },
    });
    const { headers } = await broker.get('/topics/__sys__Event');
    expect(headers.get('x-key')).toBe(
      "<key oid='__sys__Event' contentMime='text/plain' contentMimeExtended='1.0'><org.xmlBlaster><event/></org.xmlBlaster></key>",
    );
  });

  test('a topic comes, is subscribed, is erased, goes', async () => {
    const types = ['alive', 'dead', 'erase', 'subscribe', 'unSubscribe'];
    const broker = await startBroker({ event: types.map((type) => `topic/hello/event/${type}`) });
    const events = await watch(broker);
    await broker.put('/topics/other', '1');
    await broker.put('/topics/hello', '1');
    const subscribed = await broker.post("<subscribe><key oid='hello'/></subscribe>", '/?session=joe/1');
    await broker.post("<unSubscribe><key oid='hello'/></unSubscribe>", '/?session=joe/1');
    await broker.fetch('/topics/hello', { method: 'DELETE' });
    const told = await events();
    expect(texts(told)).toEqual([
      'topic/hello/event/alive',
      'topic/hello/event/subscribe',
      'topic/hello/event/unSubscribe',
      'topic/hello/event/erase',
      'topic/hello/event/dead',
    ]);
    expect(told[1]?.properties).toMatchObject({ _oid: 'hello', _url: 'exact:hello', _subjectId: 'joe' });
    expect(subscribed.body).toContain(told[1]?.properties['_subscriptionId']);
  });

  test('each topic is told once of an event, however many rules say so', async () => {
    const broker = await startBroker({ event: ['topic/*/event/alive', 'topic/hello/event/alive', 'topic/hello/event/alive=x'] });
    const events = await watch(broker);
    await events();
    await broker.put('/topics/hello', '1');
    await broker.get('/healthz');
    const told = texts(await events()).filter((text) => text.includes('hello'));
    expect(told).toEqual(['topic/hello/event/alive']);
    expect((await broker.get('/topics/x')).body).toBe('topic/hello/event/alive');
  });

  test('a callback of SOCKET is ALIVE, POLLING, DEAD', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ event: ['client/joe/session/*/event/callbackState'] }, { clock });
    const events = await watch(broker);
    const client = await SocketClient.login(broker.port, 'joe/1', "retries='1' delay='1000'");
    await client.subscribe('a');
    client.socket.destroy();
    const state = async (text: string) => {
      await broker.get('/healthz');
      return (await broker.get('/topics/__sys__Event')).body.endsWith(text);
    };
    await expect.poll(() => state('POLLING')).toBe(true);
    await broker.put('/topics/a', '1');
    clock.advance(2_000);
    await expect.poll(() => state('DEAD')).toBe(true);
    expect(texts(await events())).toEqual(
      ['ALIVE', 'POLLING', 'DEAD'].map((text) => `client/joe/session/1/event/callbackState ${text}`),
    );
  });

  test('queues that fill up, once until they have been emptier', async () => {
    const broker = await startBroker({
      maxQueueEntries: 10,
      event: ['client/*/session/*/queue/callback/event/threshold.70%=full', 'topic/a/queue/history/event/threshold.4=history'],
    });
    await broker.post("<subscribe><key oid='a'/></subscribe>", '/?session=joe/1');
    const full = await watch(broker, 'full');
    const history = await watch(broker, 'history');
    for (let i = 0; i < 9; i++) await broker.put('/topics/a', String(i));
    expect((await full()).map(({ properties }) => properties['_summary'])).toEqual([
      expect.stringMatching(/^The queue of .*\/joe\/1 has 7 of at most 10 entries$/),
    ]);
    expect(texts(await history())).toEqual(['topic/a/queue/history/event/threshold.4']);
    await change(broker, 'client/joe/1/?removeFromCallbackQueue=5');
    for (let i = 0; i < 5; i++) await broker.put('/topics/a', String(i));
    expect(await full()).toHaveLength(2);
  });

  test('what is logged, at most once a second, and never because of itself', async () => {
    const clock = new ManualClock();
    const logger = createLogger('warn', { write: () => {} });
    const event = ['logging/warning/*', 'logging/severe/*=trouble'];
    const broker = await startBroker({ event, nodeId: 'heron' }, { logger, clock });
    const events = await watch(broker);
    const trouble = await watch(broker, 'trouble');
    clock.advance(2_000);
    logger.warn('the first');
    logger.warn('the second');
    logger.error({ err: new Error('disk full') }, 'the third');
    const [first, ...others] = (await events()).filter(({ properties }) => properties['_summary'] !== NOT_DURABLE);
    expect([first?.text, first?.properties['_summary'], others]).toEqual(['logging/warning/*', 'the first', []]);
    expect((await trouble())[0]?.properties['_summary']).toBe('the third: disk full');
    expect((await broker.get('/admin/?lastWarning')).body).toBe('the second\n');
    expect((await broker.get('/admin/?lastError')).body).toBe('the third: disk full\n');
    await change(broker, '?clearLastError');
    expect((await broker.get('/admin/?lastError')).body).toBe('\n');
  });

  test('a heartbeat', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ event: ['heartbeat.10000'] }, { clock });
    const events = await watch(broker);
    clock.advance(9_000);
    expect(await events()).toEqual([]);
    clock.advance(21_100);
    expect(texts(await events())).toEqual(['heartbeat.10000', 'heartbeat.10000', 'heartbeat.10000']);
  });

  test('about the topic of events itself end', async () => {
    const broker = await startBroker({
      event: ['topic/*/event/alive', 'topic/*/event/subscribe', 'topic/*/queue/history/event/threshold.1'],
    });
    const events = await watch(broker);
    await broker.put('/topics/a', '1');
    await broker.get('/healthz');
    await broker.get('/healthz');
    const count = (await events()).length;
    expect(count).toBeGreaterThan(3);
    await broker.get('/healthz');
    expect((await events()).length).toBe(count);
  });

  test('none by itself', async () => {
    const broker = await startBroker();
    await broker.post('<ping/>', '/?session=joe/1');
    await broker.put('/topics/a', '1');
    expect(await topicsOf(broker)).toEqual(['a']);
  });

  test.each([
    '',
    'connect',
    'client/*/event/connect',
    'topic/a/event/coffee',
    'logging/info/*',
    'heartbeat.soon',
    'topic/a/event/alive=__cmd:?exit',
  ])('%s is refused at the start', async (event) => {
    await expect(startBroker({ event: [event || ' '] })).rejects.toThrow(/^--event: ".*" is (not an event; known are|a command)/);
  });
});

const NOT_DURABLE = 'persistent messages are kept in memory only: nothing survives a restart';
