import { describe, expect, test } from 'vitest';
import type { Lane, LanePart, Store, StoredEntry } from '../../src/store/store.ts';
import { ask } from '../helpers/admin.ts';
import { ackOf, propertiesOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { kinds } from '../helpers/durable.ts';
import { DelayedStore } from '../helpers/store-doubles.ts';
import { SurvivingStore } from '../helpers/surviving-store.ts';

// What was erased with forceDestroy, or has expired so, and stands in the store only.

const DESTROY_A = "<erase><key oid='a'/><qos><erase forceDestroy='true'/></qos></erase>";

/** A persistent session that subscribes a and b and wants no notice of an erase, with a queue of so many entries. */
async function connect(broker: TestBroker, name: string, maxEntries: number): Promise<void> {
  const queue = `<queue relating='callback' maxEntries='${maxEntries}'/>`;
  await broker.post(`<connect><qos><session name='${name}'/><persistent/>${queue}</qos></connect>`);
  for (const oid of ['a', 'b']) {
    const subscribe = `<subscribe><key oid='${oid}'/><qos><persistent/><notify>false</notify></qos></subscribe>`;
    await broker.post(subscribe, `/?session=${name}`);
  }
}

function updates(name: string, max = 10_000): string {
  return `/updates?session=${name}&persistent=true&timeout=0&max=${max}`;
}

async function poll(broker: TestBroker, name = 'joe/1', max = 10_000): Promise<string[]> {
  const { status, body } = await broker.get(updates(name, max));
  return status === 204 ? [] : textsOf(body);
}

async function publish(broker: TestBroker, oid: string, texts: readonly string[], qos = ''): Promise<void> {
  const units = texts.map(
    (text) => `<publish><key oid='${oid}'/><content>${text}</content><qos><persistent/>${qos}</qos></publish>`,
  );
  for (let i = 0; i < units.length; i += 1_000) {
    const { status, body } = await broker.post(`<xmlBlaster>${units.slice(i, i + 1_000).join('')}</xmlBlaster>`);
    expect(status, body.slice(-300)).toBe(200);
  }
}

function numbers(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

function size(broker: TestBroker, name = 'joe/1'): Promise<number> {
  return ask(broker, `client/${name}/?cbQueueNumMsgs`).then(Number);
}

/** Each question waits for an answer, so the broker goes on meanwhile. */
async function untilSize(broker: TestBroker, wanted: number, name = 'joe/1'): Promise<void> {
  while ((await size(broker, name)) !== wanted);
}

describe.each(kinds)('of a queue %s', (_, startDurable) => {
  test('that is full of what was destroyed, the next ones have the room', async () => {
    const { first, restart } = await startDurable();
    await connect(first, 'joe/1', 20);
    await publish(first, 'a', numbers(20, 'gone'));
    const second = await restart();
    await second.post(DESTROY_A);
    await publish(second, 'b', ['1', '2']);
    expect(await poll(second)).toEqual(['1', '2']);
    expect(await size(second)).toBe(2);
  });

  test('what was destroyed behind what lives goes by itself', async () => {
    const { first, restart } = await startDurable();
    await connect(first, 'joe/1', 22);
    await publish(first, 'b', ['lives']);
    await publish(first, 'a', numbers(20, 'gone'));
    await publish(first, 'b', ['lives, too']);
    const second = await restart();
    await second.post(DESTROY_A);
    await untilSize(second, 2);
    await publish(second, 'b', numbers(20, ''));
    expect(await poll(second)).toEqual(['lives', 'lives, too', ...numbers(20, '')]);
  });

  test('what finds it full of what lives is a dead message', async () => {
    const { first, restart } = await startDurable();
    await connect(first, 'joe/1', 20);
    await publish(first, 'a', numbers(20, ''));
    const second = await restart();
    await second.get('/updates?session=ann/1&timeout=0&oid=__sys__deadMessage');
    await publish(second, 'b', ['too much']);
    const [dead] = readMessages((await second.get('/updates?session=ann/1&timeout=0')).body);
    expect(dead?.text).toBe('too much');
    expect(dead && propertiesOf(dead.qos)).toMatchObject({ __oid: 'b', __receiver: expect.stringContaining('joe/1') });
  });

  test('what has expired with forceDestroy behind what lives makes room', async () => {
    const clock = new ManualClock();
    const { first, restart } = await startDurable({}, { clock });
    const living = numbers(600, 'lives'); // more than is loaded at a time
    await connect(first, 'joe/1', 620);
    await publish(first, 'b', living);
    await publish(first, 'a', numbers(20, 'gone'), "<expiration lifeTime='1000' forceDestroy='true'/>");
    const second = await restart();
    clock.advance(2_000);
    await publish(second, 'b', ['finds it full']);
    await untilSize(second, 600);
    await publish(second, 'b', ['next']);
    expect(await poll(second)).toEqual([...living, 'next']);
  });
});

test.each<[what: string, qos: string, goes: (broker: TestBroker, clock: ManualClock) => unknown]>([
  ['expired', "<expiration lifeTime='1000' forceDestroy='true'/>", (_, clock) => clock.advance(2_000)],
  [
    'were destroyed after an unSubscribe',
    '',
    async (broker) => {
      await broker.post("<unSubscribe><key oid='a'/></unSubscribe>", '/?session=joe/1');
      await broker.post(DESTROY_A);
    },
  ],
])('a poll that does not wait passes over those that %s', async (_, qos, goes) => {
  const clock = new ManualClock();
  const broker = await startBroker({}, { clock, store: new SurvivingStore() });
  await connect(broker, 'joe/1', 100);
  await publish(broker, 'a', numbers(3, 'gone'), qos);
  await publish(broker, 'b', numbers(2, ''));
  await goes(broker, clock);
  expect(await poll(broker, 'joe/1', 3)).toEqual(['0', '1']);
  expect(await size(broker)).toBe(2);
});

test('what has expired of what was sent to a user keeps nothing from a session that comes', async () => {
  const clock = new ManualClock();
  const broker = await startBroker({}, { clock, store: new SurvivingStore() });
  const letter = "<subscribable>false</subscribable><destination forceQueuing='true'>joe</destination>";
  await publish(broker, 'b', ['gone'], `${letter}<expiration lifeTime='1000' forceDestroy='true'/>`);
  await publish(broker, 'b', ['1', '2'], letter);
  clock.advance(2_000);
  expect(await poll(broker)).toEqual(['1', '2']);
});

test('what expired of a history while the broker was down is not in the store any more when somebody has looked', async () => {
  const clock = new ManualClock();
  const store = new SurvivingStore();
  const first = await startBroker({}, { clock, store });
  await publish(first, 'a', numbers(5, 'gone'), "<expiration lifeTime='1000'/>");
  await publish(first, 'a', ['lives']);
  await first.close();
  clock.advance(2_000);
  const second = await startBroker({}, { clock, store });
  expect(textsOf((await second.get('/topics/a?history=10')).body)).toEqual(['lives']);
  await second.close();
  expect(storedEntries(store)).toBe(1);
});

const MANY = 3_000;

/** Two queues with so many of a, some of b in between; a thousand of each queue are in memory. */
async function fill(store: Store): Promise<TestBroker> {
  const broker = await startBroker({ maxCommands: 10_000 }, { store });
  for (const name of ['joe/1', 'ann/1']) await connect(broker, name, 1_000_000);
  for (let i = 0; i < 3; i++) {
    await publish(broker, 'a', numbers(MANY / 3, 'gone'), `<priority>${4 + i}</priority>`);
    await publish(broker, 'b', numbers(10, `${i}-`));
  }
  return broker;
}

const LIVING = [0, 1, 2].flatMap((i) => numbers(10, `${i}-`));

function storedEntries(store: Store): number {
  return store.recover().lanes.reduce((sum, { entries }) => sum + entries, 0);
}

describe('thousands of destroyed messages in two queues', () => {
  test.each([true, false])('go in the background, while others poll and publish (after a restart: %s)', async (isRestarted) => {
    const store = new SurvivingStore();
    let broker = await fill(store);
    if (isRestarted) {
      await broker.close();
      broker = await startBroker({ maxCommands: 10_000 }, { store });
    }
    await broker.post(DESTROY_A);
    const received: string[] = [];
    const sent: string[] = [];
    let ack = '';
    do {
      await publish(broker, 'b', [`new ${sent.length}`]);
      sent.push(`new ${sent.length}`);
      const { status, body } = await broker.get(updates('joe/1', 1) + ack);
      expect(status).toBe(200);
      received.push(...textsOf(body));
      ack = `&ack=${ackOf(body)}`;
    } while ((await size(broker, 'ann/1')) !== LIVING.length + sent.length);
    expect(await size(broker)).toBe(LIVING.length + 1);
    received.push(...textsOf((await broker.get(updates('joe/1') + ack)).body));
    expect(received).toEqual([...LIVING, ...sent]);
    expect(await poll(broker, 'ann/1')).toEqual([...LIVING, ...sent]);
  });

  test('go a few hundred with each commit, and when the broker ends before, when it runs again', async () => {
    const disk = new SurvivingStore();
    const store = new DelayedStore(disk);
    store.open();
    const first = await fill(store);
    store.hold();
    await first.post(DESTROY_A);
    await store.untilWaiting(1);
    await first.close();
    expect(storedEntries(disk)).toBeGreaterThan(2 * (MANY - 1_000) - 1_000);
    const second = await startBroker({}, { store: disk });
    for (const name of ['joe/1', 'ann/1']) await untilSize(second, LIVING.length, name);
    for (const name of ['joe/1', 'ann/1']) expect(await poll(second, name)).toEqual(LIVING);
    await second.close();
    expect(disk.recover().records.filter(({ text }) => text.includes('"destroyed"'))).toEqual([]);
    expect(storedEntries(disk)).toBe(2 * LIVING.length + 10);
  });
});

test('what of it is damaged leaves the count of bytes, too', async () => {
  const store = new OneDamaged();
  const first = await startBroker({}, { store });
  await connect(first, 'joe/1', 100);
  await publish(first, 'a', ['12345', '1', '2']);
  await first.close();
  const second = await startBroker({}, { store });
  await second.post(DESTROY_A);
  await untilSize(second, 0);
  expect(await ask(second, 'client/joe/1/?cbQueueBytes')).toBe('0');
});

/** The first entry of every lane cannot be read. */
class OneDamaged extends SurvivingStore {
  override read(lane: Lane, fromOrder: number, maxEntries: number, maxBytes: number): LanePart {
    const part = super.read(lane, fromOrder, maxEntries, maxBytes);
    const isFirst = ({ order }: StoredEntry): boolean => order === 0;
    const damaged = part.entries
      .filter(isFirst)
      .map(({ order, message }) => ({ order, topicId: message.topicId, bytes: message.content.length }));
    return { ...part, damaged, entries: part.entries.filter((entry) => !isFirst(entry)) };
  }
}
