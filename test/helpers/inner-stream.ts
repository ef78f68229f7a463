import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate, deflateSync, inflateSync } from 'node:zlib';

const FLUSHED = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

/** The client's side of `zlib:stream`. */
export function zlibStream(socket: Socket): Duplex {
  const deflate = createDeflate(FLUSHED);
  const inflate = createInflate(FLUSHED);
  deflate.pipe(socket);
  socket.pipe(inflate);
  return inner(socket, inflate, (chunk) => void deflate.write(chunk));
}

/** The client's side of `zlib`, as the Java client: blocks of at most 16 kB in, compressed or raw ones out. */
export function zlibBlocks(socket: Socket): Duplex {
  const plain = inner(socket, undefined, (chunk) => void socket.write(encodeBlock(chunk)));
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (let block = takeBlock(pending); block; block = takeBlock(pending)) {
      plain.push(block.plain);
      pending = pending.subarray(block.bytes);
    }
  });
  return plain;
}

function inner(socket: Socket, readable: Duplex | undefined, send: (chunk: Buffer) => void): Duplex {
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      send(chunk);
      done();
    },
    final(done) {
      socket.end(done);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  readable?.on('data', (chunk: Buffer) => stream.push(chunk));
  socket.on('error', () => {});
  if (readable) {
    // What has arrived is inflated in a thread, so it may come after the socket has closed.
    socket.on('close', () => readable.end());
    readable.on('close', () => stream.destroy());
  } else socket.on('close', () => stream.destroy());
  return stream;
}

function encodeBlock(plain: Buffer): Buffer {
  if (plain.length < 200) return Buffer.concat([Buffer.from([0]), length(plain.length), plain]);
  const data = deflateSync(plain);
  return Buffer.concat([Buffer.from([1]), length(plain.length), length(data.length), data]);
}

function takeBlock(bytes: Buffer): { plain: Buffer; bytes: number } | undefined {
  const header = bytes[0] === 1 ? 9 : 5;
  if (bytes.length < header) return undefined;
  const end = header + bytes.readUInt32BE(header - 4);
  if (bytes.length < end) return undefined;
  if (bytes.readUInt32BE(1) >= 20_000 || end - header >= 20_000) throw new Error('Invalid chunk length encountered.');
  const data = bytes.subarray(header, end);
  return { plain: header === 9 ? inflateSync(data) : data, bytes: end };
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
