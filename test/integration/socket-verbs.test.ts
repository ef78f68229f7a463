import { expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { codeOf, contentsOf, SocketClient } from '../helpers/socket.ts';

// protocol/socket.md, "Methods": every verb, frame by frame.

test('connect answers with the secret session id, in the header and in the QoS', async () => {
  const { port } = await startBroker({ nodeId: 'heron' });
  const client = await SocketClient.open(port);
  const qos =
    "<qos><securityService type='htpasswd' version='1.0'><![CDATA[<user>joe</user><passwd>x</passwd>]]></securityService>" +
    "<queue relating='callback'><callback type='SOCKET' sessionId='mine'>socket://here:1</callback></queue>" +
    "<clientProperty name='__UTC'>2026</clientProperty></qos>";
  const { type, session, data } = await client.call('connect', qos);
  expect(type).toBe('R');
  expect(session).toMatch(/^sessionId:.{32}/);
  expect(data).toContain(`sessionId='${session}'`);
  expect(data).toContain("<session name='/node/heron/client/joe/-1' ");
  expect(data).toContain("<callback type='SOCKET' sessionId='mine' ");
  expect(data).toContain('socket://here:1');
  expect(data).toContain("<clientProperty name='__UTC'>2026</clientProperty>");
  expect(data).toContain("<clientProperty name='__rcvTimestampStr'>");
  expect(data).not.toContain('passwd');
  expect(data.endsWith('</qos>\0\x000\0')).toBe(true);
});

test('publish, get, erase: one answer per unit, empty where there is nothing', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.login(port, 'joe/1');
  const [qos, ...rest] = (await client.publish('a', 'one')).data.split('\0');
  expect(qos).toMatch(/^<qos>\n <key oid='a'\/>\n <rcvTimestamp nanos='\d+'\/>\n <isPublish\/>\n<\/qos>$/);
  expect(rest).toEqual(['', '0', '']);
  const several = await client.call('publish', "\0<key oid='b'/>\x001\0x<qos/>\0<key oid='c'/>\x002\0yz");
  expect(several.data.match(/<isPublish\/>/g)).toHaveLength(2);
  expect((await client.call('publishArr', "\0<key oid='d'/>\x001\0w")).data).toContain("<key oid='d'/>");
  const found = await client.call('get', "<qos/>\0<key queryType='XPATH'>//key</key>\0");
  expect(contentsOf(found)).toEqual(['one', 'x', 'yz', 'w']);
  expect(contentsOf(await client.call('get', "\0<key oid='c'/>\0"))).toEqual(['yz']);
  expect((await client.call('erase', "<qos/>\0<key oid='a'/>\0")).data).toContain('<isErase/>');
  for (const method of ['get', 'erase', 'unSubscribe']) {
    expect(await client.call(method, "<qos/>\0<key oid='a'/>\0")).toMatchObject({ type: 'R', data: '' });
  }
});

test('contents are bytes, and go to other protocols as they are', async () => {
  const broker = await startBroker();
  const client = await SocketClient.login(broker.port, 'joe/1');
  const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
  await client.publish('a', bytes);
  expect(contentsOf(await client.call('get', "\0<key oid='a'/>\0"))).toEqual([bytes]);
  const { body } = await broker.get('/topics/a', { Accept: 'application/octet-stream' });
  expect(body.length).toBeGreaterThan(0);
});

test('publishOneway has no answer, not even an exception', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.login(port, 'joe/1');
  client.send('publishOneway', "\0<key oid='a'/>\x001\x001\0<key oid='a'/>\x001\x002");
  client.send('publishOneway', "<qos><priority>99</priority></qos>\0<key oid='a'/>\x001\x001");
  expect(contentsOf(await client.call('get', "\0<key oid='a'/>\0"))).toEqual(['2']);
  expect(client.waiting).toEqual([]);
});

test('subscribe and unSubscribe', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.login(port, 'joe/1');
  const id = /<subscribe id='([^']+)'\/>/.exec((await client.subscribe('a')).data)?.[1] ?? '';
  const ended = await client.call('unSubscribe', `<qos/>\0<key oid='${id}'/>\0`);
  expect(ended.data).toContain(`<subscribe id='${id}'/>\n <isUnSubscribe/>`);
  await client.publish('a', 'x');
  await client.settled();
  expect(client.waiting).toEqual([]);
});

test('ping works before connect, also as ten bytes', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.open(port);
  expect((await client.call('ping')).data).toBe("<qos><state id='OK'/></qos>\0\x000\0");
  client.socket.write('        10');
  expect(await client.next(() => true)).toMatchObject({ type: 'R', method: 'ping', requestId: '' });
});

test('disconnect answers, then closes; the session is gone', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.login(port, 'joe/1');
  const { session } = client;
  expect((await client.call('disconnect')).data).toContain("<state id='OK'/>");
  await client.closed();
  const other = await SocketClient.open(port);
  expect(codeOf(await other.call('get', "\0<key oid='a'/>\0", session))).toBe('user.security.authentication.accessDenied');
  expect((await other.call('disconnect', '', session)).type).toBe('R'); // as in the original
  await other.closed();
});

test('a wrong session id, an unknown method, bad XML and too much content are exceptions, and the connection goes on', async () => {
  const { port } = await startBroker({ maxContentBytes: 10 });
  const client = await SocketClient.open(port);
  expect(codeOf(await client.call('publish', "\0<key oid='a'/>\x000\0", 'wrong'))).toBe(
    'user.security.authentication.accessDenied',
  );
  expect(codeOf(await client.call('subscribe', "\0<key oid='a'/>\0", ''))).toBe('user.security.authentication.accessDenied');
  await client.connect('joe/1');
  expect(codeOf(await client.call('dance'))).toBe('user.wrongApiUsage');
  expect(codeOf(await client.call('publish', '<qos>\0<key/>\x000\0'))).toBe('user.illegalArgument');
  expect(codeOf(await client.call('connect', '<qos'))).toBe('user.illegalArgument');
  expect(codeOf(await client.publish('a', '12345678901'))).toBe('user.maxSizeExceed');
  const refused = await client.call('get', '<qos/>\0<key queryType="XPATH">//a[</key>\0');
  expect(codeOf(refused)).toBe('user.query.invalid');
  expect(refused.data.split('\0').at(-2)).toBe('true');
  expect((await client.publish('a', '1')).type).toBe('R');
});

test('a frame that fails in its second unit is refused although the first was published', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.login(port, 'joe/1');
  const both = "\0<key oid='a'/>\x001\x001\0<key oid='__sys__b'/>\x001\x002";
  expect(codeOf(await client.call('publish', both))).toBe('user.security.authorization.notAuthorized');
  expect(contentsOf(await client.call('get', "\0<key oid='a'/>\0"))).toEqual(['1']);
});

test('commands that tell about the broker', async () => {
  const { port } = await startBroker({ nodeId: 'heron' });
  const client = await SocketClient.login(port, 'joe/1');
  const ask = (command: string) => client.call('get', `\0<key oid='__cmd:${command}'/>\0`);
  const free = await ask('?freeMem');
  expect(Number(contentsOf(free)[0])).toBeGreaterThan(0);
  expect(free.data).toContain("<key oid='__cmd:/node/heron/?freeMem'/>");
  expect(contentsOf(await ask('/node/heron/?nodeId'))).toEqual(['heron']);
  expect(codeOf(await ask('?coffee'))).toBe('user.illegalArgument');
});

test('many requests at once are answered all', async () => {
  const { port } = await startBroker({ maxRequestsInFlight: 3 });
  const client = await SocketClient.login(port, 'joe/1');
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => client.publish('a', String(i))));
  expect(answers.every(({ type }) => type === 'R')).toBe(true);
  expect(contentsOf(await client.call('get', "\0<key oid='a'/>\0"))).toEqual(['199']);
});
