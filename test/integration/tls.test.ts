import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { get, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../src/server.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { createCertificate, hasOpenssl } from '../helpers/certificate.ts';
import { exchange, parseAnswer, RawClient } from '../helpers/raw.ts';
import { SocketClient } from '../helpers/socket.ts';
import { untilSubscribed } from '../helpers/statistics.ts';

interface SecureBroker extends TestBroker {
  readonly ca: string;
}

async function startSecureBroker(settings: Parameters<typeof startBroker>[0] = {}): Promise<SecureBroker> {
  const files = createCertificate();
  const broker = await startBroker({ ...files, ...settings });
  return { ...broker, ca: readFileSync(files.tlsCert, 'utf8') };
}

async function openTls({ port, ca }: SecureBroker, settings: { allowHalfOpen?: boolean } = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...settings });
  await once(socket, 'secureConnect');
  expect(socket.authorized).toBe(true);
  return socket;
}

async function fetchTls(
  { port, ca }: SecureBroker,
  path: string,
  method = 'GET',
  body = '',
): Promise<[number | undefined, string]> {
  const sent = request({ port, host: 'localhost', family: 4, path, method, ca, agent: false }).end(body);
  const [response] = await once(sent, 'response');
  return [response.statusCode, await text(response)];
}

describe.skipIf(!hasOpenssl())('TLS on the same port', () => {
  test('carries HTTP; without TLS it is still there', async () => {
    const broker = await startSecureBroker();
    expect(await fetchTls(broker, '/topics/a', 'PUT', 'secret')).toEqual([201, expect.any(String)]);
    expect(await fetchTls(broker, '/topics/a')).toEqual([200, 'secret']);
    expect((await broker.get('/topics/a')).body).toBe('secret');
    const big = 'x'.repeat(5_000_000);
    expect((await fetchTls(broker, '/topics/big', 'PUT', big))[0]).toBe(201);
    expect((await fetchTls(broker, '/topics/big'))[1]).toBe(big);
  });

  test('carries polls and streams', async () => {
    const broker = await startSecureBroker();
    const waiting = fetchTls(broker, '/updates?oid=a');
    await untilSubscribed(broker, 1);
    await broker.put('/topics/a', '1');
    expect(await waiting).toEqual([200, expect.stringContaining('>1<')]);
    const headers = { Accept: 'text/event-stream' };
    const stream = get({
      port: broker.port,
      host: 'localhost',
      family: 4,
      path: '/updates?oid=a',
      ca: broker.ca,
      headers,
      agent: false,
    });
    const [response] = await once(stream, 'response');
    await broker.close();
    expect(await text(response)).toContain('data: ');
  });

  test('carries SOCKET, also byte by byte', async () => {
    const broker = await startSecureBroker();
    const joe = new SocketClient(await openTls(broker));
    await joe.connect('joe');
    await joe.subscribe('a');
    await broker.put('/topics/a', '1');
    expect(await joe.update()).toEqual(['1']);
    const socket = await openTls(broker);
    const sue = new SocketClient(socket);
    for (const byte of Buffer.from('\r\n        10')) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    expect((await sue.next(({ type }) => type === 'R')).method).toBe('ping');
    expect((await joe.call('disconnect')).type).toBe('R');
    await joe.closed();
  });

  test('carries scripts of clients that half-close', async () => {
    const broker = await startSecureBroker();
    const socket = await openTls(broker, { allowHalfOpen: true });
    socket.end('<xmlBlaster><connect/><get><key oid="w1"/></get></xmlBlaster>');
    expect(await text(socket)).toMatch(/<get [^>]*type='R'>/);
  });

  test('speaks 1.2 and 1.3, and nothing older', async () => {
    const broker = await startSecureBroker();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = connect({
        port: broker.port,
        servername: 'localhost',
        ca: broker.ca,
        minVersion: version,
        maxVersion: version,
      });
      await once(socket, 'secureConnect');
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    const old = connect({
      port: broker.port,
      servername: 'localhost',
      ca: broker.ca,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
    });
    await expect(once(old, 'secureConnect')).rejects.toThrow();
  });

  test('whose handshake is garbage, stops half-way or is reset harms nobody', async () => {
    const broker = await startSecureBroker({ firstByteTimeout: 200 });
    const garbage = await RawClient.connect(broker.port);
    garbage.write(Buffer.concat([Buffer.of(0x16, 3, 1, 0, 200), Buffer.alloc(200, 7)]));
    await garbage.closed();
    const silent = await RawClient.connect(broker.port);
    silent.write(Buffer.of(0x16));
    await silent.closed();
    const secure = await openTls(broker);
    await once(secure, 'close');
    const reset = connectTcp(broker.port, '127.0.0.1');
    await once(reset, 'connect');
    reset.write(Buffer.of(0x16, 3, 1, 2, 0, 1), () => reset.resetAndDestroy());
    await once(reset, 'close');
    expect((await fetchTls(broker, '/healthz'))[1]).toBe('ok\n');
  });

  test('in TLS is refused', async () => {
    const broker = await startSecureBroker();
    const socket = await openTls(broker);
    socket.end(Buffer.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3));
    expect(await text(socket.setEncoding('latin1'))).toBe('\x15\x03\x01\0\x02\x02\x28');
  });

  test('counts its connections, and tells the one too many', async () => {
    const broker = await startSecureBroker({ maxConnections: 1 });
    const first = new SocketClient(await openTls(broker));
    await first.connect('joe');
    const second = await openTls(broker);
    second.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(parseAnswer(await text(second)).status).toBe(503);
    const third = new SocketClient(await openTls(broker));
    third.send('ping', '');
    await third.closed();
    expect((await first.call('ping')).type).toBe('R');
  });

  test('ends at once with the broker', async () => {
    const broker = await startSecureBroker();
    const silent = await openTls(broker);
    const joe = new SocketClient(await openTls(broker));
    await joe.connect('joe');
    silent.resume();
    const start = performance.now();
    await broker.close();
    expect(performance.now() - start).toBeLessThan(3_000);
    await joe.closed();
  });

  test('with a key that does not fit, or is none, is told in one sentence', async () => {
    const one = createCertificate();
    const other = createCertificate();
    const settings = { port: 0, socketPort: 'off', logLevel: 'silent', memory: true } as const;
    for (const tlsKey of [other.tlsKey, '/nowhere/key.pem', one.tlsCert]) {
      await expect(startServer({ ...settings, tlsCert: one.tlsCert, tlsKey })).rejects.toThrow(/^--tls-cert .* and --tls-key /);
    }
    writeFileSync(one.tlsCert, 'no certificate');
    await expect(startServer({ ...settings, ...one })).rejects.toThrow(/^--tls-cert /);
  });
});

test('without a certificate TLS is refused, and nothing else', async () => {
  const broker = await startBroker();
  await expect(once(connect({ port: broker.port, rejectUnauthorized: false }), 'secureConnect')).rejects.toThrow(
    /handshake failure/,
  );
  expect((await exchange(broker.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).status).toBe(200);
});
