import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { SAFE_HEADERS, XML_TYPE } from './http-error.ts';

const SAFE_HEADER_LIST = Object.entries(SAFE_HEADERS).flat();

/** Takes a response out of fastify's hands: nothing of a request is kept by one that waits or is answered here. */
export function takeOver(reply: FastifyReply): ServerResponse {
  reply.hijack();
  return reply.raw;
}

/**
 * Answers with a whole body and the headers that every answer has, in one write; `headers` are names and values in turn. Headers
 * that were set on `response` before go out too.
 */
export function answer(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  body: string | Buffer | undefined,
): void {
  const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
  response.writeHead(status, [...SAFE_HEADER_LIST, ...headers, ...length]).end(body);
}

export const XML_HEADERS: readonly string[] = ['Content-Type', XML_TYPE];

/** Answers larger than this are written piece by piece, as fast as the client reads; characters. */
const MAX_WHOLE_ANSWER = 65_536;

/** An answer as one string when it is small, as a stream otherwise. */
export function wholeOrStream(answerPieces: Iterable<string>): string | Readable {
  const pieces = answerPieces[Symbol.iterator]();
  let start = '';
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    start += next.value;
    if (start.length > MAX_WHOLE_ANSWER) return Readable.from(prepend(start, pieces), { highWaterMark: 1 });
  }
  return start;
}

function* prepend(start: string, rest: Iterator<string>): Generator<string> {
  yield start;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}
