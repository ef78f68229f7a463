import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodeMethodCall } from '../../src/codec/xmlrpc.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { RawClient } from '../helpers/raw.ts';

// Bodies with a Content-Encoding (protocol/http.md, "Bodies").

const GZIP = { 'Content-Encoding': 'gzip' };
const PING = encodeMethodCall('xmlBlaster.ping', ['']);

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['deflate', deflateSync],
])('%s is decompressed', async (encoding, compress) => {
  const broker = await startBroker();
  const headers = { 'Content-Encoding': encoding };
  expect((await broker.post(compress(PING), '/RPC2', headers)).body).toContain('OK');
  expect((await broker.post(compress("<publish><key oid='a'/><content>A</content></publish>"), '/', headers)).status).toBe(200);
  expect((await broker.put('/topics/b', compress('B'), headers)).status).toBe(201);
  expect((await broker.get('/topics/b')).body).toBe('B');
});

test.each([
  ['of more bytes than allowed', gzipSync(Buffer.alloc(100_001)), 413],
  ['that is none', Buffer.from(PING), 400],
  ['that is cut off', gzipSync(PING).subarray(0, -9), 400],
  ['of another kind', brotliCompressSync(PING), 400],
])('gzip %s is refused', async (_what, body, status) => {
  const broker = await startBroker({ maxBodyBytes: 100_000 });
  expect((await broker.post(body, '/RPC2', GZIP)).status).toBe(status);
});

test('a full broker refuses it, one that is not takes it again, and nothing of the refused ones is kept', async () => {
  const broker = await startBroker({ maxBytes: 400_000 });
  const large = gzipSync(`<publish><key oid='a'/>${' '.repeat(1_000_000)}</publish>`);
  for (let i = 0; i < 5; i++) expect((await broker.post(large, '/', GZIP)).status).toBe(503);
  for (let i = 0; i < 5; i++) await breakOff(broker, large);
  expect((await broker.post(gzipSync(PING), '/RPC2', GZIP)).body).toContain('OK');
});

/** Sends half of a compressed body and goes. */
async function breakOff({ port }: TestBroker, body: Buffer): Promise<void> {
  const client = await RawClient.connect(port);
  const head = `POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
  client.socket.end(Buffer.concat([Buffer.from(head), body.subarray(0, body.length / 2)]));
  await client.closed();
}
