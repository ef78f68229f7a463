import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { zlibBlocks, zlibStream } from '../helpers/inner-stream.ts';
import { RawClient } from '../helpers/raw.ts';
import { encode, SocketClient } from '../helpers/socket.ts';
import { untilStatistics, untilSubscribed } from '../helpers/statistics.ts';

async function open(port: number, wrap: (socket: Socket) => Duplex = (socket) => socket): Promise<SocketClient<Duplex>> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return new SocketClient(wrap(socket));
}

describe.each<[what: string, wrap: (socket: Socket) => Duplex]>([
  ['plain', (socket) => socket],
  ['zlib:stream', zlibStream],
  ['zlib blocks', zlibBlocks],
])('SOCKET, %s', (_what, wrap) => {
  test('connects, publishes, subscribes, gets and is called back, next to HTTP', async () => {
    const broker = await startBroker();
    const joe = await open(broker.port, wrap);
    const reply = await joe.connect('joe');
    expect([reply.type, reply.session]).toEqual(['R', expect.stringMatching(/./)]);
    expect((await joe.subscribe('a')).data).toContain('subscribe id=');
    await broker.put('/topics/a', 'by HTTP');
    expect(await joe.update()).toEqual(['by HTTP']);
    expect((await joe.publish('a', 'by SOCKET')).data).toContain('rcvTimestamp nanos=');
    expect(await joe.update()).toEqual(['by SOCKET']);
    expect(await joe.call('get', "\0<key oid='a'/>\0")).toMatchObject({ type: 'R', data: expect.stringMatching(/\0by SOCKET$/) });
    expect((await broker.get('/topics/a')).body).toBe('by SOCKET');
    expect((await joe.call('disconnect')).type).toBe('R');
    await joe.closed();
    await untilStatistics(broker, ({ sessions }) => sessions === 0);
  });

  test('carries 3 MB in both directions', async () => {
    const broker = await startBroker();
    const joe = await open(broker.port, wrap);
    await joe.connect('joe');
    await joe.subscribe('big');
    const big = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i * 31 + (i >> 3) * 17) % 251)).toString('latin1');
    joe.send('publish', `\0<key oid='big'/>\0${big.length}\0${big}`);
    expect((await joe.update())[0] === big).toBe(true);
  });

  test('keeps the session when its connection is cut, and loses nothing', async () => {
    const broker = await startBroker();
    const joe = await open(broker.port, wrap);
    await joe.connect('joe/1', "retries='-1'");
    await joe.subscribe('a');
    joe.socket.destroy();
    await broker.put('/topics/a', '1');
    const again = await open(broker.port, wrap);
    await again.connect('joe/1');
    expect(await again.update()).toEqual(['1']);
  });

  test('ends, its answers out, when the broker ends; no client holds the end up', async () => {
    const broker = await startBroker();
    const clients = await Promise.all(Array.from({ length: 5 }, () => open(broker.port, wrap)));
    await Promise.all(clients.slice(1).map((client, i) => client.connect(`joe${i}`)));
    await Promise.all(clients.slice(3).map((client) => client.call('ping')));
    const start = performance.now();
    await broker.close();
    expect(performance.now() - start).toBeLessThan(3_000);
    await Promise.all(clients.map((client) => client.closed()));
  });
});

describe('bytes of SOCKET', () => {
  /** A dialogue of one client, as bytes; its second half needs the session that the first one's answer holds. */
  async function dialogue(broker: TestBroker, send: (socket: Socket, bytes: Buffer) => Promise<void>): Promise<void> {
    const joe = await SocketClient.open(broker.port);
    const socket = joe.socket;
    socket.setNoDelay(true);
    await send(socket, encode('I', '1', 'connect', '', "<qos><session name='joe'/></qos>"));
    const { session } = await joe.next(({ requestId }) => requestId === '1');
    await send(socket, encode('I', '2', 'publish', session, "<qos/>\0<key oid='a'/>\x005\0\0\x01\x02\xff\0"));
    await joe.next(({ requestId, type }) => requestId === '2' && type === 'R');
    const answer = await broker.fetch('/topics/a');
    expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0, 1, 2, 255, 0]);
  }

  test('are the same in one write, and one by one', async () => {
    const broker = await startBroker();
    await dialogue(broker, async (socket, bytes) => void socket.write(bytes));
    await dialogue(broker, async (socket, bytes) => {
      for (const byte of bytes) await new Promise((resolve) => socket.write(Buffer.of(byte), () => setImmediate(resolve)));
    });
  });

  test('that end in the middle of a frame by a reset harm nobody', async () => {
    const broker = await startBroker();
    const joe = await SocketClient.open(broker.port);
    await joe.connect('joe/1', "retries='-1'");
    await joe.subscribe('a');
    const frame = encode('I', '1', 'publish', joe.session, `\0<key oid='a'/>\x001000\0${'x'.repeat(1_000)}`);
    joe.socket.write(frame.subarray(0, 500));
    joe.socket.resetAndDestroy();
    await broker.put('/topics/a', 'after');
    const again = await SocketClient.open(broker.port);
    await again.connect('joe/1');
    expect(await again.update()).toEqual(['after']);
  });

  test('half-closed: who has said everything still gets its answers', async () => {
    const broker = await startBroker();
    const client = await SocketClient.open(broker.port);
    const id = client.send('connect', "<qos><session name='joe'/></qos>");
    client.socket.end();
    expect((await client.next(({ requestId }) => requestId === id)).type).toBe('R');
    await client.closed();
  });
});

describe('a script over the bare connection', () => {
  const script =
    '<xmlBlaster><connect/><publish><key oid="w1"/><content>sunny</content></publish><get><key oid="w1"/></get></xmlBlaster>';

  test.each([
    ['with NUL, then half-closed', `${script}\0`],
    ['half-closed without NUL', script],
    ['after blanks and line ends', `\r\n  ${script}\0`],
  ])('%s gets its answers', async (_what, text) => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    client.socket.end(text);
    const answers = await client.closed();
    expect(answers.split('\0').slice(0, -1)).toHaveLength(3);
    expect(answers).toMatch(/<connect [\s\S]*<publish [\s\S]*<get [\s\S]*sunny/);
    expect((await broker.get('/topics/w1')).body).toBe('sunny');
  });

  test('the line of the README: an empty get', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    client.socket.end('<xmlBlaster><connect/><get><key oid="w1"/></get></xmlBlaster>\0');
    expect(await client.closed()).toMatch(/<get [^>]*type='R'>\s*<\/get>/);
  });
});

describe('the second port', () => {
  test('speaks everything, too', async () => {
    const broker = await startBroker({ socketPort: 0 });
    const port = broker.socketPort ?? 0;
    expect(port).not.toBe(broker.port);
    const joe = await SocketClient.open(port);
    await joe.connect('joe');
    await joe.publish('a', '1');
    expect(await (await fetch(`http://127.0.0.1:${port}/topics/a`)).text()).toBe('1');
  });

  test('that is busy is a warning, and no failure', async () => {
    const first = await startBroker({ socketPort: 0 });
    const second = await startBroker({ socketPort: first.socketPort ?? 0 });
    expect(second.socketPort).toBeUndefined();
    expect((await second.get('/healthz')).status).toBe(200);
  });
});

describe('a poll and a stream of a client that half-closes', () => {
  test('answer at once', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', 'there');
    const there = await RawClient.connect(broker.port);
    there.socket.end('GET /updates?oid=a HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(textsOf((await there.closed()).split('\r\n\r\n')[1] ?? '')).toEqual(['there']);
    const poll = await RawClient.connect(broker.port);
    poll.write('GET /updates?oid=b HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await untilSubscribed(broker, 1);
    poll.socket.end();
    expect(await poll.closed()).toMatch(/^HTTP\/1.1 204 /);
    const stream = await RawClient.connect(broker.port);
    stream.socket.end('GET /updates?oid=a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
    expect(await stream.closed()).toMatch(/\r\n0\r\n\r\n$/);
  });
});
