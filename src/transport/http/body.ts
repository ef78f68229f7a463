import type { IncomingMessage } from 'node:http';
import type { MemoryAccount } from '../../broker/memory-account.ts';
import { BrokerError } from '../../model/error.ts';
import { HttpError } from './http-error.ts';

/** Bodies up to this are read even when the memory account is full, so that a full broker can still be told to erase. */
const SMALL_BODY_BYTES = 65_536;

/**
 * Reads a request's body. While it is read, it counts against the memory account.
 *
 * @throws HttpError 413 beyond `maxBytes`, 415 for a Content-Encoding; BrokerError `resource.exhaust`.
 */
export function readBody(request: IncomingMessage, maxBytes: number, account: MemoryAccount): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const message = `Content-Encoding "${encoding.slice(0, 40)}" is not supported; send the body as it is`;
    return Promise.reject(new HttpError(415, message));
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      account.charge(chunk.length);
      chunks.push(chunk);
      try {
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        if (bytes > SMALL_BODY_BYTES) account.require(0);
      } catch (error) {
        request.off('data', onData).pause();
        reject(error as Error);
      }
    };
    request.on('data', onData);
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once('error', (error) => reject(brokenOff(error)));
    request.once('close', () => {
      account.release(bytes);
      if (!request.complete) reject(brokenOff(undefined));
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

function tooLarge(maxBytes: number): BrokerError {
  return new BrokerError('user.maxSizeExceed', `The body is larger than ${maxBytes} bytes`);
}
