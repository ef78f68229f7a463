import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeFault } from '../../src/codec/xmlrpc.ts';
import { startBroker } from '../helpers/broker.ts';
import { hurriedClock } from '../helpers/clock.ts';
import { CallbackServer, call, callbackQos, ended, login, respond } from '../helpers/xmlrpc.ts';

// Updates that the broker pushes to a client's own server (protocol/xmlrpc.md, "Push").

const QOS = '<qos/>';

/** A session `joe/1` that is subscribed to the topic `a`, with its callback at `url`. */
async function subscribe(port: number, url: string, attributes = ''): Promise<string> {
  const id = await login(port, 'joe/1', callbackQos(url, attributes));
  await call(port, 'xmlBlaster.subscribe', id, "<key oid='a'/>", QOS);
  return id;
}

/** Publishes to the topic `a`, in a session of its own. */
async function publish(port: number, ...contents: string[]): Promise<void> {
  const id = await login(port, 'publisher');
  for (const content of contents) await call(port, 'xmlBlaster.publish', id, "<key oid='a'/>", content, QOS);
  await call(port, 'authenticate.logout', id);
}

describe('updates', () => {
  test('come one at a time, in order, with the session id of the callback and the content as bytes', async () => {
    const { port } = await startBroker();
    const server = await CallbackServer.start();
    let atATime = 0;
    let most = 0;
    server.answer = (_received, response) => {
      most = Math.max(most, ++atATime);
      setImmediate(() => {
        atATime--;
        respond(response, '');
      });
    };
    await subscribe(port, server.url, "sessionId='mine'");
    const contents = Array.from({ length: 50 }, (_, i) => `${i}`);
    await publish(port, ...contents);
    await server.until(({ received }) => received.length === 50);
    expect(server.contents).toEqual(contents);
    expect(most).toBe(1);
    const [first] = server.received;
    expect(first).toMatchObject({
      method: 'update',
      params: ['mine', "<key oid='a'/>", Buffer.from('0'), expect.stringContaining('<sender>')],
    });
  });

  test('have the names of 2.x when connect has two parameters', async () => {
    const { port } = await startBroker();
    const server = await CallbackServer.start();
    const qos = callbackQos(server.url).replace('<qos>', "<qos><session name='joe/1'/>");
    const answer = String(await call(port, 'authenticate.connect', null, qos));
    const id = /sessionId='([^']+)'\/>/.exec(answer.replace(/<callback[^>]*>/, ''))?.[1] ?? '';
    await call(port, 'xmlBlaster.subscribe', id, "<key oid='a'/>", QOS);
    await publish(port, 'one');
    await server.until(({ received }) => received.length > 0);
    expect(server.received[0]).toMatchObject({
      method: '$default.update',
      params: ['unknown', "<key oid='a'/>", Buffer.from('one'), expect.any(String)],
    });
  });

  test.each([
    ['the fault of Python', encodeFault(1, '<class \'Exception\'>:method "update" is not supported')],
    ['the fault of Perl', encodeFault(3, 'No such method: update')],
    ['an empty body', ''],
  ])('take the other name after %s, and remember it', async (_what, refusal) => {
    const { port } = await startBroker();
    const server = await CallbackServer.start();
    server.answer = ({ method }, response) => {
      if (method === '$default.update') respond(response, QOS);
      else response.end(refusal);
    };
    await subscribe(port, server.url);
    await publish(port, 'one', 'two');
    await server.until(({ received }) => received.length === 3);
    expect(server.received.map(({ method }) => method)).toEqual(['update', '$default.update', '$default.update']);
  });

  test('have contents as strings if the callback says so', async () => {
    const { port } = await startBroker();
    const server = await CallbackServer.start();
    const url = `${server.url}<attribute name='contentAsString'>true</attribute>`;
    await subscribe(port, url);
    await publish(port, '<one> ä');
    await server.until(({ received }) => received.length > 0);
    expect(server.received[0]?.params[2]).toBe('<one> ä');
  });

  test('that the client refuses with an error of its own become dead messages', async () => {
    const { port } = await startBroker();
    const server = await CallbackServer.start();
    const watcher = await CallbackServer.start();
    server.answer = (_received, response) => response.end(encodeFault(0, 'errorCode=[user.update.error] message=[no room]'));
    const watching = await login(port, 'watcher', callbackQos(watcher.url));
    await call(port, 'xmlBlaster.subscribe', watching, "<key oid='__sys__deadMessage'/>", QOS);
    await subscribe(port, server.url);
    await publish(port, 'one');
    await watcher.until(({ contents }) => contents.length === 1);
    expect(String(watcher.received[0]?.params[3])).toContain('user.update.error: no room');
  });

  test('wait when the client throws what has no error code', async () => {
    const { port } = await startBroker();
    const server = await CallbackServer.start();
    server.answer = (_received, response) => response.end(encodeFault(1, "<class 'ValueError'>:oops"));
    const id = await subscribe(port, server.url);
    await publish(port, 'one');
    await server.until(({ received }) => received.length === 1);
    const query = "<qos><querySpec type='QueueQuery'>maxEntries=-1&amp;consumable=false&amp;waitingDelay=0</querySpec></qos>";
    const key = "<key oid='__cmd:client/joe/1/?callbackQueueEntries'/>";
    expect(await call(port, 'xmlBlaster.get', id, key, query, 'true')).toHaveLength(1);
  });
});

describe('a callback server that fails', () => {
  const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  test.each([
    ['answers garbage', answer('hello')],
    ['answers 10,000 nested arrays', answer(`<methodResponse>${'<array>'.repeat(10_000)}`)],
    ['answers a DTD', answer('<!DOCTYPE a><methodResponse/>')],
    ['answers another status', 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n'],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['answers a header without an end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(10_000)}`],
    ['closes in the middle', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<?xml'],
    ['answers more than a mebibyte', answer(' '.repeat(1_048_577))],
    ['closes at once', ''],
  ])('%s: without retries its session ends', async (_what, bytes) => {
    const { port } = await startBroker();
    const id = await subscribe(port, await startRawServer(bytes));
    await publish(port, 'one');
    await ended(port, id);
  });

  test('redirects: nobody follows, and its session ends', async () => {
    const { port } = await startBroker();
    const elsewhere = await CallbackServer.start();
    const redirect = `HTTP/1.1 307 Elsewhere\r\nLocation: ${elsewhere.url}\r\nContent-Length: 0\r\n\r\n`;
    const id = await subscribe(port, await startRawServer(redirect));
    await publish(port, 'one');
    await ended(port, id);
    expect(elsewhere.received).toEqual([]);
  });

  test('hangs: the session ends when the time for an answer is over', async () => {
    const { port } = await startBroker({ responseTimeout: 50 });
    const server = await CallbackServer.start();
    server.answer = () => {};
    const id = await subscribe(port, server.url);
    await publish(port, 'one');
    await ended(port, id);
  });

  test('is the broker itself: the update is refused, and goes no further', async () => {
    const { port } = await startBroker();
    const id = await subscribe(port, `http://127.0.0.1:${port}/`);
    await publish(port, 'one');
    expect(await call(port, 'xmlBlaster.ping', '')).toContain('OK');
    expect(await call(port, 'authenticate.logout', id)).toContain('OK');
  });

  test('is tried again until it is there; nothing is lost', async () => {
    const { port } = await startBroker({}, { clock: hurriedClock() });
    const free = await freePort();
    const lost = callbackQos(`http://127.0.0.1:${free}/RPC2`, "retries='-1' delay='1000'");
    const id = await login(port, 'joe/1', lost);
    await call(port, 'xmlBlaster.subscribe', id, "<key oid='a'/>", QOS);
    await publish(port, 'one', 'two');
    const server = await CallbackServer.start(free);
    await server.until(({ contents }) => contents.length === 2);
    expect(server.contents).toEqual(['one', 'two']);
    expect(server.received[0]?.method).toBe('ping');
  });

  test('is given up after the last retry', async () => {
    const { port } = await startBroker({}, { clock: hurriedClock() });
    const id = await subscribe(port, `http://127.0.0.1:${await freePort()}/`, "retries='2' delay='1000'");
    await publish(port, 'one');
    await ended(port, id);
  });

  test('is found by its ping', async () => {
    const { port } = await startBroker({}, { clock: hurriedClock() });
    const server = await CallbackServer.start();
    server.answer = (_received, response) => void response.destroy();
    const id = await subscribe(port, server.url, "pingInterval='500'");
    await ended(port, id);
    expect(server.received[0]).toEqual({ method: 'ping', params: [''] });
  });
});

describe('the address of a callback', () => {
  test.each([
    ['is on another machine', 'http://192.0.2.1:8081/', 'user.security.authorization.notAuthorized'],
    ['is no address', 'nonsense', 'user.illegalArgument'],
    ['is another protocol', 'ftp://127.0.0.1/', 'user.illegalArgument'],
    ['names a user', 'http://joe:secret@127.0.0.1/', 'user.illegalArgument'],
    ['is a file', 'file:///etc/passwd', 'user.illegalArgument'],
  ])('%s: connect fails', async (_what, url, code) => {
    const { port } = await startBroker();
    await expect(login(port, 'joe', callbackQos(url))).rejects.toThrow(code);
  });

  test('may be on a host of --callback-allow', async () => {
    const { port } = await startBroker({ callbackAllow: ['192.0.2.1'] });
    expect(await login(port, 'joe', callbackQos('http://192.0.2.1:8081/'))).toMatch(/^sessionId:/);
  });
});

/** A server that answers everything with the same bytes and closes. Returns its URL. */
async function startRawServer(answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
