import { Transform, type TransformCallback } from 'node:stream';
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { FrameError } from '../../codec/socket-frame.ts';

/** Blocks of `zlib`: `01`, plain length, compressed length (4 bytes each, big endian), zlib data; or `00`, length, raw bytes. */

const RAW = 0;
const COMPRESSED = 1;
const RAW_HEADER_BYTES = 5;
const COMPRESSED_HEADER_BYTES = 9;

/** Shorter ones are sent as they are. */
const MIN_COMPRESSED_BYTES = 200;

/** The Java client refuses blocks of 20,000 bytes and more, plain or compressed. */
const MAX_WRITTEN_BLOCK_BYTES = 16_384;

const inflateBlock = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate);
const deflateBlock = promisify<Buffer, Buffer>(deflate);

interface BlockHeader {
  readonly isCompressed: boolean;
  readonly headerBytes: number;
  readonly plainBytes: number;
  /** With its header. */
  readonly blockBytes: number;
}

/** Blocks to plain bytes. Fails with a FrameError when they are none, or larger than allowed. */
export class BlockReader extends Transform {
  readonly #maxBlockBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Nothing can be done before so many bytes are there. */
  #wanted = RAW_HEADER_BYTES;

  constructor(maxBlockBytes: number) {
    super();
    this.#maxBlockBytes = maxBlockBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wanted) callback();
    else this.#readBlocks(Buffer.concat(this.#chunks, this.#bytes)).then(() => callback(), callback);
  }

  async #readBlocks(bytes: Buffer): Promise<void> {
    let at = 0;
    for (;;) {
      const rest = bytes.subarray(at);
      const header = readHeader(rest, this.#maxBlockBytes);
      this.#wanted = header?.blockBytes ?? (rest[0] === COMPRESSED ? COMPRESSED_HEADER_BYTES : RAW_HEADER_BYTES);
      if (!header || rest.length < header.blockBytes) {
        this.#chunks = rest.length > 0 ? [rest] : [];
        this.#bytes = rest.length;
        return;
      }
      this.push(await decodeBlock(rest, header));
      at += header.blockBytes;
    }
  }
}

/** Undefined while more bytes are needed. @throws FrameError */
function readHeader(bytes: Buffer, maxBlockBytes: number): BlockHeader | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] !== RAW && bytes[0] !== COMPRESSED) throw new FrameError('A block begins with 00 or 01');
  const isCompressed = bytes[0] === COMPRESSED;
  const headerBytes = isCompressed ? COMPRESSED_HEADER_BYTES : RAW_HEADER_BYTES;
  if (bytes.length < headerBytes) return undefined;
  const plainBytes = bytes.readUInt32BE(1);
  const dataBytes = isCompressed ? bytes.readUInt32BE(RAW_HEADER_BYTES) : plainBytes;
  const largest = Math.max(plainBytes, dataBytes);
  if (largest > maxBlockBytes) throw new FrameError(`A block of ${largest} bytes is larger than ${maxBlockBytes}`);
  return { isCompressed, headerBytes, plainBytes, blockBytes: headerBytes + dataBytes };
}

async function decodeBlock(bytes: Buffer, { isCompressed, headerBytes, plainBytes, blockBytes }: BlockHeader): Promise<Buffer> {
  const data = bytes.subarray(headerBytes, blockBytes);
  if (!isCompressed) return data;
  const plain = await inflateBlock(data, { maxOutputLength: Math.max(1, plainBytes) });
  if (plain.length !== plainBytes) throw new FrameError(`A block of ${plain.length} bytes says that it has ${plainBytes}`);
  return plain;
}

/** Plain bytes to blocks; every write is at least one. */
export class BlockWriter extends Transform {
  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#writeBlocks(chunk).then(() => callback(), callback);
  }

  async #writeBlocks(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += MAX_WRITTEN_BLOCK_BYTES) {
      this.push(await encodeBlock(bytes.subarray(at, at + MAX_WRITTEN_BLOCK_BYTES)));
    }
  }
}

async function encodeBlock(plain: Buffer): Promise<Buffer> {
  const data = plain.length < MIN_COMPRESSED_BYTES ? plain : await deflateBlock(plain);
  const isCompressed = data.length < plain.length;
  const header = Buffer.alloc(isCompressed ? COMPRESSED_HEADER_BYTES : RAW_HEADER_BYTES);
  header[0] = isCompressed ? COMPRESSED : RAW;
  header.writeUInt32BE(plain.length, 1);
  if (isCompressed) header.writeUInt32BE(data.length, RAW_HEADER_BYTES);
  return Buffer.concat([header, isCompressed ? data : plain]);
}
