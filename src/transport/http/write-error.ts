import type { ServerResponse } from 'node:http';
import { encodeException } from '../../codec/script-response-xml.ts';
import type { BrokerError } from '../../model/error.ts';
import { HttpError, statusOf, XML_TYPE } from './http-error.ts';

/** Answers with an error, on a response on which nothing was sent yet. */
export function writeError(response: ServerResponse, error: BrokerError): void {
  response.statusCode = statusOf(error);
  if (error instanceof HttpError) for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', XML_TYPE);
  // What is left of the request is not read: the connection cannot go on.
  if (!response.req.complete) response.setHeader('Connection', 'close');
  response.end(encodeException(error));
}
