import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { SocketClient } from '../helpers/socket.ts';
import { DelayedStore, FailingStore } from '../helpers/store-doubles.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function put(broker: TestBroker, path: string, body: string): Promise<Answer> {
  const response = await broker.fetch(path, { method: 'PUT', body });
  return { status: response.status, body: await response.text() };
}

function script(oid: string, content: string, qos = ''): string {
  return `<publish><key oid='${oid}'/><content>${content}</content><qos>${qos}</qos></publish>`;
}

/** The contents that stand in any queue in the store, history included, queue by queue. */
function keptBy(store: Store): string[] {
  return store.recover().lanes.flatMap((lane) => {
    const { entries } = store.read(lane, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    return entries.map(({ message }) => message.content.toString());
  });
}

/** Both ways to publish a persistent message. */
const ways: readonly [name: string, publish: (broker: TestBroker, oid: string, content: string) => Promise<Answer>][] = [
  ['PUT /topics/x?persistent=true', (broker, oid, content) => put(broker, `/topics/${oid}?persistent=true`, content)],
  ['a script with <persistent/>', (broker, oid, content) => broker.post(script(oid, content, '<persistent/>'))],
];

describe.each(ways)('%s', (_, publish) => {
  test('is answered only after the commit', async () => {
    const store = new DelayedStore(new MemoryStore());
    const broker = await startBroker({}, { store });
    let isAnswered = false;
    const answer = publish(broker, 'x', 'hello').finally(() => {
      isAnswered = true;
    });
    await store.untilWaiting(1);
    // Whoever asks for nothing persistent is answered meanwhile.
    expect((await put(broker, '/topics/y', 'transient')).status).toBe(201);
    expect((await put(broker, '/topics/y?persistent=false', 'transient')).status).toBe(200);
    expect((await broker.post(script('z', 'transient'))).status).toBe(200);
    expect((await broker.post(script('z', 'transient', '<persistent>false</persistent>'))).status).toBe(200);
    expect([isAnswered, store.waiting]).toEqual([false, 1]);
    expect(keptBy(store)).toEqual([]);
    store.release();
    expect([200, 201]).toContain((await answer).status);
    expect(keptBy(store)).toEqual(['hello']);
  });

  test('says that it does not survive a restart', async () => {
    const broker = await startBroker();
    const { body } = await publish(broker, 'x', 'hello');
    expect(body).toMatch(/<state id='OK' info='[^']*do not survive a restart'\/>/);
    expect((await put(broker, '/topics/x', 'transient')).body).not.toContain('restart');
  });

  test('that cannot be stored is 503, and nobody gets it', async () => {
    const store = new FailingStore(new MemoryStore());
    const broker = await startBroker({}, { store });
    const poll = '/updates?session=joe/1&oid=x&timeout=0';
    expect((await broker.get(poll)).status).toBe(204);
    store.isFull = true;
    const { status, body } = await publish(broker, 'x', 'lost');
    expect(status).toBe(503);
    expect(body).toContain("<exception errorCode='resource.exhaust'><message>The disk is full</message></exception>");
    expect((await broker.get(poll)).status).toBe(204);
    expect((await broker.get('/updates?session=late/1&oid=x&timeout=0')).status).toBe(204);
    expect((await broker.get('/topics/x')).status).toBe(404);
    expect((await broker.get('/topics/x?history=10')).body).not.toContain('lost');
    expect((await broker.post("<get><key oid='x'/><qos><history numEntries='-1'/></qos></get>")).body).toContain('<get/>');
    expect(keptBy(store)).toEqual([]);
  });

  test('that cannot be stored leaves what was there before', async () => {
    const store = new FailingStore(new MemoryStore());
    const broker = await startBroker({}, { store });
    const poll = '/updates?session=joe/1&oid=x&timeout=0';
    await publish(broker, 'x', 'before');
    store.isFull = true;
    expect((await publish(broker, 'x', 'lost')).status).toBe(503);
    expect((await put(broker, '/topics/y', 'transient')).status).toBe(201);
    expect((await broker.get('/topics/x')).body).toBe('before');
    store.isFull = false;
    expect((await publish(broker, 'x', 'after')).status).toBe(200);
    const { body } = await broker.get(`${poll}&history=10`);
    expect(body.match(/<content>.*?<\/content>/g)?.sort()).toEqual(['<content>after</content>', '<content>before</content>']);
    expect(keptBy(store)).toEqual(['before', 'after', 'before', 'after']);
  });
});

test('a script ends with the publish that cannot be stored; what went before has happened', async () => {
  const store = new FailingStore(new MemoryStore());
  const broker = await startBroker({}, { store });
  store.isFull = true;
  const commands = script('a', '1') + script('b', '2', '<persistent/>') + script('c', '3');
  const { status, body } = await broker.post(`<xmlBlaster>${commands}</xmlBlaster>`);
  expect(status).toBe(503);
  expect(body.match(/<publish>|<exception errorCode='[^']*'/g)).toEqual(['<publish>', "<exception errorCode='resource.exhaust'"]);
  expect((await broker.get('/topics/a')).body).toBe('1');
  expect((await broker.get('/topics/b')).status).toBe(404);
  expect((await broker.get('/topics/c')).status).toBe(404);
});

test('what comes while the broker ends is refused, and is not there afterwards', async () => {
  const store = new DelayedStore(new MemoryStore());
  const broker = await startBroker({}, { store });
  const answer = broker.post(`<xmlBlaster>${['1', '2'].map((text) => script('x', text, '<persistent/>')).join('')}</xmlBlaster>`);
  await store.untilWaiting(1);
  const closed = broker.close();
  store.open();
  const { status, body } = await answer;
  expect(status).toBe(503);
  expect(body.match(/<publish>|<exception errorCode='[^']*'/g)).toEqual([
    '<publish>',
    "<exception errorCode='communication.noConnection.serverDeny'",
  ]);
  await closed;
  expect(keptBy(store)).toEqual(['1']);
});

test('what waited is not handed out before the store knows that it may be, whatever else comes', async () => {
  const store = new DelayedStore(new MemoryStore());
  const broker = await startBroker({}, { store });
  expect((await broker.get('/updates?session=joe/1&oid=x&timeout=0')).status).toBe(204);
  const published = put(broker, '/topics/x?persistent=true', 'waited');
  await store.untilWaiting(1);
  store.release();
  await published;
  const joe = await SocketClient.login(broker.port, 'joe/1', "retries='-1'");
  await store.untilWaiting(1);
  await put(broker, '/topics/x', 'transient');
  await joe.settled();
  expect(joe.waiting).toEqual([]);
  store.open();
  expect([...(await joe.update()), ...(await joe.update())]).toEqual(['waited', 'transient']);
});

test('what waited stays where it is when its client comes while the broker ends', async () => {
  let open = (): void => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  class SlowStore extends MemoryStore {
    override async close(): Promise<void> {
      await isOpen;
      await super.close();
    }
  }
  const broker = await startBroker({}, { store: new SlowStore() });
  expect((await broker.get('/updates?session=joe/1&oid=x&timeout=0')).status).toBe(204);
  await put(broker, '/topics/x?persistent=true', 'waited');
  const joe = await SocketClient.open(broker.port);
  const closed = broker.close();
  const answer = await joe.connect('joe/1', "retries='-1'");
  await joe.settled();
  expect([answer.type, joe.waiting]).toEqual(['R', []]);
  open();
  await closed;
});

test('an erased topic leaves the store too', async () => {
  const store = new MemoryStore();
  const broker = await startBroker({}, { store });
  await put(broker, '/topics/x?persistent=true', 'hello');
  expect(keptBy(store)).toEqual(['hello']);
  expect((await broker.fetch('/topics/x', { method: 'DELETE' })).status).toBe(204);
  await store.commit();
  expect(keptBy(store)).toEqual([]);
});
