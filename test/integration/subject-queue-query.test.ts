import { expect, test } from 'vitest';
import { exceptionOf, readMessages, textsOf } from '../helpers/answers.ts';
import { type Answer, startBroker, type TestBroker } from '../helpers/broker.ts';
import { contentsOf, SocketClient } from '../helpers/socket.ts';

const OID = '__cmd:client/jane/?subjectQueueEntries';

/** Asks for what waits for jane, as jane who has no session. */
function ask(broker: TestBroker, query: string, headers = basic('jane')): Promise<Answer> {
  const spec = `<querySpec type='QueueQuery'><![CDATA[${query}]]></querySpec>`;
  return broker.post(`<get><key oid='${OID}'/><qos>${spec}</qos></get>`, '/', headers);
}

function basic(user: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:`).toString('base64')}` };
}

async function send(broker: TestBroker, content: string, qos = ''): Promise<void> {
  const destination = "<destination forceQueuing='true'>jane</destination>";
  const { status, body } = await broker.post(
    `<publish><key oid='letter'/><content>${content}</content><qos>${destination}${qos}</qos></publish>`,
  );
  expect(status, body).toBe(200);
}

test('shows and takes what waits for a subject, the urgent first', async () => {
  const broker = await startBroker();
  await send(broker, '1');
  await send(broker, '2', '<priority>9</priority>');
  await send(broker, '3');
  const { body } = await ask(broker, 'maxEntries=-1');
  expect(textsOf(body)).toEqual(['2', '1', '3']);
  expect(readMessages(body)[0]?.qos.toString()).toContain('<queue index="0" size="3"/>');
  expect(textsOf((await ask(broker, 'maxEntries=2&consumable=true')).body)).toEqual(['2', '1']);
  const jane = await SocketClient.login(broker.port, 'jane/1');
  expect(await jane.update()).toEqual(['3']);
  await jane.settled();
  expect(jane.waiting).toEqual([]);
});

test('waits for a letter; ends when the subject goes', async () => {
  const broker = await startBroker();
  const jane = await SocketClient.open(broker.port);
  const connected = await jane.call('connect', "<qos><session name='jane/1'/></qos>"); // without a callback: nothing is sent to it
  jane.session = connected.session;
  const data = (query: string) => {
    return `<qos><querySpec type='QueueQuery'>${query}</querySpec></qos>\0<key oid='${OID}'/>\0`;
  };
  const id = jane.send('get', data('consumable=true&amp;waitingDelay=-1'));
  await jane.call('ping');
  await send(broker, '1');
  expect(contentsOf(await jane.next(({ requestId }) => requestId === id))).toEqual(['1']);
  const admin = await SocketClient.login(broker.port, 'admin/1');
  const last = admin.send('get', data('waitingDelay=-1'));
  await admin.call('ping');
  await jane.call('disconnect');
  expect(contentsOf(await admin.next(({ requestId }) => requestId === last))).toEqual([]);
});

test('is for the subject and for administrators; a subject that is unknown has none', async () => {
  const broker = await startBroker();
  expect(exceptionOf((await ask(broker, '')).body)).toEqual({
    code: 'user.illegalArgument',
    message: 'There is no client jane',
  });
  await send(broker, '1');
  expect((await ask(broker, '', {})).status).toBe(403);
  expect(textsOf((await ask(broker, '', basic('joe'))).body)).toEqual(['1']); // without passwords, on this machine
});

test('a subject without sessions is forgotten with the last message', async () => {
  const broker = await startBroker();
  await send(broker, '1');
  expect(textsOf((await ask(broker, 'consumable=true')).body)).toEqual(['1']);
  await expect.poll(async () => exceptionOf((await ask(broker, '')).body).message).toBe('There is no client jane');
});
