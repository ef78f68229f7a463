import { expect, test } from 'vitest';
import { ackOf, propertiesOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { contentsOf, SocketClient, type WireFrame } from '../helpers/socket.ts';

const JOBS = "<topic><msgDistributor typeVersion='ConsumableQueue,1.0'/><queue relating='history' maxEntries='100'/></topic>";

async function publish(broker: TestBroker, ...contents: string[]): Promise<void> {
  for (const content of contents) {
    const { status } = await broker.post(
      `<publish><key oid='jobs'/><content>${content}</content><qos>${JOBS}</qos></publish>`,
      '/?session=boss/1',
    );
    expect(status).toBe(200);
  }
}

async function worker(broker: TestBroker, name: string, callback = ''): Promise<SocketClient> {
  const client = await SocketClient.login(broker.port, name, callback);
  expect((await client.subscribe('jobs')).type).toBe('R');
  return client;
}

/** What nobody has taken. */
const left = async (broker: TestBroker) =>
  textsOf((await broker.post("<get><key oid='jobs'/><qos><history numEntries='-1' newestFirst='false'/></qos></get>")).body);

/** One poll of a named session. */
async function poll(broker: TestBroker, session: string, ack = '') {
  const { status, body } = await broker.get(`/updates?session=${session}&oid=jobs&timeout=0${ack && `&ack=${ack}`}`);
  return status === 204 ? { texts: [], ack: '' } : { texts: textsOf(body), ack: ackOf(body) };
}

test('each message goes to one subscriber, one at a time, the oldest first', async () => {
  const broker = await startBroker();
  const ann = await worker(broker, 'ann/1');
  const bob = await worker(broker, 'bob/1');
  await publish(broker, '1', '2', '3', '4');
  const first = await ann.request();
  const second = await bob.request();
  expect([contentsOf(first), contentsOf(second)]).toEqual([['1'], ['2']]);
  await ann.settled();
  expect(ann.waiting).toEqual([]);
  bob.acknowledge(second);
  const third = await bob.request();
  expect(contentsOf(third)).toEqual(['3']);
  bob.acknowledge(third);
  expect(await bob.update()).toEqual(['4']);
  ann.acknowledge(first);
  await ann.settled();
  expect(await left(broker)).toEqual([]);
  await publish(broker, '5');
  expect(await ann.update()).toEqual(['5']); // of those who are free, who subscribed first
});

test('a message waits in the history until somebody subscribes; initialUpdate does not matter', async () => {
  const broker = await startBroker();
  await publish(broker, '1', '2');
  expect(await left(broker)).toEqual(['1', '2']);
  const client = await SocketClient.login(broker.port, 'ann/1');
  await client.subscribe('jobs', '<initialUpdate>false</initialUpdate>');
  expect(await client.update()).toEqual(['1']);
  expect(await client.update()).toEqual(['2']);
  await client.settled();
  expect(await left(broker)).toEqual([]);
});

test('somebody who subscribed before the first publish is a subscriber like others, by XPath too', async () => {
  const broker = await startBroker();
  const ann = await SocketClient.login(broker.port, 'ann/1');
  await ann.call('subscribe', "<qos/>\0<key queryType='XPATH'>//key[@oid='jobs']</key>\0");
  await publish(broker, '1');
  expect(await ann.update()).toEqual(['1']);
});

test('what a lost subscriber had is for the next one', async () => {
  const broker = await startBroker();
  const ann = await worker(broker, 'ann/1', "retries='-1'");
  await publish(broker, '1');
  await ann.request();
  const bob = await worker(broker, 'bob/1');
  ann.socket.destroy();
  expect(await bob.update()).toEqual(['1']);
  const again = await SocketClient.login(broker.port, 'ann/1');
  await again.settled();
  expect(again.waiting).toEqual([]);
});

test('what a subscriber holds back or leaves unread is for the next one', async () => {
  const broker = await startBroker();
  const ann = await worker(broker, 'ann/1');
  const bob = await worker(broker, 'bob/1');
  await publish(broker, '1');
  ann.refuse(await ann.request(), 'user.update.holdback');
  expect(await bob.update()).toEqual(['1']);
  await publish(broker, '2');
  const update = await bob.request();
  await bob.call('disconnect');
  expect(contentsOf(update)).toEqual(['2']);
  await ann.connect('ann/1');
  expect(await ann.update()).toEqual(['2']);
});

test('what a subscriber refuses is a dead message, and nobody else gets it', async () => {
  const broker = await startBroker();
  await broker.post("<subscribe><key oid='__sys__deadMessage'/></subscribe>", '/?session=undertaker/1');
  const ann = await worker(broker, 'ann/1');
  const bob = await worker(broker, 'bob/1');
  await publish(broker, '1');
  ann.refuse(await ann.request(), 'user.update.error');
  const { body } = await broker.get('/updates?session=undertaker/1');
  expect(textsOf(body)).toEqual(['1']);
  const [dead] = readMessages(body);
  expect(dead && propertiesOf(dead.qos)).toMatchObject({ __oid: 'jobs' });
  await bob.settled();
  expect(bob.waiting).toEqual([]);
  expect(await left(broker)).toEqual([]);
});

test('who asked for no updates of its own is left out', async () => {
  const broker = await startBroker();
  await broker.post('<ping/>', '/?session=boss/1');
  const boss = await SocketClient.login(broker.port, 'boss/1');
  await boss.subscribe('jobs', '<local>false</local>');
  await publish(broker, '1');
  await boss.settled();
  expect(boss.waiting).toEqual([]);
  const ann = await worker(broker, 'ann/1');
  expect(await ann.update()).toEqual(['1']);
});

test('a poller has one at a time, and gets it again until it is acknowledged', async () => {
  const broker = await startBroker();
  await publish(broker, '1', '2');
  const first = await poll(broker, 'ann/1');
  expect(first.texts).toEqual(['1']);
  expect((await poll(broker, 'bob/1')).texts).toEqual(['2']);
  const again = await poll(broker, 'ann/1');
  expect(again.texts).toEqual(['1']);
  expect((await poll(broker, 'ann/1', again.ack)).texts).toEqual([]);
  expect((await poll(broker, 'ann/1')).texts).toEqual([]);
});

test('what a poller had is for others when its session ends, by disconnect or by its time-out', async () => {
  const clock = new ManualClock();
  const broker = await startBroker({ sessionTimeout: 1_000 }, { clock });
  await publish(broker, '1', '2');
  expect((await poll(broker, 'ann/1')).texts).toEqual(['1']);
  expect((await poll(broker, 'bob/1')).texts).toEqual(['2']);
  await broker.post('<disconnect/>', '/?session=ann/1');
  expect(await left(broker)).toEqual(['1']);
  clock.advance(2_000);
  expect(await left(broker)).toEqual(['1', '2']);
});

test('whoever polls without a session is done with it when the answer has left', async () => {
  const broker = await startBroker();
  await publish(broker, '1', '2');
  expect(textsOf((await broker.get('/updates?oid=jobs')).body)).toEqual(['1']);
  expect(textsOf((await broker.get('/updates?oid=jobs')).body)).toEqual(['2']);
  expect((await broker.get('/updates?oid=jobs&timeout=0')).status).toBe(204);
});

test('a stream without a session gets one after the other', async () => {
  const broker = await startBroker();
  await publish(broker, '1', '2', '3');
  const response = await broker.fetch('/updates?oid=jobs', { headers: { Accept: 'text/event-stream' } });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('<content>3<')) break;
  }
  expect(text.match(/<content>.</g)).toEqual(['<content>1<', '<content>2<', '<content>3<']);
});

test('a query takes from what nobody has', async () => {
  const broker = await startBroker();
  const ann = await worker(broker, 'ann/1');
  await publish(broker, '1', '2');
  const update = await ann.request();
  const take = "<qos><querySpec type='QueueQuery'>maxEntries=-1&amp;consumable=true</querySpec></qos>";
  const { body } = await broker.post(`<get><key oid='__cmd:topic/jobs/?historyQueueEntries'/>${take}</get>`);
  expect(textsOf(body)).toEqual(['2']);
  ann.acknowledge(update);
  await ann.settled();
  expect(ann.waiting).toEqual([]);
});

test('an erased topic takes its messages along; who has one may finish it', async () => {
  const broker = await startBroker();
  const ann = await worker(broker, 'ann/1');
  await publish(broker, '1', '2');
  const update = await ann.request();
  await broker.fetch('/topics/jobs', { method: 'DELETE' });
  ann.acknowledge(update);
  const notice = await ann.request();
  expect(notice.data).toContain("<state id='ERASED'/>");
  await publish(broker, '3');
  expect(await left(broker)).toEqual(['3']);
});

test('a hundred messages and four who work on them: each is done once', async () => {
  const broker = await startBroker();
  const workers = await Promise.all(['ann/1', 'bob/1', 'cid/1', 'dan/1'].map((name) => worker(broker, name)));
  const done: string[] = [];
  const work = async (client: SocketClient): Promise<void> => {
    for (;;) {
      const update: WireFrame = await client.request();
      done.push(...contentsOf(update));
      client.acknowledge(update);
      if (done.includes('stop')) return;
    }
  };
  const working = workers.map((client) => work(client));
  const jobs = Array.from({ length: 100 }, (_, i) => String(i));
  await publish(broker, ...jobs, 'stop');
  await Promise.race(working);
  await expect.poll(() => done.length).toBe(101);
  expect([...done].sort()).toEqual([...jobs, 'stop'].sort());
});

test('an unknown distributor is refused', async () => {
  const broker = await startBroker();
  const qos = "<qos><topic><msgDistributor typeVersion='RoundRobin,1.0'/></topic></qos>";
  const { status, body } = await broker.post(`<publish><key oid='a'/>${qos}</publish>`);
  expect(status).toBe(400);
  expect(body).toContain('msgDistributor: "RoundRobin,1.0" is unknown');
});

test('a message that does not fit into the queue of one is for another', async () => {
  const broker = await startBroker();
  await broker.post('<connect><qos><session name="ann/1"/><queue relating="callback" maxBytes="3"/></qos></connect>');
  await broker.post('<subscribe><key oid="jobs"/></subscribe>', '/?session=ann/1');
  await publish(broker, 'large', 'sml');
  expect((await poll(broker, 'ann/1')).texts).toEqual(['sml']);
  expect((await poll(broker, 'bob/1')).texts).toEqual(['large']);
});

test('many subscriptions of the publisher, who wants none of its own, hold nobody up', async () => {
  const broker = await startBroker();
  const boss = await SocketClient.login(broker.port, 'boss/1');
  const subscribe = "<subscribe><key oid='jobs'/><qos><local>false</local></qos></subscribe>";
  await broker.post(`<xmlBlaster>${subscribe.repeat(1_000)}</xmlBlaster>`, '/?session=boss/1');
  await publish(broker, ...Array.from({ length: 30 }, (_, i) => String(i)));
  await boss.settled();
  expect(boss.waiting).toEqual([]);
  const ann = await worker(broker, 'ann/1');
  for (let i = 0; i < 30; i++) expect(await ann.update()).toEqual([String(i)]);
});

test('__newestOnly means nothing here', async () => {
  const broker = await startBroker();
  await publish(broker, '1', '2');
  const ann = await SocketClient.login(broker.port, 'ann/1');
  await ann.subscribe('jobs', "<clientProperty name='__newestOnly'>true</clientProperty>");
  expect(await ann.update()).toEqual(['1']);
  expect(await ann.update()).toEqual(['2']);
});

test('a message goes to somebody whose filters it passes', async () => {
  const broker = await startBroker();
  const ann = await SocketClient.login(broker.port, 'ann/1');
  await ann.subscribe('jobs', "<filter type='GnuRegexFilter'>paint.*</filter>");
  await publish(broker, 'saw', 'paint it black');
  expect(await ann.update()).toEqual(['paint it black']);
  const bob = await worker(broker, 'bob/1');
  expect(await bob.update()).toEqual(['saw']);
});
