import { expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';

// What counts for a publish whose QoS says nothing.

test('maxHistoryEntries: so many messages of a topic stay, unless its first publish says otherwise', async () => {
  const broker = await startBroker({ maxHistoryEntries: 2 });
  const three = (oid: string, qos: string) => `<publish><key oid="${oid}"/><qos>${qos}</qos></publish>`.repeat(3);
  const own = '<topic><queue relating="history" maxEntries="3"/></topic>';
  await broker.post(`<xmlBlaster>${three('a', '')}${three('b', own)}</xmlBlaster>`);
  const remembered = async (oid: string) => (await broker.get(`/topics/${oid}?history=10`)).body.split('<message>').length - 1;
  expect([await remembered('a'), await remembered('b')]).toEqual([2, 3]);
});

test('lifeTime: a message is gone after it, unless it says how long it lives', async () => {
  const clock = new ManualClock();
  const broker = await startBroker({ lifeTime: 5_000 }, { clock });
  await broker.put('/topics/a', 'x');
  await broker.put('/topics/b?lifeTime=60000', 'x');
  await broker.put('/topics/c?lifeTime=-1', 'x');
  clock.advance(6_000);
  const statuses = async () => Promise.all(['a', 'b', 'c'].map(async (oid) => (await broker.get(`/topics/${oid}`)).status));
  expect(await statuses()).toEqual([404, 200, 200]);
});

test('destroyDelay: a topic without messages and subscribers dies after it; -1 is never', async () => {
  for (const [destroyDelay, topics] of [
    [5_000, 0],
    [-1, 1],
  ] as const) {
    const clock = new ManualClock();
    const broker = await startBroker({ destroyDelay }, { clock });
    const count = async () => (await broker.get('/topics')).body.split("oid='a'").length - 1;
    await broker.put('/topics/a?lifeTime=0', 'x');
    clock.advance(4_900);
    expect(await count()).toBe(1);
    clock.advance(200);
    expect(await count()).toBe(topics);
  }
});
