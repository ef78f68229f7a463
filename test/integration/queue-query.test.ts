import { expect, test } from 'vitest';
import { exceptionOf, readMessages, textsOf } from '../helpers/answers.ts';
import { type Answer, startBroker, type TestBroker } from '../helpers/broker.ts';
import { asJoe, subscribe, texts } from '../helpers/joe.ts';

const CALLBACK = '__cmd:client/joe/session/1/?callbackQueueEntries';
const HISTORY = '__cmd:topic/a/?historyQueueEntries';

/** Asks a queue as joe/1, or as whoever `path` says. */
function ask(broker: TestBroker, oid: string, query: string | undefined, path = '/?session=joe/1'): Promise<Answer> {
  const spec = query === undefined ? '' : `<querySpec type='QueueQuery' version='1.0'><![CDATA[${query}]]></querySpec>`;
  return broker.post(`<get><key oid='${oid}'/><qos>${spec}</qos></get>`, path);
}

async function publish(broker: TestBroker, ...contents: string[]): Promise<void> {
  for (const content of contents) expect((await broker.put('/topics/a', content)).status).toBeLessThan(300);
}

async function brokerWithThree(): Promise<TestBroker> {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>");
  await publish(broker, '1', '2', '3');
  return broker;
}

test('shows what waits for a session, with its place, and leaves it there', async () => {
  const broker = await brokerWithThree();
  const { status, body } = await ask(broker, CALLBACK, 'maxEntries=2&maxSize=-1&consumable=false&waitingDelay=0');
  expect(status).toBe(200);
  expect(textsOf(body)).toEqual(['1', '2']);
  const [first, second] = readMessages(body);
  expect(first?.qos.toString()).toMatch(/<subscribe id="__subId:\d+"\/>/);
  expect(second?.qos.toString()).toContain('<queue index="1" size="2"/>');
  expect(second?.qos.toString()).not.toContain('<topic');
  expect(await texts(broker)).toEqual(['1', '2', '3']);
});

test('takes what is consumable: the session does not get it any more', async () => {
  const broker = await brokerWithThree();
  expect(textsOf((await ask(broker, CALLBACK, 'maxEntries=2&consumable=true')).body)).toEqual(['1', '2']);
  expect(await texts(broker)).toEqual(['3']);
  expect(await texts(broker)).toEqual([]);
});

test('asks for one entry when it does not say for how many, for all with -1, for none with 0', async () => {
  const broker = await brokerWithThree();
  for (const query of [undefined, '', 'unknown=5']) {
    expect(textsOf((await ask(broker, CALLBACK, query)).body), query).toEqual(['1']);
  }
  expect(textsOf((await ask(broker, CALLBACK, '\n maxEntries = -1 \n&consumable=true')).body)).toEqual(['1', '2', '3']);
  expect((await ask(broker, CALLBACK, 'maxEntries=-1')).body).toContain('<get/>');
  await publish(broker, '4');
  expect((await ask(broker, CALLBACK, 'maxEntries=0&consumable=true')).body).toContain('<get/>');
  expect(await texts(broker)).toEqual(['4']);
});

test('goes by priority, as the session would get it', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>");
  await publish(broker, 'low');
  await broker.put('/topics/a?priority=9', 'high');
  await publish(broker, 'low too');
  expect(textsOf((await ask(broker, CALLBACK, 'maxEntries=-1')).body)).toEqual(['high', 'low', 'low too']);
});

test('what has been handed out and is not acknowledged is not in the queue', async () => {
  const broker = await brokerWithThree();
  await broker.get('/updates?session=joe/1&max=2');
  expect(textsOf((await ask(broker, CALLBACK, 'maxEntries=-1&consumable=true')).body)).toEqual(['3']);
});

test.each([
  '__cmd:client/joe/1/?callbackQueueEntries',
  '__cmd:client/joe/session/1/?cbQueueEntries',
  '__cmd:/node/heron/client/joe/1/?callbackQueueEntries',
  '__cmd:node/heron/topic/a/?historyQueueEntries',
])('%s is another way to say it', async (oid) => {
  const broker = await startBroker({ nodeId: 'heron' });
  await subscribe(broker, "<key oid='a'/>");
  await publish(broker, '1');
  expect(textsOf((await ask(broker, oid, undefined)).body)).toEqual(['1']);
});

test.each([
  [CALLBACK, 'maxEntries=many', /maxEntries: "many" is not a whole number/],
  [CALLBACK, 'consumable=yes', /consumable: "yes" is not true or false/],
  [CALLBACK, 'maxSize=100', /maxSize is not supported/],
  [CALLBACK, 'maxEntries=0&waitingDelay=-1', /must say for how many entries/],
  ['__cmd:client/joe/2/?callbackQueueEntries', '', /no session joe\/2/],
  ['__cmd:client/joe/1/?historyQueueEntries', '', /./],
  ['__cmd:topic/b/?historyQueueEntries', '', /The topic "b" does not exist/],
  ['__cmd:topic/none/?historyQueueEntries', '', /The topic "none" keeps no history/],
  ['__cmd:node/eagle/topic/a/?historyQueueEntries', '', /"eagle" is another broker/],
])('%s with %s is user.illegalArgument', async (oid, query, sentence) => {
  const broker = await brokerWithThree();
  await broker.post("<publish><key oid='none'/><qos><topic><queue relating='history' maxEntries='0'/></topic></qos></publish>");
  const { status, body } = await ask(broker, oid, query);
  expect(exceptionOf(body)).toEqual({ code: 'user.illegalArgument', message: expect.stringMatching(sentence) });
  expect(status).toBe(400);
});

test('a history shows the newest first, and is consumed like this', async () => {
  const broker = await startBroker();
  await publish(broker, '1', '2', '3');
  const { body } = await ask(broker, HISTORY, 'maxEntries=2');
  expect(textsOf(body)).toEqual(['3', '2']);
  expect(readMessages(body)[0]?.qos.toString()).not.toContain('<subscribe');
  expect(readMessages(body)[0]?.qos.toString()).toContain('<queue index="0" size="2"/>');
  expect(textsOf((await ask(broker, HISTORY, 'maxEntries=2&consumable=true')).body)).toEqual(['3', '2']);
  expect((await broker.get('/topics/a')).body).toBe('1');
});

test('an oid may have slashes; content and meta may be left out', async () => {
  const broker = await startBroker();
  await broker.put('/topics/x/y', '1', { 'X-Key': '<m/>' });
  const qos = '<qos><content>false</content><meta>false</meta></qos>';
  const { body } = await broker.post(`<get><key oid='__cmd:topic/x/y/?historyQueueEntries'/>${qos}</get>`);
  expect(body).toContain("<key oid='x/y'/>\n<content/>");
});

test('waits until so many are there, not for the first', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>");
  const answer = ask(broker, CALLBACK, 'maxEntries=3&consumable=true&waitingDelay=60000');
  await publish(broker, '1', '2');
  expect(textsOf((await ask(broker, CALLBACK, 'maxEntries=-1')).body)).toEqual(['1', '2']);
  await publish(broker, '3');
  expect(textsOf((await answer).body)).toEqual(['1', '2', '3']);
  expect(await texts(broker)).toEqual([]);
});

test('waits as long as it says, and answers what is there then', async () => {
  const broker = await brokerWithThree();
  expect(textsOf((await ask(broker, CALLBACK, 'maxEntries=4&waitingDelay=100')).body)).toEqual(['1', '2', '3']);
  expect(textsOf((await ask(broker, CALLBACK, 'maxEntries=-1&waitingDelay=60')).body)).toEqual(['1', '2', '3']);
  expect(textsOf((await ask(broker, CALLBACK, 'maxEntries=3&waitingDelay=-1')).body)).toEqual(['1', '2', '3']);
});

test('queues belong to their subject; whoever has connected may look, a guest may not', async () => {
  const broker = await brokerWithThree();
  const { status, body } = await ask(broker, CALLBACK, undefined, '/');
  expect(status).toBe(403);
  expect(exceptionOf(body).code).toBe('user.security.authorization.notAuthorized');
  expect(textsOf((await ask(broker, CALLBACK, undefined, '/?session=jane/1')).body)).toEqual(['1']);
  const sys = await ask(broker, '__cmd:topic/__sys__deadMessage/?historyQueueEntries', 'consumable=true');
  expect(exceptionOf(sys.body).code).toBe('user.security.authorization.notAuthorized');
});

test('a script asks in its turn', async () => {
  const broker = await brokerWithThree();
  const spec = '<qos><querySpec type="QueueQuery">maxEntries=1&amp;consumable=true</querySpec></qos>';
  const take = `<get><key oid='${CALLBACK}'/>${spec}</get>`;
  const { body } = await asJoe(broker, `<xmlBlaster>${take}${take}<get><key oid="a"/></get></xmlBlaster>`);
  expect(textsOf(body)).toEqual(['1', '2', '3']);
  expect(await texts(broker)).toEqual(['3']);
});
