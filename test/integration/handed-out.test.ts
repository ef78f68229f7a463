import { expect, test } from 'vitest';
import { readMessages } from '../helpers/answers.ts';
import { type Answer, startBroker, type TestBroker } from '../helpers/broker.ts';
import { DelayedStore, FailingStore } from '../helpers/store-doubles.ts';
import { SurvivingStore } from '../helpers/surviving-store.ts';

// protocol/persistence.md, "Repetitions": whatever way a message leaves, the store knows before.

const JOBS = "<topic><msgDistributor typeVersion='ConsumableQueue,1.0'/></topic>";

function publish(broker: TestBroker, qos = ''): Promise<Answer> {
  return broker.post(`<publish><key oid='a'/><content>one</content><qos><persistent/>${qos}</qos></publish>`);
}

/** As joe, who gets no session by asking. */
function consume(broker: TestBroker, queue: string): Promise<Answer> {
  const spec = "<querySpec type='QueueQuery'><![CDATA[maxEntries=-1&consumable=true]]></querySpec>";
  const headers = { Authorization: `Basic ${Buffer.from('joe:').toString('base64')}` };
  return broker.post(`<get><key oid='__cmd:${queue}'/><qos>${spec}</qos></get>`, '/', headers);
}

function messagesOf({ body }: Answer): (readonly [text: string, redeliver: number])[] {
  return readMessages(body).map(({ text, redeliver }) => [text, redeliver]);
}

/** How the message may leave. */
const ways: readonly [
  way: string,
  prepare: (broker: TestBroker) => Promise<unknown>,
  take: (broker: TestBroker) => Promise<Answer>,
][] = [
  [
    'a query that consumes the queue of a session',
    async (broker) => {
      await broker.get('/updates?session=joe/1&persistent=true&oid=a&timeout=0');
      await publish(broker);
    },
    (broker) => consume(broker, 'client/joe/1/?callbackQueueEntries'),
  ],
  [
    'a query that consumes the queue of a user',
    (broker) => publish(broker, "<subscribable>false</subscribable><destination forceQueuing='true'>joe</destination>"),
    (broker) => consume(broker, 'client/joe/?subjectQueueEntries'),
  ],
  ['a query that consumes a history', (broker) => publish(broker), (broker) => consume(broker, 'topic/a/?historyQueueEntries')],
  ['a job', (broker) => publish(broker, JOBS), (broker) => broker.get('/updates?session=joe/1&oid=a&timeout=20')],
];

/** A broker whose store takes, after `prepare`, as long as it is told to. */
async function heldBroker(prepare: (broker: TestBroker) => Promise<unknown>) {
  const disk = new SurvivingStore();
  const store = new DelayedStore(disk);
  store.open();
  const broker = await startBroker({}, { store });
  await prepare(broker);
  store.hold();
  return { broker, store, disk };
}

test.each(ways)('%s waits for the store, and after a crash is repeated as what it is', async (_, prepare, take) => {
  const { broker, store, disk } = await heldBroker(prepare);
  let isAnswered = false;
  const answer = take(broker).finally(() => {
    isAnswered = true;
  });
  await store.untilWaiting(1);
  await broker.put('/topics/b', 'whoever asks for nothing persistent is answered meanwhile');
  expect(isAnswered).toBe(false);
  store.release();
  expect(messagesOf(await answer)).toEqual([['one', 0]]);
  const afterCrash = await startBroker({}, { store: disk });
  expect(messagesOf(await take(afterCrash))).toEqual([['one', 1]]);
});

test.each(ways)('%s gives what there is, though the store takes nothing', async (_, prepare, take) => {
  const store = new FailingStore(new SurvivingStore());
  const broker = await startBroker({}, { store });
  await prepare(broker);
  store.isFull = true;
  expect(messagesOf(await take(broker))).toEqual([['one', 0]]);
});

test.each([
  [0, '<disconnect><qos><deleteSubjectQueue/></qos></disconnect>', '/?session=joe/1'],
  [2, "<erase><key oid='a'/><qos><history numEntries='-1'/></qos></erase>", '/'],
])('a query gets nothing of a queue that is emptied while the store is told (%#)', async (way, script, path) => {
  const [, prepare, take] = ways[way] ?? expect.fail();
  const { broker, store } = await heldBroker(prepare);
  const answer = take(broker);
  await store.untilWaiting(1);
  expect((await broker.post(script, path)).status).toBe(200);
  store.open();
  expect(messagesOf(await answer)).toEqual([]);
});

test('a job that is erased while the store is told goes to nobody', async () => {
  const { broker, store } = await heldBroker((started) => publish(started, JOBS));
  const poll = broker.get('/updates?session=joe/1&oid=a&timeout=20');
  await store.untilWaiting(1);
  await broker.post("<erase><key oid='a'/><qos><history numEntries='-1'/></qos></erase>");
  store.open();
  await broker.put('/topics/a', 'two');
  expect(messagesOf(await poll)).toEqual([['two', 0]]);
});
