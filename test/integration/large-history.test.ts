import { describe, expect, test } from 'vitest';
import { ask } from '../helpers/admin.ts';
import { textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { CountingStore } from '../helpers/counting-store.ts';

// protocol/persistence.md, "More than memory takes": a history longer than what is loaded at a time.

const LENGTH = 3_000;

function messages(from: number, to: number, qos = ''): string {
  const topic = `<topic><queue relating='history' maxEntries='${LENGTH}' maxBytes='100000000'/></topic>`;
  const all = Array.from({ length: to - from }, (_, i) => {
    return `<publish><key oid='a'/><content>${from + i}</content><qos><persistent/>${qos}${topic}</qos></publish>`;
  });
  return `<xmlBlaster>${all.join('')}</xmlBlaster>`;
}

/** The newest ones, the newest first. */
async function newest(broker: TestBroker, count: number): Promise<number[]> {
  return textsOf((await broker.get(`/topics/a?history=${count}`)).body).map(Number);
}

function downFrom(highest: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => highest - i);
}

async function startFilled(qos = '', clock = new ManualClock()) {
  const store = new CountingStore();
  const first = await startBroker({}, { store, clock });
  for (let from = 0; from < LENGTH; from += 1_000) await first.post(messages(from, from + 1_000, qos));
  return {
    first,
    store,
    restart: async () => {
      await first.close();
      store.entriesRead = 0;
      return startBroker({}, { store, clock });
    },
  };
}

describe('after a restart, a long history', () => {
  test('is read as far as somebody looks', async () => {
    const { store, restart } = await startFilled();
    const broker = await restart();
    expect(await newest(broker, 5)).toEqual(downFrom(LENGTH - 1, 5));
    expect(store.entriesRead).toBeLessThanOrEqual(1_000);
    expect(await ask(broker, 'topic/a/?numOfHistoryEntries')).toBe(String(LENGTH));
    expect(await newest(broker, 2_500)).toEqual(downFrom(LENGTH - 1, 2_500));
    expect(await newest(broker, LENGTH + 1)).toEqual(downFrom(LENGTH - 1, LENGTH));
  });

  test('loses its oldest to new ones without being read', async () => {
    const { store, restart } = await startFilled();
    const broker = await restart();
    await broker.post(messages(LENGTH, LENGTH + 20));
    expect(store.entriesRead).toBeLessThanOrEqual(1_000);
    expect(await ask(broker, 'topic/a/?numOfHistoryEntries')).toBe(String(LENGTH));
    expect(await newest(broker, LENGTH)).toEqual(downFrom(LENGTH + 19, LENGTH));
  });

  test.each([
    ["maxEntries='20'", 20],
    ["maxEntries='100000' maxBytes='1000'", 250], // of four bytes each
  ])('is cut when its topic is to remember less: %s', async (bounds, left) => {
    const { restart } = await startFilled();
    const broker = await restart();
    const topic = `<administrative/><topic><queue relating='history' ${bounds}/></topic>`;
    await broker.post(`<publish><key oid='a'/><content/><qos>${topic}</qos></publish>`);
    await broker.put(`/topics/a?persistent=true`, String(LENGTH));
    expect(await ask(broker, 'topic/a/?numOfHistoryEntries')).toBe(String(left));
    expect(await newest(broker, LENGTH)).toEqual(downFrom(LENGTH, left));
  });

  test('has gaps where messages were consumed', async () => {
    const { first, restart } = await startFilled();
    const consume = (broker: TestBroker, count: number) => {
      const spec = `<querySpec type='QueueQuery'><![CDATA[maxEntries=${count}&consumable=true]]></querySpec>`;
      return broker.post(`<get><key oid='__cmd:topic/a/?historyQueueEntries'/><qos>${spec}</qos></get>`);
    };
    expect(textsOf((await consume(first, 1_500)).body)).toHaveLength(1_500);
    await first.post(messages(LENGTH, LENGTH + 10));
    const broker = await restart();
    const left = [...downFrom(LENGTH + 9, 10), ...downFrom(1_499, 1_500)];
    expect(await newest(broker, 15)).toEqual(left.slice(0, 15));
    expect(textsOf((await consume(broker, 1_200)).body).map(Number)).toEqual(left.slice(0, 1_200));
    expect(await newest(broker, LENGTH)).toEqual(left.slice(1_200));
  });

  test('expires as a whole, and its topic with it', async () => {
    const clock = new ManualClock();
    const { restart } = await startFilled("<expiration lifeTime='100000'/>", clock);
    const broker = await restart();
    expect(await newest(broker, 1)).toEqual([LENGTH - 1]);
    for (let i = 0; i < 100; i++) clock.advance(10_000);
    expect((await broker.get('/topics/a')).status).toBe(404);
    expect(await ask(broker, 'topic/a/?numOfHistoryEntries')).toMatch(/^400|^404/);
  });
});
