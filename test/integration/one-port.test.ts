import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { exceptionOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { exchange, parseAnswer, RawClient } from '../helpers/raw.ts';
import { encode, SocketClient } from '../helpers/socket.ts';
import { untilSubscribed } from '../helpers/statistics.ts';
import { DelayedStore } from '../helpers/store-doubles.ts';

const HOST = 'Host: localhost\r\n';

/** Sends `bytes` one by one, each in a packet of its own. */
async function trickle(socket: Socket, bytes: Buffer): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of bytes) await new Promise((resolve) => socket.write(Buffer.of(byte), () => setImmediate(resolve)));
}

/** What comes back, and that it ends with FIN: no reset. */
async function refusalOf(port: number, bytes: string | Uint8Array): Promise<string> {
  const client = await RawClient.connect(port);
  const failures: unknown[] = [];
  client.socket.on('error', (error) => failures.push(error));
  client.write(bytes);
  const text = await client.closed();
  expect(failures).toEqual([]);
  return text;
}

describe('HTTP on the port of all', () => {
  test('keeps a connection alive, also with pipelined requests', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    for (const round of [1, 2, 3]) {
      client.write(`GET /healthz HTTP/1.1\r\n${HOST}\r\n`.repeat(2));
      await client.until(new RegExp(`(ok\\n[\\s\\S]*){${round * 2}}`));
    }
    client.destroy();
  });

  test('loses no byte when a request arrives byte by byte', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    const body = Buffer.from([...Array(300).keys()]);
    const header = `\r\nPUT /topics/a HTTP/1.1\r\n${HOST}Content-Length: 300\r\nConnection: close\r\n\r\n`;
    await trickle(client.socket, Buffer.concat([Buffer.from(header), body]));
    expect(parseAnswer(await client.closed()).status).toBe(201);
    expect(Buffer.from(await (await broker.fetch('/topics/a')).arrayBuffer()).equals(body)).toBe(true);
  });

  test('takes 8 MB that come together with the header', async () => {
    const broker = await startBroker();
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    const header = `PUT /topics/a HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    expect((await exchange(broker.port, Buffer.concat([Buffer.from(header), body]))).status).toBe(201);
    expect((await broker.get('/topics/a')).body).toHaveLength(body.length);
  });

  test('answers a client that has closed its side, also when the answer takes its time', async () => {
    const store = new DelayedStore(new MemoryStore());
    const broker = await startBroker({}, { store });
    const client = await RawClient.connect(broker.port);
    client.socket.end(`PUT /topics/a?persistent=true HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\nx`);
    await store.untilWaiting(1);
    expect((await broker.get('/healthz')).status).toBe(200);
    store.open();
    expect(parseAnswer(await client.closed()).status).toBe(201);
    const asked = await RawClient.connect(broker.port);
    asked.socket.end(`GET /topics/a HTTP/1.1\r\n${HOST}\r\n`.repeat(3));
    expect((await asked.closed()).match(/200 OK/g)).toHaveLength(3);
  });

  test('takes blanks and line ends before a request', async () => {
    const broker = await startBroker();
    const answer = await exchange(broker.port, `\r\n \r\nGET /healthz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    expect(answer.body).toBe('ok\n');
  });

  test('holds its time-outs although that server never listens', async () => {
    const broker = await startBroker({ headersTimeout: 200, requestTimeout: 300, firstByteTimeout: 5_000 });
    const slowHeader = await exchange(broker.port, `GET / HTTP/1.1\r\n${HOST}X-Slow: `);
    expect([slowHeader.status, exceptionOf(slowHeader.body).code]).toEqual([408, 'user.illegalArgument']);
    const slowBody = await exchange(broker.port, `PUT /topics/a HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nx`);
    expect(slowBody.status).toBe(408);
  });
});

describe('a connection that does not say what it speaks', () => {
  test.each(['', 'G', '\r\n', '     ', 'CONNECT'])('but only %j is closed in time, without a word', async (bytes) => {
    const broker = await startBroker({ firstByteTimeout: 150, headersTimeout: 60_000 });
    expect(await refusalOf(broker.port, bytes)).toBe('');
  });

  test('and closes its side is closed at once', async () => {
    const broker = await startBroker({ firstByteTimeout: 60_000 });
    const client = await RawClient.connect(broker.port);
    client.socket.end('GE');
    expect(await client.closed()).toBe('');
  });

  test('but resets harms nobody', async () => {
    const broker = await startBroker();
    for (const bytes of ['', 'G', 'GET / HT', '   ', '<xmlBla', '\x78', '\x01\0', '        98\0\0I\0\x001']) {
      const client = await RawClient.connect(broker.port);
      if (bytes !== '') await new Promise((resolve) => client.socket.write(bytes, 'latin1', resolve));
      client.socket.resetAndDestroy();
    }
    expect((await broker.get('/healthz')).status).toBe(200);
  });

  test('can do so a thousand times: others are served, and the end of the broker does not wait', async () => {
    const broker = await startBroker();
    const silent = await Promise.all(Array.from({ length: 1_000 }, () => RawClient.connect(broker.port)));
    const joe = await SocketClient.open(broker.port);
    await joe.connect('joe');
    expect((await joe.publish('a', '1')).type).toBe('R');
    expect((await broker.get('/topics/a')).body).toBe('1');
    const start = performance.now();
    await broker.close();
    expect(performance.now() - start).toBeLessThan(3_000);
    await Promise.all(silent.map((client) => client.closed()));
  });
});

describe('what is not spoken yet', () => {
  test.each<[what: string, bytes: string | Uint8Array, answer: string | RegExp]>([
    ['GIOP', Buffer.from('GIOP\x01\x02\0\0\0\0\0\x04abcd', 'latin1'), 'GIOP\x01\0\0\x06\0\0\0\0'],
    ['JRMI', Buffer.from('JRMI\0\x02K', 'latin1'), '\x4f'],
    ['STOMP', 'CONNECT\naccept-version:1.2\nhost:a\n\n\0', /^ERROR\nmessage:.*\n[\s\S]*\0$/],
    ['STOMP 1.2', 'STOMP\r\naccept-version:1.2\r\n\r\n\0', /^ERROR\nmessage:/],
    ['MQTT', Buffer.from('\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0', 'latin1'), '\x20\x02\0\x01'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 505 [\s\S]*\r\n\r\nHTTP\/2 is not/],
    ['the IOR of CORBA', 'GET /AuthenticationService.ior HTTP/1.0\r\n \n', /^HTTP\/1\.0 404 [\s\S]*\r\n\r\nCORBA is not/],
    ['TLS without a certificate', Buffer.from('\x16\x03\x01\0\x05\x01\0\0\x01\x03', 'latin1'), '\x15\x03\x01\0\x02\x02\x28'],
  ])('%s gets a clean refusal, however its bytes arrive', async (_what, bytes, answer) => {
    const broker = await startBroker();
    const matches = (text: string): void => {
      if (typeof answer === 'string') expect(text).toBe(answer);
      else expect(text).toMatch(answer);
    };
    matches(await refusalOf(broker.port, bytes));
    const client = await RawClient.connect(broker.port);
    await trickle(client.socket, Buffer.from(bytes));
    matches(await client.closed());
  });

  test('a client that goes on sending gets to see its refusal', async () => {
    const broker = await startBroker();
    const text = await refusalOf(broker.port, Buffer.concat([Buffer.from('GIOP\x01\x02\0\0'), Buffer.alloc(3_000_000)]));
    expect(text).toMatch(/^GIOP/);
  });

  test('a client that does not close its side is cut off', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    client.socket.allowHalfOpen = true;
    client.write('GIOP');
    await once(client.socket, 'end');
    while (!client.socket.destroyed) {
      client.write('x');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test.each(['hello\r\n\r\n', '\xff\xfe\xfd\xfc', 'get / http/1.1\r\n\r\n', '{"a":1}'])(
    '%j is answered as bad HTTP',
    async (text) => {
      const broker = await startBroker();
      const answer = parseAnswer(await refusalOf(broker.port, Buffer.from(text, 'latin1')));
      expect([answer.status, exceptionOf(answer.body).code]).toEqual([400, 'user.illegalArgument']);
    },
  );
});

describe('one connection too many', () => {
  test('is told so in HTTP, and closed in any other protocol; there is room when one ends', async () => {
    const broker = await startBroker({ maxConnections: 2 });
    const joe = await SocketClient.open(broker.port);
    await joe.connect('joe');
    const web = await RawClient.connect(broker.port);
    web.write(`GET /healthz HTTP/1.1\r\n${HOST}\r\n`);
    await web.until(/ok\n$/);
    for (const bytes of [encode('I', '1', 'connect', '', '<qos/>'), '<ping/>\0', Buffer.of(0x78, 0x9c), Buffer.of(0)]) {
      expect(await refusalOf(broker.port, bytes)).toBe('');
    }
    const refused = await exchange(broker.port, `GET /healthz HTTP/1.1\r\n${HOST}\r\n`);
    expect([refused.status, exceptionOf(refused.body).code]).toEqual([503, 'resource.exhaust']);
    expect((await joe.call('ping')).type).toBe('R');
    web.destroy();
    await web.closed();
    const sue = await SocketClient.open(broker.port);
    expect((await sue.connect('sue')).type).toBe('R');
  });

  test('counts on both ports', async () => {
    const broker = await startBroker({ maxConnections: 1, socketPort: 0 });
    const joe = await SocketClient.open(broker.socketPort ?? 0);
    await joe.connect('joe');
    expect((await exchange(broker.port, `GET /healthz HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(503);
  });
});

test('a poll waits on the port of all as long as it wants to', async () => {
  const broker = await startBroker({ firstByteTimeout: 100, headersTimeout: 100, requestTimeout: 100 });
  const waiting = broker.get('/updates?oid=a');
  await untilSubscribed(broker, 1);
  await exchange(broker.port, `GET / HTTP/1.1\r\n${HOST}`);
  await broker.put('/topics/a', 'x');
  expect((await waiting).status).toBe(200);
});
