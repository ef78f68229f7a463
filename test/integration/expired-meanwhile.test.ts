import { expect, test } from 'vitest';
import { readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { CountingStore } from '../helpers/counting-store.ts';
import { SocketClient } from '../helpers/socket.ts';

// Thousands of messages that expired while the broker was down, and a few behind them that live.

const EXPIRED = 4_000;

function message(content: string, priority: number, qos: string): string {
  return `<publish><key oid='a'/><content>${content}</content><qos><persistent/><priority>${priority}</priority>${qos}</qos></publish>`;
}

/** A broker that comes back with what it had; `qos` says where the messages go. */
async function comesBack(prepare: (broker: TestBroker) => Promise<unknown>, qos = ''): Promise<[TestBroker, CountingStore]> {
  const store = new CountingStore();
  const clock = new ManualClock();
  const settings = { maxCommands: 10_000 };
  const first = await startBroker(settings, { store, clock });
  await prepare(first);
  const script = [
    ...Array.from({ length: EXPIRED }, () => message('expired', 9, `<expiration lifeTime='1000'/>${qos}`)),
    message('urgent', 9, qos),
    ...Array.from({ length: EXPIRED }, () => message('expired', 5, `<expiration lifeTime='1000'/>${qos}`)),
    message('ordinary', 5, qos),
  ];
  for (let i = 0; i < script.length; i += 1_000) {
    const { status, body } = await first.post(`<xmlBlaster>${script.slice(i, i + 1_000).join('')}</xmlBlaster>`);
    expect(status, body.slice(-300)).toBe(200);
  }
  await first.close();
  clock.advance(2_000);
  return [await startBroker(settings, { store, clock }), store];
}

const JOE = '/updates?session=joe/1&persistent=true&timeout=0&max=10';
const LETTER = "<subscribable>false</subscribable><destination forceQueuing='true'>joe</destination>";

function ask(broker: TestBroker, queue: string): Promise<{ readonly body: string }> {
  const spec = "<querySpec type='QueueQuery'><![CDATA[maxEntries=-1&consumable=true]]></querySpec>";
  const headers = { Authorization: `Basic ${Buffer.from('joe:').toString('base64')}` };
  return broker.post(`<get><key oid='__cmd:client/${queue}'/><qos>${spec}</qos></get>`, '/', headers);
}

test.each<[way: string, qos: string, take: (broker: TestBroker) => Promise<readonly string[]>]>([
  ['a poll', '', async (broker) => textsOf((await broker.get(JOE)).body)],
  ['a query on a session', '', async (broker) => textsOf((await ask(broker, 'joe/1/?callbackQueueEntries')).body)],
  ['a query on a user', LETTER, async (broker) => textsOf((await ask(broker, 'joe/?subjectQueueEntries')).body)],
  ['a session of a user', LETTER, async (broker) => updatesOf(await SocketClient.login(broker.port, 'joe/2'))],
  ['a callback', '', async (broker) => updatesOf(await SocketClient.login(broker.port, 'joe/1'))],
])('%s brings those that live, in their order, and holds nobody up', async (_, qos, take) => {
  const isLetter = qos !== '';
  const [broker, store] = await comesBack(async (first) => {
    if (!isLetter) await first.get(`${JOE}&oid=a`);
  }, qos);
  expect(await take(broker)).toEqual(['urgent', 'ordinary']);
  expect(store.mostInTurn).toBeLessThanOrEqual(3_000);
});

async function updatesOf(client: SocketClient): Promise<string[]> {
  return [...(await client.update()), ...(await client.update())];
}

test('a full queue that drops the oldest takes what comes, though all that fills it has expired', async () => {
  const queue = `<queue relating='callback' maxEntries='${2 * EXPIRED + 2}' onOverflow='discardOldest'/>`;
  const [broker, store] = await comesBack(async (first) => {
    await first.post(`<connect><qos><session name='joe/1'/><persistent/>${queue}</qos></connect>`);
    await first.get(`${JOE}&oid=a`);
  });
  await broker.put('/topics/a?persistent=true', 'new');
  expect(readMessages((await broker.get(JOE)).body).map(({ text }) => text)).toEqual(['urgent', 'ordinary', 'new']);
  expect(store.mostInTurn).toBeLessThanOrEqual(3_000);
});
