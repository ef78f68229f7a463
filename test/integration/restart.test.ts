import { describe, expect, test } from 'vitest';
import { ackOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { kinds } from '../helpers/durable.ts';
import { SocketClient } from '../helpers/socket.ts';
import { untilStatistics } from '../helpers/statistics.ts';
import { SurvivingStore } from '../helpers/surviving-store.ts';

const JOE = '/updates?session=joe/1&persistent=true&timeout=0&max=10000';
const POLL = `${JOE}&oid=a`;

function publish(broker: TestBroker, oid: string, content: string, query = ''): Promise<unknown> {
  return broker.put(`/topics/${oid}?persistent=true${query}`, content);
}

/** The contents of what the poll brings; none when it brings nothing. */
async function poll(broker: TestBroker, path: string): Promise<string[]> {
  const { status, body } = await broker.get(path);
  return status === 204 ? [] : textsOf(body);
}

describe.each(kinds)('after a restart, %s,', (_, startDurable) => {
  test('a persistent message is there, a transient one is not', async () => {
    const { first, restart } = await startDurable();
    await publish(first, 'a', 'one');
    await publish(first, 'a', 'two');
    await first.put('/topics/b', 'gone');
    const second = await restart();
    expect((await second.get('/topics/a')).body).toBe('two');
    expect(textsOf((await second.get('/topics/a?history=10')).body)).toEqual(['two', 'one']);
    expect((await second.get('/topics/b')).status).toBe(404);
  });

  test('a topic is what it was: its key, its bounds, its content type', async () => {
    const { first, restart } = await startDurable();
    const qos = "<persistent/><topic readonly='true'><queue relating='history' maxEntries='2'/></topic>";
    await first.post(
      `<publish><key oid='a' contentMime='image/png'><b c='d'/></key><content>1</content><qos>${qos}</qos></publish>`,
    );
    const second = await restart();
    expect(textsOf((await second.get('/topics?xpath=//b[@c="d"]')).body)).toEqual([]);
    expect((await second.get('/topics/a')).headers.get('content-type')).toBe('image/png');
    expect((await second.put('/topics/a', '2')).body).toContain('user.publish.readonly');
  });

  test('all of it is there, also when the bounds are narrower than before', async () => {
    const bounds: { maxTopics?: number; maxSessions?: number; maxSubscriptions?: number; maxBytes?: number } = {};
    const { first, restart } = await startDurable(bounds);
    for (const oid of ['a', 'b', 'c']) {
      await first.get(`/updates?session=user-${oid}/1&persistent=true&timeout=0&oid=${oid}`);
      await publish(first, oid, `in ${oid}`);
    }
    const second = await restart(() => Object.assign(bounds, { maxTopics: 1, maxSessions: 1, maxSubscriptions: 1, maxBytes: 1 }));
    for (const oid of ['a', 'b', 'c']) expect((await second.get(`/topics/${oid}`)).body).toBe(`in ${oid}`);
    const third = await restart(() =>
      Object.assign(bounds, { maxTopics: 10, maxSessions: 10, maxSubscriptions: 10, maxBytes: 1e7 }),
    );
    for (const oid of ['a', 'b', 'c']) {
      expect((await third.get(`/topics/${oid}`)).body).toBe(`in ${oid}`);
      await publish(third, oid, 'next');
      expect(await poll(third, `/updates?session=user-${oid}/1&persistent=true&timeout=0`)).toEqual([`in ${oid}`, 'next']);
    }
  });

  test('a durable session gets what waited for it, in order, urgent messages first', async () => {
    const { first, restart } = await startDurable();
    await first.get(POLL);
    await publish(first, 'a', '1');
    await publish(first, 'a', '2');
    await publish(first, 'a', '9', '&priority=9');
    await publish(first, 'a', '3');
    const second = await restart();
    const { body } = await second.get(POLL);
    expect(readMessages(body).map(({ text, redeliver }) => [text, redeliver])).toEqual([
      ['9', 0],
      ['1', 0],
      ['2', 0],
      ['3', 0],
    ]);
    await publish(second, 'a', '4');
    const third = await restart();
    const again = readMessages((await third.get(POLL)).body);
    expect(again.map(({ text, redeliver }) => [text, redeliver])).toEqual([
      ['9', 1],
      ['1', 1],
      ['2', 1],
      ['3', 1],
      ['4', 0],
    ]);
  });

  test('what was acknowledged does not come again', async () => {
    const { first, restart } = await startDurable();
    await first.get(POLL);
    for (const text of ['1', '2', '3']) await publish(first, 'a', text);
    const { body } = await first.get(POLL.replace('max=10000', 'max=2'));
    await first.get(`${POLL}&ack=${ackOf(body)}`);
    const second = await restart();
    expect(await poll(second, POLL)).toEqual(['3']);
  });

  test('a durable subscription finds topics that come then, and does not bring what was there', async () => {
    const { first, restart } = await startDurable();
    const path = `${JOE}&xpath=//b&filter=w.*`;
    await first.put('/topics/before?persistent=true', 'was there', { 'X-Key': '<b/>' });
    const { body } = await first.get(path);
    expect(textsOf(body)).toEqual(['was there']);
    await first.get(`${path}&ack=${ackOf(body)}`);
    const second = await restart();
    await second.put('/topics/before', 'wanted before');
    await second.put('/topics/after', 'wanted', { 'X-Key': '<b/>' });
    await second.put('/topics/after', 'not wanted');
    expect(await poll(second, JOE)).toEqual(['wanted before', 'wanted']);
  });

  test('an ended subscription and an ended session stay ended', async () => {
    const { first, restart } = await startDurable();
    await first.get(POLL);
    await first.get(`${JOE.replace('joe/1', 'ann/1')}&oid=a`);
    await first.post("<unSubscribe><key oid='a'/></unSubscribe>", '/?session=joe/1');
    await first.post('<disconnect/>', '/?session=ann/1');
    const second = await restart();
    await publish(second, 'a', '1');
    await untilStatistics(second, ({ sessions, subscriptions }) => sessions === 1 && subscriptions === 0);
  });

  test('an erased topic stays erased, and what waits of it is delivered unless it was destroyed', async () => {
    const { first, restart } = await startDurable();
    await first.get(POLL);
    await first.get(`${JOE}&oid=b`);
    await publish(first, 'a', 'soft');
    await publish(first, 'b', 'hard');
    await first.post("<erase><key oid='a'/></erase>");
    await first.post("<erase><key oid='b'/><qos><erase forceDestroy='true'/></qos></erase>");
    const second = await restart();
    expect((await second.get('/topics')).body).not.toContain('<key');
    expect(await poll(second, JOE)).toEqual(['soft']);
  });

  test('what was sent to a user or a session waits for them', async () => {
    const { first, restart } = await startDurable();
    for (const name of ['joe', 'ann/7']) {
      const destination = `<destination forceQueuing='true'>${name}</destination>`;
      await first.post(
        `<publish><key oid='note'/><content>for ${name}</content><qos><persistent/><subscribable>false</subscribable>${destination}</qos></publish>`,
      );
    }
    const second = await restart();
    expect(await poll(second, '/updates?session=joe/1&timeout=0')).toEqual(['for joe']);
    expect(await poll(second, '/updates?session=ann/7&timeout=0')).toEqual(['for ann/7']);
  });

  test('a named session that did not ask to survive still gets what waited, and has no subscription', async () => {
    const { first, restart } = await startDurable();
    const path = '/updates?session=joe/1&timeout=0';
    await first.get(`${path}&oid=a`);
    await publish(first, 'a', 'waited');
    await first.put('/topics/a', 'transient');
    const second = await restart();
    await publish(second, 'a', 'later');
    expect(await poll(second, path)).toEqual(['waited']);
  });

  test('what expired meanwhile is not there', async () => {
    const clock = new ManualClock();
    const { first, restart } = await startDurable({}, { clock });
    await first.get(POLL);
    await publish(first, 'a', 'short', '&lifeTime=1000');
    await publish(first, 'a', 'long', '&lifeTime=100000');
    const second = await restart(() => clock.advance(2_000));
    expect(await poll(second, POLL)).toEqual(['long']);
    expect(textsOf((await second.get('/topics/a?history=10')).body)).toEqual(['long']);
    clock.advance(100_000);
    expect((await second.get('/topics/a')).status).toBe(404);
  });

  test('a job that a consumer had is a repetition for the next one', async () => {
    const { first, restart } = await startDurable();
    const qos = "<persistent/><topic><msgDistributor typeVersion='ConsumableQueue,1.0'/></topic>";
    for (const text of ['1', '2'])
      await first.post(`<publish><key oid='a'/><content>${text}</content><qos>${qos}</qos></publish>`);
    expect(await poll(first, '/updates?session=joe/1&oid=a&timeout=1')).toEqual(['1']);
    const second = await restart();
    const { body } = await second.get('/updates?session=ann/1&oid=a&timeout=1');
    expect(readMessages(body).map(({ text, redeliver }) => [text, redeliver])).toEqual([['1', 1]]);
  });

  test('a client of SOCKET goes on by its secret id', async () => {
    const { first, restart } = await startDurable();
    const joe = await SocketClient.open(first.port);
    const qos = "<session name='joe'/><persistent/><queue relating='callback'><callback type='SOCKET' retries='-1'/></queue>";
    const { session } = await joe.call('connect', `<qos>${qos}</qos>`, '');
    await joe.call('subscribe', "<qos><persistent/></qos>\0<key oid='a'/>\0", session);
    joe.socket.destroy();
    await publish(first, 'a', '1');
    const second = await restart();
    await publish(second, 'a', '2');
    const again = await SocketClient.open(second.port);
    const answer = await again.call(
      'connect',
      `<qos><session name='joe' sessionId='${session}'/>${qos.slice(qos.indexOf('<persistent'))}</qos>`,
      '',
    );
    expect(answer.data).toContain('<reconnected/>');
    expect([...(await again.update()), ...(await again.update())]).toEqual(['1', '2']);
  });
});

describe.each(kinds)('more than memory takes, %s,', (_, startDurable) => {
  test('comes in order, transient messages in between, whatever the priorities', async () => {
    const { first, restart } = await startDurable({ maxCommands: 10_000 });
    await first.get(POLL);
    const sent: { text: string; priority: number; isPersistent: boolean }[] = [];
    for (let round = 0; round < 3; round++) {
      const units = Array.from({ length: 800 }, (_, i) => {
        const n = round * 800 + i;
        return { text: `${n}`, priority: n % 7 === 0 ? 7 : 5, isPersistent: n % 50 !== 0 };
      });
      sent.push(...units);
      const commands = units.map(({ text, priority, isPersistent }) => {
        return `<publish><key oid='a'/><content>${text}</content><qos><priority>${priority}</priority>${isPersistent ? '<persistent/>' : ''}</qos></publish>`;
      });
      await first.post(`<xmlBlaster>${commands.join('')}</xmlBlaster>`);
    }
    const inOrder = (wanted: typeof sent): string[] =>
      [...wanted].sort((a, b) => b.priority - a.priority).map(({ text }) => text);
    const { body } = await first.get(POLL.replace('max=10000', 'max=1500'));
    expect(textsOf(body)).toEqual(inOrder(sent).slice(0, 1_500));
    expect(await poll(first, `${POLL}&ack=${ackOf(body)}`)).toEqual(inOrder(sent).slice(1_500));
    const second = await restart();
    const left = inOrder(sent).slice(1_500);
    const persistent = new Set(sent.filter(({ isPersistent }) => isPersistent).map(({ text }) => text));
    expect(await poll(second, POLL)).toEqual(left.filter((text) => persistent.has(text)));
  });
});

test('what this broker can make nothing of stays as it is, with all that belongs to it', async () => {
  const store = new SurvivingStore();
  const first = await startBroker({}, { store });
  await first.get(POLL);
  await publish(first, 'a', '1');
  await first.close();
  const records = store.recover().records;
  const rewrite = (change: (text: string) => string): Promise<void> => {
    for (const { id, text } of records) store.putRecord({ id, text: change(text) });
    return store.commit();
  };
  await rewrite((text) => text.replace(/"kind":"(session|topic)"/, '"kind":"comet"'));
  const second = await startBroker({}, { store });
  expect((await second.get('/topics/a')).status).toBe(404);
  await second.close();
  await rewrite((text) => text);
  const third = await startBroker({}, { store });
  expect((await third.get('/topics/a')).body).toBe('1');
  await publish(third, 'a', '2');
  expect(await poll(third, JOE)).toEqual(['1', '2']);
});

test('a queue whose record is damaged shares its number with no new one', async () => {
  const store = new SurvivingStore();
  const first = await startBroker({}, { store });
  await first.put('/topics/a?persistent=true&destination=joe', 'x');
  await first.close();
  const { records, lanes } = store.recover();
  const damaged = Math.max(...lanes.map(({ queueId }) => queueId));
  for (const { id } of records) if (id >= damaged) store.deleteRecord(id);
  await store.commit();
  const second = await startBroker({}, { store });
  await second.put('/topics/b?persistent=true&destination=jack', 'x');
  await second.close();
  expect(store.recover().records.every(({ id }) => id !== damaged)).toBe(true);
});
