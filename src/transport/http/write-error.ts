import type { ServerResponse } from 'node:http';
import { encodeException } from '../../codec/script-response-xml.ts';
import type { BrokerError } from '../../model/error.ts';
import { headersOf, SAFE_HEADERS, statusOf, XML_TYPE } from './http-error.ts';

/** How long the rest of a refused request is read and dropped, so that the client gets to see the answer; ms. */
const DRAIN_MS = 2_000;

/** Answers with an error, on a response on which nothing was sent yet. */
export function writeError(response: ServerResponse, error: BrokerError): void {
  response.statusCode = statusOf(error);
  for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
  for (const [name, value] of Object.entries(headersOf(error))) response.setHeader(name, value);
  response.setHeader('Content-Type', XML_TYPE);
  const body = encodeException(error);
  if (response.req.complete) response.end(body);
  else refuse(response, body);
}

/** The client is sending still: closing at once would reset the connection, and the answer might be lost with it. */
function refuse(response: ServerResponse, body: string): void {
  response.setHeader('Connection', 'close');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, DRAIN_MS);
  response.req.once('end', end).once('close', end).resume();
}
