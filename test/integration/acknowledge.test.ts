import { describe, expect, test } from 'vitest';
import { ackOf, exceptionOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { untilSubscribed } from '../helpers/statistics.ts';

/** What a poll of joe/1 gets right now, as text, with the number of earlier deliveries behind it when there were some. */
async function poll(broker: TestBroker, parameters = ''): Promise<{ ack: string; got: string[] }> {
  const { status, body } = await broker.get(`/updates?session=joe/1&oid=a&timeout=0${parameters}`);
  if (status === 204) return { ack: '', got: [] };
  expect(status).toBe(200);
  const got = readMessages(body).map(({ text, redeliver }) => (redeliver > 0 ? `${text}*${redeliver}` : text));
  return { ack: ackOf(body), got };
}

async function publish(broker: TestBroker, ...texts: string[]): Promise<void> {
  for (const text of texts) await broker.put('/topics/a', text);
}

async function acknowledge(broker: TestBroker, ack: string, session = 'joe/1'): Promise<void> {
  expect(await broker.post('', `/ack?session=${session}&ack=${ack}`)).toMatchObject({ status: 204, body: '' });
}

describe('acknowledgement', () => {
  test('by `ack` of the next poll', async () => {
    const broker = await startBroker();
    await poll(broker);
    await publish(broker, '1', '2', '3');
    const first = await poll(broker, '&max=2');
    expect(first.got).toEqual(['1', '2']);
    const second = await poll(broker, `&ack=${first.ack}`);
    expect(second.got).toEqual(['3']);
    expect((await poll(broker, `&ack=${second.ack}`)).got).toEqual([]);
    expect((await poll(broker)).got).toEqual([]);
  });

  test('by POST /ack, which answers nothing', async () => {
    const broker = await startBroker();
    await poll(broker);
    await publish(broker, '1', '2');
    const { ack } = await poll(broker, '&max=1');
    await acknowledge(broker, ack);
    await acknowledge(broker, ack);
    expect((await poll(broker)).got).toEqual(['2']);
  });

  test('that does not come brings everything again, marked', async () => {
    const broker = await startBroker();
    await poll(broker);
    await publish(broker, '1', '2');
    expect((await poll(broker, '&max=1')).got).toEqual(['1']);
    expect((await poll(broker)).got).toEqual(['1*1', '2']);
    await publish(broker, '3');
    expect((await poll(broker)).got).toEqual(['1*2', '2*1', '3']);
  });

  test('keeps the order of what comes again, among others of its priority', async () => {
    const broker = await startBroker();
    await poll(broker);
    await publish(broker, '1', '2');
    await broker.put('/topics/a?priority=9', 'urgent');
    expect((await poll(broker)).got).toEqual(['urgent', '1', '2']);
    await broker.put('/topics/a?priority=9', 'urgent too');
    expect((await poll(broker)).got).toEqual(['urgent*1', 'urgent too', '1*1', '2*1']);
  });

  test('by a cursor covers only what that answer and those before have carried', async () => {
    const broker = await startBroker();
    await poll(broker);
    await publish(broker, '1');
    const old = await poll(broker);
    await publish(broker, '2');
    expect((await poll(broker)).got).toEqual(['1*1', '2']);
    // The answer that `old` belongs to was superseded: what it carried has been handed out again since.
    await acknowledge(broker, old.ack);
    expect((await poll(broker)).got).toEqual(['1*2', '2*1']);
  });

  test.each(['0', 'x', 'a.b.c', '%00', '__proto__', 'x'.repeat(2_000)])(
    'by the unknown cursor %s does nothing',
    async (cursor) => {
      const broker = await startBroker();
      await poll(broker);
      await publish(broker, '1');
      await poll(broker);
      await acknowledge(broker, cursor);
      expect((await poll(broker, `&ack=${cursor}`)).got).toEqual(['1*1']);
    },
  );

  test('by the cursor of another session does nothing', async () => {
    const broker = await startBroker();
    await poll(broker);
    await broker.get('/updates?session=sue/1&oid=a&timeout=0');
    await publish(broker, '1');
    const { ack } = await poll(broker);
    const { body } = await broker.get('/updates?session=sue/1&timeout=0');
    await acknowledge(broker, ackOf(body));
    expect((await poll(broker)).got).toEqual(['1*1']);
    await acknowledge(broker, ack, 'sue/1');
    expect((await broker.get('/updates?session=sue/1&timeout=0')).status).toBe(200);
  });

  test('by the cursor of an earlier session of the same name does nothing', async () => {
    const broker = await startBroker();
    await poll(broker);
    await publish(broker, '1');
    const { ack } = await poll(broker);
    await broker.post('<disconnect/>', '/?session=joe/1');
    expect((await poll(broker)).got).toEqual(['1']);
    await acknowledge(broker, ack);
    expect((await poll(broker)).got).toEqual(['1*1']);
  });

  test('by a cursor of an earlier life of the broker does nothing', async () => {
    const before = await startBroker();
    await poll(before);
    await publish(before, '1');
    const { ack } = await poll(before);
    await before.close();
    const after = await startBroker();
    await poll(after);
    await publish(after, '1');
    expect((await poll(after)).got).toEqual(['1']);
    expect((await poll(after, `&ack=${ack}`)).got).toEqual(['1*1']);
  });

  test('needs a cursor', async () => {
    const broker = await startBroker();
    const { status, body } = await broker.post('', '/ack?session=joe/1');
    expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
  });

  test('is not needed in a one-shot poll of nobody', async () => {
    const broker = await startBroker();
    await publish(broker, '1');
    expect(textsOf((await broker.get('/updates?oid=a&timeout=0')).body)).toEqual(['1']);
    const [again] = readMessages((await broker.get('/updates?oid=a&timeout=0')).body);
    expect(again?.redeliver).toBe(0);
  });
});

describe('the second poller of a session', () => {
  test('gets the updates, the first gets 409', async () => {
    const broker = await startBroker();
    const first = broker.get('/updates?session=joe/1&oid=a');
    await untilSubscribed(broker, 1);
    const second = broker.get('/updates?session=joe/1&oid=b');
    const { status, body } = await first;
    expect([status, exceptionOf(body).code]).toEqual([409, 'user.connect.multiple']);
    await publish(broker, '1');
    expect(textsOf((await second).body)).toEqual(['1']);
  });

  test('does not disturb the polls of other sessions', async () => {
    const broker = await startBroker();
    const others = [broker.get('/updates?session=joe/2&oid=a'), broker.get('/updates?session=sue/1&oid=a')];
    const first = broker.get('/updates?session=joe/1&oid=a');
    await untilSubscribed(broker, 3);
    await poll(broker);
    expect((await first).status).toBe(409);
    await publish(broker, '1');
    for (const other of others) expect(textsOf((await other).body)).toEqual(['1']);
  });
});
