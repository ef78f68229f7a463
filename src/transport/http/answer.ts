import type { ServerResponse } from 'node:http';
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
