import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, createDeflate, deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inflateBlocks, inflateStream } from '../../../../src/transport/socket/compression.ts';

const LIMIT = 1_000_000;

/** A connection: what is written to `peer` is read from `outer`, what is written to `outer` is read from `sent`. */
function connection(): { outer: Duplex; peer: PassThrough; sent: PassThrough } {
  const peer = new PassThrough();
  const sent = new PassThrough();
  const outer = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => void sent.write(chunk, done),
    final(done) {
      sent.end();
      done();
    },
  });
  peer.on('data', (chunk) => outer.push(chunk)).on('end', () => outer.push(null));
  return { outer, peer, sent };
}

function block(plain: Buffer, isCompressed: boolean): Buffer {
  const data = isCompressed ? deflateSync(plain) : plain;
  const header = Buffer.alloc(isCompressed ? 9 : 5);
  header[0] = isCompressed ? 1 : 0;
  header.writeUInt32BE(plain.length, 1);
  if (isCompressed) header.writeUInt32BE(data.length, 5);
  return Buffer.concat([header, data]);
}

function readBlocks(bytes: Buffer): { flag: number; plain: Buffer }[] {
  const blocks: { flag: number; plain: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const flag = bytes.readUInt8(at);
    const header = flag === 1 ? 9 : 5;
    const length = bytes.readUInt32BE(at + header - 4);
    const data = bytes.subarray(at + header, at + header + length);
    const plain = flag === 1 ? inflateSync(data) : data;
    expect(plain.length).toBe(bytes.readUInt32BE(at + 1));
    blocks.push({ flag, plain });
    at += header + length;
  }
  return blocks;
}

async function received(open: (outer: Duplex) => Duplex, chunks: readonly Buffer[]): Promise<string> {
  const { outer, peer } = connection();
  const plain = open(outer);
  for (const chunk of chunks) peer.write(chunk);
  peer.end();
  return (await buffer(plain)).toString('latin1');
}

const blocks = (outer: Duplex): Duplex => inflateBlocks(outer, LIMIT);
const oneByOne = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.of(byte));

describe('zlib:stream', () => {
  async function deflated(...texts: string[]): Promise<Buffer> {
    const deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
    for (const text of texts) deflate.write(text);
    deflate.end();
    return buffer(deflate);
  }

  test('is read whole and byte by byte although its end is never sent', async () => {
    const bytes = await deflated('hello ', 'x'.repeat(1_000), ' world');
    const expected = `hello ${'x'.repeat(1_000)} world`;
    expect(await received(inflateStream, [bytes])).toBe(expected);
    expect(await received(inflateStream, oneByOne(bytes))).toBe(expected);
  });

  test('gives each message at once, before the next one comes', async () => {
    const { outer, peer } = connection();
    const plain = inflateStream(outer);
    const deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH });
    deflate.pipe(peer);
    for (const text of ['one', 'two']) {
      deflate.write(text);
      expect(String(await once(plain, 'data'))).toBe(text);
    }
    plain.destroy();
  });

  test('is written as one stream, flushed after every turn, without its end', async () => {
    const { outer, sent } = connection();
    const plain = inflateStream(outer);
    plain.write('one');
    const first = (await once(sent, 'data'))[0] as Buffer;
    expect(first[0]).toBe(0x78);
    expect(inflateSync(first, { finishFlush: constants.Z_SYNC_FLUSH }).toString()).toBe('one');
    const rest = buffer(sent);
    plain.end('two');
    const all = Buffer.concat([first, await rest]);
    expect(inflateSync(all, { finishFlush: constants.Z_SYNC_FLUSH }).toString()).toBe('onetwo');
    expect(() => inflateSync(all), 'the stream has no end').toThrow();
  });

  test.each([
    ['garbage', Buffer.from('xyz garbage')],
    ['a broken stream', Buffer.concat([deflateSync('x'.repeat(100)).subarray(0, 6), Buffer.alloc(100, 0xff)])],
  ])('ends with %s', async (_what, bytes) => {
    const { outer, peer } = connection();
    const plain = inflateStream(outer);
    plain.resume();
    peer.write(bytes);
    const [error] = await once(plain, 'error');
    expect(error).toBeInstanceOf(Error);
    expect(outer.destroyed).toBe(true);
  });
});

describe('zlib blocks', () => {
  const big = Buffer.alloc(50_000, 'xyz');
  const stream = Buffer.concat([
    block(Buffer.from('a'), false),
    block(big, true),
    block(Buffer.alloc(0), false),
    block(big, false),
  ]);
  const expected = `a${big.toString()}${big.toString()}`;

  test('are read whole, in pieces and byte by byte', async () => {
    expect(await received(blocks, [stream])).toBe(expected);
    expect(await received(blocks, [stream.subarray(0, 8), stream.subarray(8, 40_000), stream.subarray(40_000)])).toBe(expected);
    expect(await received(blocks, oneByOne(stream))).toBe(expected);
  });

  test('that do not end are dropped', async () => {
    expect(await received(blocks, [stream.subarray(0, -1)])).toBe(`a${big.toString()}`);
    expect(await received(blocks, [stream.subarray(0, 9)])).toBe('a');
  });

  test('are written small enough for the Java client, compressed when it pays', async () => {
    const { outer, sent } = connection();
    const plain = blocks(outer);
    const random = Buffer.from(Array.from({ length: 30_000 }, (_, i) => (i * i * 31 + (i >> 3) * 17) % 251));
    plain.write('short');
    plain.write(big);
    plain.end(random);
    const written = readBlocks(await buffer(sent));
    expect(Buffer.concat(written.map((one) => one.plain))).toEqual(Buffer.concat([Buffer.from('short'), big, random]));
    expect(Math.max(...written.map((one) => one.plain.length))).toBeLessThan(20_000);
    expect(written.some(({ flag }) => flag === 1)).toBe(true);
  });

  test('of one turn are one', async () => {
    const { outer, sent } = connection();
    const plain = blocks(outer);
    plain.cork();
    for (const text of ['one ', 'two ', 'three']) plain.write(text);
    plain.uncork();
    plain.end();
    const written = readBlocks(await buffer(sent));
    expect(written.map((one) => one.plain.toString())).toEqual(['one two three']);
  });

  const lying = block(big, true);
  lying.writeUInt32BE(10, 1);
  const boasting = block(big, true);
  boasting.writeUInt32BE(60_000, 1);
  test.each([
    ['another first byte', Buffer.concat([block(Buffer.from('a'), false), Buffer.from('hello world')])],
    ['more plain bytes than it says', lying],
    ['fewer plain bytes than it says', boasting],
    ['broken data', Buffer.concat([block(big, true).subarray(0, 9), Buffer.alloc(1_000, 0xff)])],
    ['a length of 4 GB', Buffer.from([0, 0xff, 0xff, 0xff, 0xff])],
    ['a compressed length of 4 GB', Buffer.from([1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff])],
  ])('with %s end the connection', async (_what, bytes) => {
    const { outer, peer } = connection();
    const plain = blocks(outer);
    plain.resume();
    peer.write(bytes);
    await once(plain, 'error');
    expect(outer.destroyed).toBe(true);
  });
});

describe.each([
  ['zlib:stream', inflateStream],
  ['zlib blocks', blocks],
])('%s', (_what, open) => {
  test('is half-open: who has said everything still gets its answer, and then both ends', async () => {
    const { outer, peer, sent } = connection();
    const plain = open(outer);
    plain.resume();
    peer.end();
    await once(plain, 'end');
    expect(plain.writable).toBe(true);
    const answer = buffer(sent);
    const closed = once(plain, 'close');
    plain.end('answer'.repeat(10_000));
    expect((await answer).length).toBeGreaterThan(50);
    await closed;
    expect(outer.destroyed).toBe(true);
  });

  test('ends with the connection', async () => {
    const { outer } = connection();
    const plain = open(outer);
    outer.destroy();
    await once(plain, 'close');
    expect(plain.destroyed).toBe(true);
  });

  test('reads no more than a reader takes', async () => {
    const { outer, peer } = connection();
    const plain = open(outer);
    plain.once('data', () => plain.pause());
    const deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH });
    if (open === inflateStream) deflate.pipe(peer);
    const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31 + (i >> 3) * 17) % 251));
    for (let i = 0; i < 40; i++) {
      if (open === inflateStream) deflate.write(bytes);
      else peer.write(block(bytes, false));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(plain.readableLength).toBeLessThan(200_000);
    plain.destroy();
  });
});
