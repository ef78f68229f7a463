import { describe, expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { contentsOf, SocketClient, type WireFrame } from '../helpers/socket.ts';

// protocol/socket.md, "Updates", "Pings", "Lost connections".

describe('updates', () => {
  test('come over the connection of the client, with the callback session id it gave', async () => {
    const { port } = await startBroker({ nodeId: 'heron' });
    const client = await SocketClient.login(port, 'joe/1', "sessionId='mine'");
    await client.subscribe('a');
    const publisher = await SocketClient.login(port, 'ann/1');
    await publisher.publish('a', 'Hello');
    const update = await client.request();
    expect(update).toMatchObject({ session: 'mine', requestId: expect.stringMatching(/^client\/joe\/1:update:\d+$/) });
    expect(update.data).toContain('<sender>/node/heron/client/ann/1</sender>');
    expect(update.data).toContain("<queue index='0' size='1'/>");
    expect(update.data).toContain("<key oid='a'/>");
    expect(contentsOf(update)).toEqual(['Hello']);
  });

  test('have the session id unknown when the client gave none', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe');
    await client.subscribe('a');
    await client.publish('a', '1');
    expect((await client.request()).session).toBe('unknown');
  });

  // Otherwise the C library, which leaves TCP_NODELAY alone, waits 40 ms with its next request: see FrameWriter.
  test('leave before the answer to the publish that caused them, and that does not wait for the acknowledgement', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1');
    await client.subscribe('a');
    client.send('publish', "\0<key oid='a'/>\x001\x001");
    expect((await client.next(() => true)).method).toBe('update');
    expect(await client.next(() => true)).toMatchObject({ type: 'R', method: 'publish' });
  });

  // The threads of the original's clients, one for each call, would mix them up.
  test('come one call at a time', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1');
    await client.subscribe('a');
    for (const text of ['1', '2', '3']) await client.publish('a', text);
    await client.settled();
    for (const text of ['1', '2', '3']) {
      expect(client.waiting.map(contentsOf)).toEqual([[text]]);
      client.acknowledge(await client.request());
      await client.settled();
    }
    expect(await queueSize(client, port)).toBe(0);
  });

  test('may be answered after a publish of the client, and in any order when several calls are allowed', async () => {
    const { port } = await startBroker({ maxUpdatesInFlight: 3 });
    const client = await SocketClient.login(port, 'joe/1');
    await client.subscribe('a');
    for (const text of ['1', '2', '3']) await client.publish('a', text);
    const updates = [await client.request(), await client.request(), await client.request()];
    await client.publish('b', 'in between');
    for (const update of updates.toReversed()) client.acknowledge(update);
    await client.settled();
    expect(await queueSize(client, port)).toBe(0);
  });

  test('that are not acknowledged are so many at most', async () => {
    const { port } = await startBroker({ maxUpdatesInFlight: 2 });
    const client = await SocketClient.login(port, 'joe/1');
    await client.subscribe('a');
    for (const text of ['1', '2', '3', '4']) await client.publish('a', text);
    await client.settled();
    expect(client.waiting.map(contentsOf)).toEqual([['1'], ['2']]);
    client.acknowledge(await client.request());
    client.acknowledge(await client.request());
    expect(contentsOf(await client.request())).toEqual(['3']);
  });

  test('go several in one frame in burst mode, bounded by entries and by bytes', async () => {
    const { port } = await startBroker({ maxUpdatesInFlight: 100 });
    const publisher = await SocketClient.login(port, 'ann/1');
    const client = await SocketClient.login(port, 'joe/1', "dispatcherActive='false'");
    await client.subscribe('a');
    for (const text of ['1', '22', '333', '4', '5']) await publisher.publish('a', text);
    await client.connect('joe/1', '', "<burstMode maxEntries='4' maxBytes='5'/>");
    expect(contentsOf(await client.request())).toEqual(['1', '22']);
    expect(contentsOf(await client.request())).toEqual(['333', '4', '5']);
    const all = await SocketClient.login(port, 'joe/1', '', "<burstMode maxEntries='-1'/>");
    expect(contentsOf(await all.request())).toEqual(['1', '22', '333', '4', '5']);
  });

  test('are collected for collectTime, or until there are enough', async () => {
    const clock = new ManualClock();
    const { port } = await startBroker({}, { clock });
    const publisher = await SocketClient.login(port, 'ann/1');
    const client = await SocketClient.login(port, 'joe/1', '', "<burstMode collectTime='1000' maxEntries='3'/>");
    await client.subscribe('a');
    await publisher.publish('a', '1');
    await publisher.publish('a', '2');
    await client.settled();
    expect(client.waiting).toEqual([]);
    clock.advance(1_100);
    const first = await client.request();
    expect(contentsOf(first)).toEqual(['1', '2']);
    client.acknowledge(first);
    for (const text of ['3', '4', '5']) await publisher.publish('a', text);
    expect(contentsOf(await client.request())).toEqual(['3', '4', '5']);
  });

  test('oneway are not acknowledged, by subscription and by callback', async () => {
    const { port } = await startBroker({ maxUpdatesInFlight: 1 });
    const client = await SocketClient.login(port, 'joe/1');
    await client.subscribe('a', '<updateOneway/>');
    for (const text of ['1', '2', '3']) await client.publish('a', text);
    for (const text of ['1', '2', '3']) expect(contentsOf(await client.request('updateOneway'))).toEqual([text]);
    const oneway = await SocketClient.login(port, 'ann/1', "oneway='true'");
    await oneway.subscribe('a');
    expect(contentsOf(await oneway.request('updateOneway'))).toEqual(['3']);
    await oneway.publish('a', '4');
    expect(contentsOf(await oneway.request('updateOneway'))).toEqual(['4']);
  });

  test('of one frame are split when some of them are oneway, and wait for each other', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1', "dispatcherActive='false'");
    await client.subscribe('a');
    await client.subscribe('b', '<updateOneway/>');
    for (const oid of ['a', 'b', 'b', 'a']) await client.publish(oid, oid);
    await client.connect('joe/1', '', "<burstMode maxEntries='-1'/>");
    const first = await client.request();
    await client.settled();
    expect([first, ...client.waiting].map(contentsOf)).toEqual([['a']]);
    client.acknowledge(first);
    const others = [await client.request('updateOneway'), await client.request()];
    expect(others.map(contentsOf)).toEqual([['b', 'b'], ['a']]);
  });

  test('of an erased topic say so', async () => {
    const { port } = await startBroker({ nodeId: 'heron' });
    const client = await SocketClient.login(port, 'joe/1');
    await client.subscribe('a');
    await client.publish('a', '1');
    client.acknowledge(await client.request());
    await client.call('erase', "<qos/>\0<key oid='a'/>\0");
    const update = await client.request();
    expect(update.data).toContain("<state id='ERASED'/>");
    expect(contentsOf(update)).toEqual(['heron/topic/a']);
  });
});

describe('an exception on an update', () => {
  async function scene() {
    const broker = await startBroker();
    const client = await SocketClient.login(broker.port, 'joe/1');
    await client.subscribe('a');
    const undertaker = await SocketClient.login(broker.port, 'undertaker/1');
    await undertaker.subscribe('__sys__deadMessage');
    await client.publish('a', '1');
    return { ...broker, client, undertaker, update: await client.request() };
  }

  test.each(['user.clientCode', 'user.update.error', 'internal.foo', ''])(
    '%j makes a dead message, and the next one comes',
    async (code) => {
      const { client, undertaker, update } = await scene();
      client.refuse(update, code);
      const dead = await undertaker.request();
      expect(contentsOf(dead)).toEqual(['1']);
      expect(dead.data).toContain('not wanted');
      await client.publish('a', '2');
      expect(contentsOf(await client.request())).toEqual(['2']);
    },
  );

  test('user.update.holdback stops updates until the client connects again', async () => {
    const { client, undertaker, update } = await scene();
    client.refuse(update, 'user.update.holdback');
    await client.publish('a', '2');
    await client.settled();
    expect(client.waiting).toEqual([]);
    await client.connect('joe/1');
    const again = await client.request();
    expect(contentsOf(again)).toEqual(['1']);
    expect(again.data).toContain('<redeliver>1</redeliver>');
    client.acknowledge(again);
    expect(contentsOf(await client.request())).toEqual(['2']);
    expect(undertaker.waiting).toEqual([]);
  });

  test('communication.* closes the connection and keeps the queue', async () => {
    const { client, port, update } = await scene();
    client.refuse(update, 'communication.noConnection');
    await client.closed();
    const again = await SocketClient.open(port);
    await again.connect('joe/1', "retries='-1'");
    // With the default retries='0' what waited may have been given up.
    expect(again.session).not.toBe('');
  });

  test('user.security.authentication.* ends the session', async () => {
    const { client, undertaker, update } = await scene();
    client.refuse(update, 'user.security.authentication.accessDenied');
    expect(contentsOf(await undertaker.request())).toEqual(['1']);
    await client.closed();
  });
});

describe('pings', () => {
  test('come after one interval, and again after each answer', async () => {
    const clock = new ManualClock();
    const { port } = await startBroker({}, { clock });
    const client = await SocketClient.login(port, 'joe/1', "pingInterval='1000'");
    for (let i = 0; i < 3; i++) {
      clock.advance(900);
      await client.settled();
      expect(client.waiting).toEqual([]);
      clock.advance(200);
      const ping = await client.request('ping');
      expect(ping).toMatchObject({ session: '', data: '\0\x000\0' });
      client.acknowledge(ping);
      await client.settled();
    }
  });

  test('without an answer end the connection', async () => {
    const clock = new ManualClock();
    const { port } = await startBroker({ responseTimeout: 500 }, { clock });
    const client = await SocketClient.login(port, 'joe/1', "pingInterval='1000'");
    clock.advance(1_100);
    await client.request('ping');
    clock.advance(600);
    await client.closed();
  });

  test('are not sent with pingInterval 0', async () => {
    const clock = new ManualClock();
    const { port } = await startBroker({}, { clock });
    const client = await SocketClient.login(port, 'joe/1', "pingInterval='0'");
    clock.advance(1_000_000);
    await client.settled();
    expect(client.waiting).toEqual([]);
  });
});

describe('a lost connection', () => {
  test('keeps session, subscriptions and queue for the client that comes back', async () => {
    const { port } = await startBroker();
    const publisher = await SocketClient.login(port, 'ann/1');
    const client = await SocketClient.login(port, 'joe/1', "retries='-1'");
    await client.subscribe('a');
    await publisher.publish('a', '1');
    await client.request();
    client.socket.destroy();
    await publisher.publish('a', '2');
    const again = await SocketClient.open(port);
    const answer = await again.connect('joe/1', "retries='-1'");
    expect(answer.data).toContain('<reconnected/>');
    expect(again.session).toBe(client.session);
    const update = await again.request();
    expect(contentsOf(update)).toEqual(['1']);
    expect(update.data).toContain('<redeliver>1</redeliver>');
    again.acknowledge(update);
    expect(contentsOf(await again.request())).toEqual(['2']);
  });

  test('displaces the old connection when that is there still', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1');
    const again = await SocketClient.login(port, 'joe/1');
    await client.closed();
    expect((await again.call('ping')).type).toBe('R');
    expect(again.session).toBe(client.session);
  });

  test('without retries makes dead messages of what waits, and the session ends', async () => {
    const clock = new ManualClock();
    const { port } = await startBroker({}, { clock });
    const { undertaker, client } = await deadScene(port, "retries='0'");
    client.socket.destroy();
    expect(contentsOf(await passTime(clock, 100, undertaker))).toEqual(['1']);
    expect((await (await SocketClient.open(port)).connect('joe/1')).data).not.toContain('<reconnected/>');
  });

  test('waits for its first retry and, for the others, their delay before it gives up', async () => {
    const clock = new ManualClock();
    const { port } = await startBroker({}, { clock });
    const { undertaker, client } = await deadScene(port, "retries='3' delay='1000'");
    client.socket.destroy();
    await lost(port);
    clock.advance(2_300);
    await undertaker.settled();
    expect(undertaker.waiting).toEqual([]);
    expect(contentsOf(await passTime(clock, 200, undertaker))).toEqual(['1']);
  });

  test('ends the session, although nothing waits', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1');
    await client.subscribe('a');
    client.socket.end();
    await client.closed();
    expect((await (await SocketClient.open(port)).connect('joe/1')).data).not.toContain('<reconnected/>');
  });

  async function deadScene(port: number, callback: string) {
    const undertaker = await SocketClient.login(port, 'undertaker/1', "pingInterval='0'");
    await undertaker.subscribe('__sys__deadMessage');
    const client = await SocketClient.login(port, 'joe/1', callback);
    await client.subscribe('a');
    await undertaker.publish('a', '1');
    await client.request();
    return { undertaker, client };
  }
});

test('two sessions on one connection get their updates each; a session that connects again there keeps the connection', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.login(port, 'joe/1', "sessionId='one'");
  await client.subscribe('a');
  const { session } = client;
  await client.connect('ann/1', "sessionId='two'");
  await client.subscribe('a');
  await client.connect('joe/1', "sessionId='one again'");
  expect(client.session).toBe(session);
  await client.publish('a', '1');
  const updates = [await client.request(), await client.request()];
  expect(updates.map((update) => update.session).sort()).toEqual(['one again', 'two']);
  for (const update of updates) client.acknowledge(update);
  await client.settled();
  expect(client.waiting).toEqual([]);
});

test('a subscriber that stops reading costs its queue and nothing else', async () => {
  const { port } = await startBroker({ maxBytesWaiting: 100_000, maxQueueEntries: 300, maxUpdatesInFlight: 1_000 });
  const slow = await SocketClient.login(port, 'slow/1');
  const quick = await SocketClient.login(port, 'quick/1');
  await slow.subscribe('a', '<updateOneway/>');
  await quick.subscribe('a');
  await quick.subscribe('__sys__deadMessage', '<updateOneway/>');
  slow.socket.pause();
  const text = 'x'.repeat(50_000);
  let dead = 0;
  for (let i = 0; dead === 0; i++) {
    await quick.publish('a', text);
    quick.acknowledge(await quick.request());
    dead = quick.waiting.filter(({ method }) => method === 'updateOneway').length;
    expect(i).toBeLessThan(1_000);
  }
  slow.socket.resume();
  for (let i = 0; i < 300; i++) await slow.request('updateOneway');
});

/** Moves the clock until `undertaker` gets an update: how long a closed socket takes to be noticed is up to the system. */
async function passTime(clock: ManualClock, stepMs: number, undertaker: SocketClient): Promise<WireFrame> {
  const update = undertaker.request();
  let isHere = false;
  void update.then(() => {
    isHere = true;
  });
  while (!isHere) {
    clock.advance(stepMs);
    await undertaker.call('ping');
  }
  return update;
}

/** Resolves when the broker has seen that a connection closed before: it works through events in order. */
async function lost(port: number): Promise<void> {
  const client = await SocketClient.open(port);
  await client.settled();
  client.socket.destroy();
}

async function queueSize(client: SocketClient, port: number): Promise<number> {
  client.socket.destroy();
  const again = await SocketClient.open(port);
  const { data } = await again.connect('joe/1');
  return Number(/__cbQueueNumOfEntries' type='long'>(\d+)</.exec(data)?.[1]);
}
