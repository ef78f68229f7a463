import { expect, test } from 'vitest';
import { change, topicsOf } from '../helpers/admin.ts';
import { propertiesOf, readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { asJoe, subscribe, updates } from '../helpers/joe.ts';
import { SocketClient } from '../helpers/socket.ts';

test('who comes and goes is published without being asked for, with name and number', async () => {
  const broker = await startBroker({ nodeId: 'heron', noLoginTopics: false });
  for (const oid of ['__sys__Login', '__sys__Logout', '__sys__UserList']) await subscribe(broker, `<key oid='${oid}'/>`);
  await updates(broker);
  const client = await SocketClient.login(broker.port, 'jack');
  await client.call('disconnect', '<qos/>');
  const told = await updates(broker);
  const number = propertiesOf((told.find(({ oid }) => oid === '__sys__Login') ?? fail()).qos)['__sessionId'];
  expect(Number(number)).toBeLessThan(0);
  const properties = {
    __sessionId: number,
    __publicSessionId: number,
    __absoluteName: `/node/heron/client/jack/${number}`,
  };
  expect(told.map(({ oid, text, qos }) => [oid, text, propertiesOf(qos)])).toEqual([
    ['__sys__UserList', 'joe,jack', {}],
    ['__sys__Login', 'jack', properties],
    ['__sys__Logout', 'jack', properties],
    ['__sys__UserList', 'joe', {}],
  ]);
  expect(told[1]?.qos.toString()).toContain('<sender>/node/heron/client/__RequestBroker_internal');
  expect(told[1]?.qos.toString()).toMatch(/name="__sessionId" type="long"/);
});

test('a session that a message made is one login, also when its client comes', async () => {
  const broker = await startBroker({ noLoginTopics: false });
  await subscribe(broker, "<key oid='__sys__Login'/>", '<initialUpdate>false</initialUpdate>');
  await broker.put('/topics/note?destination=jack/1', 'hi');
  await broker.post('<ping/>', '/?session=jack/1');
  expect((await updates(broker)).map(({ text }) => text)).toEqual(['jack']);
});

test('a second session of a user is a login and no news of the list; going on with one is neither', async () => {
  const broker = await startBroker({ noLoginTopics: false });
  await asJoe(broker, '<ping/>');
  await subscribe(
    broker,
    "<key queryType='XPATH'>/xmlBlaster/key[starts-with(@oid,'__sys__')]</key>",
    '<initialUpdate>false</initialUpdate>',
  );
  await broker.post('<ping/>', '/?session=joe/2');
  await broker.post('<ping/>', '/?session=joe/2');
  await broker.post('<ping/>', '/?session=joe/1');
  await broker.get('/topics'); // a transient guest is nobody
  expect((await updates(broker)).map(({ oid, text }) => [oid, text])).toEqual([['__sys__Login', 'joe']]);
});

test.each([
  ['a time-out', { sessionTimeout: 1_000 }, async (_: TestBroker, clock: ManualClock) => clock.advance(3_000)],
  ['a kill', {}, async (broker: TestBroker) => change(broker, 'client/jack/1/?killSession')],
  [
    'clearSessions',
    {},
    (broker: TestBroker) => broker.post("<connect><qos><session name='jack' clearSessions='true'/></qos></connect>"),
  ],
])('a session that ends by %s is a logout', async (_, settings, end) => {
  const clock = new ManualClock();
  const broker = await startBroker({ noLoginTopics: false, ...settings }, { clock });
  await broker.post('<ping/>', '/?session=jack/1');
  await end(broker, clock);
  const [logout] = readMessages((await broker.post("<get><key oid='__sys__Logout'/></get>")).body);
  expect([logout?.text, logout && propertiesOf(logout.qos)['__publicSessionId']]).toEqual(['jack', '1']);
});

test('the last two are remembered, and the list shows its key', async () => {
  const broker = await startBroker({ noLoginTopics: false });
  for (const name of ['ann', 'bob', 'cid']) await broker.post('<ping/>', `/?session=${name}/1`);
  const { body } = await broker.get('/topics/__sys__Login?history=10');
  expect(readMessages(body).map(({ text }) => text)).toEqual(['cid', 'bob']);
  const list = await broker.get('/topics/__sys__UserList');
  expect([list.body, list.headers.get('x-key')]).toEqual([
    'ann,bob,cid',
    "<key oid='__sys__UserList' contentMime='text/plain'><__sys__internal/></key>",
  ]);
});

test('very many users have their list published once a second only', async () => {
  const clock = new ManualClock();
  const broker = await startBroker({ noLoginTopics: false }, { clock });
  for (let i = 0; i < 1_003; i++) await broker.post('<ping/>', `/?session=u${i}/1`);
  const users = async () => (await broker.get('/topics/__sys__UserList')).body.split(',').length;
  expect(await users()).toBe(1_000);
  clock.advance(1_100);
  expect(await users()).toBe(1_003);
});

test('can be switched off', async () => {
  const broker = await startBroker({ noLoginTopics: true });
  await asJoe(broker, '<ping/>');
  expect(await topicsOf(broker)).toEqual([]);
});

function fail(): never {
  throw new Error('nobody was told');
}
