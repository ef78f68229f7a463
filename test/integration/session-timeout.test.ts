import { describe, expect, test } from 'vitest';
import { child, parseXml, propertiesOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { codeOf, SocketClient } from '../helpers/socket.ts';
import { readStatistics, untilSubscribed } from '../helpers/statistics.ts';

/** The texts that a poll of the session gets right now. */
async function poll(broker: TestBroker, session: string, parameters = ''): Promise<string[]> {
  const { status, body } = await broker.get(`/updates?session=${session}&timeout=0${parameters}`);
  if (status === 204) return [];
  expect(status).toBe(200);
  return textsOf(body);
}

describe('the session time-out', () => {
  const HOUR = 3_600_000;

  test('is 24 h and starts anew with every poll', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    await poll(broker, 'joe/1', '&oid=a');
    clock.advance(23 * HOUR);
    await poll(broker, 'joe/1');
    clock.advance(23 * HOUR);
    expect((await readStatistics(broker)).sessions).toBe(1);
    clock.advance(1.1 * HOUR);
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, subscriptions: 0 });
  });

  test('does not end a session whose poll waits', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ sessionTimeout: 1_000 }, { clock });
    const waiting = broker.get('/updates?session=joe/1&oid=a&timeout=60');
    await untilSubscribed(broker, 1);
    clock.advance(50_000);
    await broker.put('/topics/a', '1');
    expect(textsOf((await waiting).body)).toEqual(['1']);
  });

  test('ends a SOCKET session that says nothing, and not one that answers updates or pings', async () => {
    const clock = new ManualClock();
    const { port } = await startBroker({ sessionTimeout: 10_000 }, { clock });
    const [silent, pinged, updated] = (await Promise.all(
      ["pingInterval='0'", "pingInterval='6000'", "pingInterval='0'"].map((callback, i) =>
        SocketClient.login(port, `joe/${i + 1}`, callback),
      ),
    )) as [SocketClient, SocketClient, SocketClient];
    await updated.subscribe('a');
    clock.advance(6_000);
    pinged.acknowledge(await pinged.request('ping'));
    await pinged.settled();
    await updated.publish('a', '1');
    await updated.update();
    await updated.settled();
    clock.advance(6_000);
    expect(codeOf(await silent.publish('b', '1'))).toBe('user.security.authentication.accessDenied');
    expect((await pinged.publish('b', '1')).type).toBe('R');
    expect((await updated.publish('b', '1')).type).toBe('R');
  });

  test('starts anew when a poll ends, not only when it begins', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ sessionTimeout: 10_000 }, { clock });
    const waiting = broker.get('/updates?session=joe/1&oid=a');
    await untilSubscribed(broker, 1);
    clock.advance(9_000);
    await broker.put('/topics/a', '1');
    expect((await waiting).status).toBe(200);
    clock.advance(9_000);
    expect((await readStatistics(broker)).sessions).toBe(1);
    clock.advance(1_100);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('makes dead messages of what its session did not get', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ sessionTimeout: 10_000 }, { clock });
    await broker.post("<connect><qos><session name='watch/1' timeout='0'/></qos></connect>");
    await poll(broker, 'watch/1', '&oid=__sys__deadMessage');
    await poll(broker, 'joe/1', '&oid=a');
    await broker.put('/topics/a', 'lost');
    clock.advance(11_000);
    const [dead] = readMessages((await broker.get('/updates?session=watch/1&timeout=0')).body);
    expect([dead?.text, dead && propertiesOf(dead.qos)['__oid']]).toEqual(['lost', 'a']);
  });

  test('of a client that states one counts', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { body } = await broker.post("<connect><qos><session name='joe/1' timeout='5000'/></qos></connect>");
    const session = child(child(parseXml(body), 'connect') ?? parseXml(body), 'qos');
    expect(session?.getElementsByTagName('session').item(0)?.getAttribute('timeout')).toBe('5000');
    clock.advance(5_100);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });
});
