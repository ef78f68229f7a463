import { describe, expect, test } from 'vitest';
import { ask, command, setCommand } from '../helpers/admin.ts';
import { exceptionOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { basic, logIn, passwordFile, SECRET } from '../helpers/passwords.ts';
import { codeOf, SocketClient } from '../helpers/socket.ts';

const KILL = 'client/victim/1/?killSession';
const DENIED = 'user.security.authorization.notAuthorized';

/** Every way in by which somebody might change the broker; each resolves with the error code, '' when it was done. */
const WAYS: Readonly<Record<string, (broker: TestBroker, headers: Record<string, string>) => Promise<string>>> = {
  'POST /admin': async (broker, headers) => codeIn(await broker.post('', `/admin/${KILL}`, headers)),
  'PUT /topics': async (broker, headers) => codeIn(await broker.put(`/topics/__cmd:${encodeURIComponent(KILL)}`, '', headers)),
  'a publish in a script': async (broker, headers) => codeIn(await broker.post(publishOf(KILL), '/', headers)),
  'a get in a script': async (broker, headers) =>
    codeIn(await broker.post(`<get><key oid='__cmd:${KILL}'/></get>`, '/', headers)),
};

describe.each(Object.entries(WAYS))('a change by %s', (_, run) => {
  test('is for those who say who they are, when there are no passwords', async () => {
    const broker = await startBroker();
    await victim(broker);
    expect(await run(broker, {})).toBe(DENIED);
    expect(await ask(broker, '?clientList')).toBe('victim');
    expect(await run(broker, basic('joe', ''))).toBe('');
    expect(await ask(broker, '?clientList')).toBe('');
  });

  test('is for users with the right admin, when there are passwords', async () => {
    const { path } = passwordFile(`root:${SECRET}:admin\njoe:${SECRET}\nvictim::\n*:${SECRET}\n`);
    const broker = await startBroker({ passwordFile: path });
    await victim(broker);
    expect(await run(broker, basic('joe'))).toBe(DENIED);
    expect(await ask(broker, '?clientList', basic('joe'))).toBe('victim');
    expect(await run(broker, {})).toBe('user.security.authentication.accessDenied');
    expect(await run(broker, basic('root'))).toBe('');
    expect(await ask(broker, '?clientList', basic('joe'))).toBe('');
  });
});

test('a GET of /topics changes nothing, whoever asks', async () => {
  const broker = await startBroker();
  await victim(broker);
  const { status, headers, body } = await broker.get(`/topics/__cmd:${encodeURIComponent(KILL)}`, basic('joe'));
  expect([status, headers.get('Allow'), exceptionOf(body).code]).toEqual([405, 'PUT, POST', 'user.wrongApiUsage']);
  expect((await broker.get('/topics/__cmd:%3FnumClients')).body).toBe('1');
});

test('over SOCKET the right is that of the session', async () => {
  const { path } = passwordFile(`root:${SECRET}:admin\njoe:${SECRET}\nvictim::\n`);
  const broker = await startBroker({ passwordFile: path });
  await victim(broker);
  const joe = await SocketClient.open(broker.port);
  await logIn(joe, 'joe');
  expect(codeOf(await setCommand(joe, KILL))).toBe(DENIED);
  expect(codeOf(await joe.call('get', `\0<key oid='__cmd:${KILL}'/>\0`))).toBe(DENIED);
  expect(await command(joe, '?clientList')).toEqual(['victim,joe']);
  const root = await SocketClient.open(broker.port);
  await logIn(root, 'root');
  expect(codeOf(await setCommand(root, KILL))).toBe('');
  expect(await command(joe, '?clientList')).toEqual(['joe,root']);
});

test('a right that is taken away counts at once', async () => {
  const file = passwordFile(`root:${SECRET}:admin\nvictim::\n`);
  const broker = await startBroker({ passwordFile: file.path });
  await victim(broker);
  const root = await SocketClient.open(broker.port);
  await logIn(root, 'root');
  expect(codeOf(await setCommand(root, 'sysprop/?a=1'))).toBe('');
  file.replace(`root:${SECRET}\nvictim::\n`);
  await expect.poll(async () => codeOf(await setCommand(root, KILL)), { timeout: 5_000 }).toBe(DENIED);
});

test('metrics are for those who may get __cmd:?metrics, as everybody may whose topics are not listed', async () => {
  const lines = [`joe:${SECRET}`, `prometheus:${SECRET}:get("exact:__cmd:?metrics")`, `sensor:${SECRET}:publish,get(weather)`];
  const broker = await startBroker({ passwordFile: passwordFile(lines.join('\n')).path });
  const statusFor = async (user: string) => (await broker.get('/metrics', basic(user))).status;
  expect([await statusFor('joe'), await statusFor('prometheus'), await statusFor('sensor')]).toEqual([200, 200, 403]);
});

test('a topic right that denies a command counts for commands too', async () => {
  const { path } = passwordFile(`joe:${SECRET}:connect,get("exact:__cmd:?nodeId")\n`);
  const broker = await startBroker({ passwordFile: path });
  expect(await ask(broker, '?nodeId', basic('joe'))).not.toContain('exception');
  expect((await broker.get('/admin/?clientList', basic('joe'))).status).toBe(403);
});

test('what publishers have written is shown to those only who may get it', async () => {
  const { path } = passwordFile(`joe:${SECRET}:connect,get(startsWith:__cmd:)\nroot:${SECRET}:admin\n`);
  const broker = await startBroker({ passwordFile: path });
  await broker.put('/topics/secret', 'x', { 'X-Key': '<hidden/>', ...basic('root') });
  for (const name of ['topicXml', 'peekHistoryMessages=1']) {
    expect((await broker.get(`/admin/topic/secret/?${name}`, basic('joe'))).status, name).toBe(403);
    expect((await broker.get(`/admin/topic/secret/?${name}`, basic('root'))).body, name).toContain('hidden');
  }
  expect(await ask(broker, 'topic/secret/?numOfHistoryEntries', basic('joe'))).toBe('1');
});

test.each(['__sys__Login', '__sys__mine', '__sys__Event'])('nobody publishes on %s, and nobody erases it', async (oid) => {
  const broker = await startBroker({ noLoginTopics: false, event: ['topic/*/event/alive'] });
  await victim(broker);
  const client = await SocketClient.login(broker.port, 'root/1');
  const codes = [
    codeIn(await broker.put(`/topics/${oid}`, 'x', basic('root', ''))),
    codeIn(await broker.post(`<publish><key oid='${oid}'/></publish>`, '/', basic('root', ''))),
    codeOf(await client.publish(oid, 'x')),
  ];
  expect(codes).toEqual([DENIED, DENIED, DENIED]);
  const before = (await broker.get(`/topics/${oid}`)).status;
  expect((await broker.fetch(`/topics/${oid}`, { method: 'DELETE' })).status).toBe(404);
  for (const key of [`<key oid='${oid}'/>`, '<key queryType="XPATH">//key</key>']) {
    expect((await broker.post(`<erase>${key}</erase>`)).body).toContain('<erase/>');
    expect((await client.call('erase', `<qos/>\0${key}\0`)).data).not.toContain(oid);
  }
  if (before === 200) {
    const answer = await broker.post('', `/admin/topic/${oid}/?eraseTopic`, basic('root', ''));
    expect(answer.body).toContain('stays');
  }
  expect((await broker.get(`/topics/${oid}`)).status).toBe(before);
});

async function victim(broker: TestBroker): Promise<void> {
  expect((await broker.post('<ping/>', '/?session=victim/1')).status).toBe(200);
}

function publishOf(path: string): string {
  return `<publish><key oid='__cmd:${path}'/></publish>`;
}

function codeIn({ status, body }: { readonly status: number; readonly body: string }): string {
  return status < 400 ? '' : exceptionOf(body).code;
}
