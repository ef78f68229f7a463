import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createUnzip } from 'node:zlib';
import type { MemoryAccount } from '../../broker/memory-account.ts';
import { BrokerError } from '../../model/error.ts';
import { HttpError } from './http-error.ts';

/** Bodies up to this are read even when the memory account is full, so that a full broker can still be told to erase. */
const SMALL_BODY_BYTES = 65_536;

/** What decompressing one body takes beside the body. */
const UNZIP_BYTES = 65_536;

/**
 * Reads a request's body, decompressed. While it is read, it counts against the memory account.
 *
 * @throws HttpError 415 for a Content-Encoding other than gzip and deflate; BrokerError `user.maxSizeExceed` beyond `maxBytes`,
 * `user.illegalArgument` for what can not be decompressed, `resource.exhaust`.
 */
export function readBody(request: IncomingMessage, maxBytes: number, account: MemoryAccount): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding === 'identity') return collect(request, request, maxBytes, account);
  if (/^(?:x-)?gzip$|^deflate$/.test(encoding)) return decompress(request, maxBytes, account);
  const message = `Content-Encoding "${encoding.slice(0, 40)}" is not supported; send gzip, deflate or the body as it is`;
  return Promise.reject(new HttpError(415, message));
}

async function decompress(request: IncomingMessage, maxBytes: number, account: MemoryAccount): Promise<Buffer> {
  account.require(UNZIP_BYTES);
  account.charge(UNZIP_BYTES);
  try {
    return await collect(request, request.pipe(createUnzip()), maxBytes, account);
  } finally {
    account.release(UNZIP_BYTES);
  }
}

/** All that comes out of `source`: the request itself, or what decompresses it. */
function collect(request: IncomingMessage, source: Readable, maxBytes: number, account: MemoryAccount): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (error: Error): void => {
      source.off('data', onData).pause();
      if (source !== request) source.destroy();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      account.charge(chunk.length);
      chunks.push(chunk);
      try {
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        if (bytes > SMALL_BODY_BYTES) account.require(0);
      } catch (error) {
        fail(error as Error);
      }
    };
    source.on('data', onData);
    source.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    source.once('error', (error) => fail(source === request ? brokenOff(error) : notCompressed(error)));
    source.once('close', () => account.release(bytes));
    request.once('close', () => {
      if (!request.complete) fail(brokenOff(undefined));
    });
  });
}

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *; *[\w-]+=[\w.-]+)*$/;
const oddContentTypes = new WeakMap<IncomingMessage, string>();

/** Keeps a Content-Type that is not a plain media type from fastify, which would refuse the request. */
export function hideOddContentType(request: IncomingMessage): void {
  const type = request.headers['content-type'];
  if (type === undefined || MEDIA_TYPE.test(type)) return;
  oddContentTypes.set(request, type);
  delete request.headers['content-type'];
}

/** The Content-Type that the client sent, whatever it is. */
export function contentTypeOf(request: IncomingMessage): string | undefined {
  return request.headers['content-type'] ?? oddContentTypes.get(request);
}

/** The charset in the Content-Type. */
export function charsetOf(request: IncomingMessage): string | undefined {
  return /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentTypeOf(request) ?? '')?.[1];
}

/** Nobody will read this, but it is no bug of ours. */
function brokenOff(cause: unknown): BrokerError {
  return new BrokerError('user.illegalArgument', 'The client went away before its request was complete', { cause });
}

function notCompressed(cause: Error): BrokerError {
  return new BrokerError('user.illegalArgument', `The body can not be decompressed: ${cause.message}`, { cause });
}

function tooLarge(maxBytes: number): BrokerError {
  return new BrokerError('user.maxSizeExceed', `The body is larger than ${maxBytes} bytes`);
}
