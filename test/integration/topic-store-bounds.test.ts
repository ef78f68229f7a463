import { describe, expect, test } from 'vitest';
import { exceptionOf, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { kinds } from '../helpers/durable.ts';
import { DelayedStore } from '../helpers/store-doubles.ts';
import { SurvivingStore } from '../helpers/surviving-store.ts';

// The msgUnitStore of a topic counts its messages, wherever they wait, in memory or on disk: each once.

const SESSIONS = ['joe/1', 'jack/1', 'jim/1', 'jane/1', 'jill/1'];

async function subscribeAll(broker: TestBroker): Promise<void> {
  for (const session of SESSIONS) {
    const cache = "<queue relating='callback' maxEntriesCache='100'/>";
    await broker.post(`<connect><qos><session name='${session}'/><persistent/>${cache}</qos></connect>`);
    await broker.get(`/updates?session=${session}&persistent=true&oid=a&timeout=0`);
  }
}

/** Publishes messages of 10 bytes; returns how many were taken before one was refused. */
async function publish(broker: TestBroker, count: number, bounds: string): Promise<number> {
  const topic = `<topic><persistence ${bounds}/><queue relating='history' maxEntries='0'/></topic>`;
  const one = `<publish><key oid='a'/><content>${'x'.repeat(10)}</content><qos><persistent/>${topic}</qos></publish>`;
  const { body } = await broker.post(`<xmlBlaster>${one.repeat(count)}</xmlBlaster>`);
  if (body.includes('<exception')) expect(exceptionOf(body).code).toBe('resource.overflow.queue.entries');
  return [...body.matchAll(/<qos>/g)].length;
}

/** A session reads so many; returns what acknowledges them. */
async function read(broker: TestBroker, session: string, count: number): Promise<string> {
  const { body } = await broker.get(`/updates?session=${session}&timeout=0&max=${count}`);
  expect(textsOf(body)).toHaveLength(count);
  return `/ack?session=${session}&ack=${/ ack='([^']+)'/.exec(body)?.[1]}`;
}

async function acknowledge(broker: TestBroker, ack: string): Promise<void> {
  expect((await broker.fetch(ack, { method: 'POST' })).status).toBe(204);
}

async function consume(broker: TestBroker, session: string, count: number): Promise<void> {
  await acknowledge(broker, await read(broker, session, count));
}

describe.each(kinds)('%s', (_, startDurable) => {
  test.each([
    ['entries', "maxEntries='20'"],
    ['bytes', "maxBytes='200'"],
  ])('after a restart, as many %s fit as before', async (_what, bounds) => {
    const { first, restart } = await startDurable();
    await subscribeAll(first);
    expect(await publish(first, 10, bounds)).toBe(10);
    const broker = await restart();
    expect(await publish(broker, 15, bounds)).toBe(10);
    for (const session of SESSIONS.slice(1)) await consume(broker, session, 20);
    expect(await publish(broker, 1, bounds)).toBe(0);
    await consume(broker, 'joe/1', 5);
    expect(await publish(broker, 6, bounds)).toBe(5);
  });

  test('what queues left to the disk counts as what is in memory, whoever has read it', async () => {
    const { first, restart } = await startDurable();
    const bounds = "maxEntries='300'";
    await subscribeAll(first);
    expect(await publish(first, 310, bounds)).toBe(300);
    await consume(first, 'joe/1', 300);
    expect(await publish(first, 1, bounds)).toBe(0);
    const broker = await restart();
    for (const session of SESSIONS.slice(1)) {
      expect(await publish(broker, 1, bounds)).toBe(0);
      await consume(broker, session, 250);
    }
    expect(await publish(broker, 300, bounds)).toBe(250);
  });
});

test('a message that one queue reads while another one lets it go counts no longer than either has it', async () => {
  const store = new DelayedStore(new SurvivingStore());
  store.open();
  const broker = await startBroker({}, { store });
  await subscribeAll(broker);
  expect(await publish(broker, 300, "maxEntries='300'")).toBe(300);
  for (const session of SESSIONS.slice(2)) await consume(broker, session, 300);
  const ack = await read(broker, 'joe/1', 300);
  store.hold();
  await acknowledge(broker, ack);
  const isRead = read(broker, 'jack/1', 300);
  await store.untilWaiting(2); // what joe has acknowledged, and what jack may be handed
  store.open();
  await acknowledge(broker, await isRead);
  expect(await publish(broker, 310, "maxEntries='300'")).toBe(300);
});
