import { STATUS_CODES } from 'node:http';
import { UnsupportedCharsetError } from '../../codec/charset.ts';
import { encodeException } from '../../codec/script-response-xml.ts';
import { BrokerError } from '../../model/error.ts';
import { type ErrorCode, HTTP_STATUS } from '../../model/error-codes.ts';

/** An error whose HTTP status is not that of its code: 404, 405, 415 and the like. */
export class HttpError extends BrokerError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    code: ErrorCode = 'user.illegalArgument',
  ) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}

/** The HTTP status of an error. */
export function statusOf(error: BrokerError): number {
  if (error instanceof HttpError) return error.status;
  if (error instanceof UnsupportedCharsetError) return 415;
  return HTTP_STATUS[error.code];
}

/**
 * For a GET that would have to change something; `allow` names the methods that may.
 *
 * @throws `error`, that one as HttpError 405.
 */
export function refuseGet(error: unknown, allow: string): never {
  if (!(error instanceof BrokerError) || error.code !== 'user.wrongApiUsage') throw error;
  throw new HttpError(405, error.message, { Allow: allow }, error.code);
}

/** The headers that an error brings. */
export function headersOf(error: BrokerError): Readonly<Record<string, string>> {
  if (error instanceof HttpError) return error.headers;
  return error.code === 'user.security.authentication.accessDenied' ? CHALLENGE : {};
}

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="xmlBlaster", charset="UTF-8"' };

export const XML_TYPE = 'application/xml; charset=utf-8';

/** Sent with every answer: what it holds may be a stranger's. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "sandbox; default-src 'none'",
  'Cache-Control': 'no-store',
};

/** An answer for a connection on which no request could be read. */
export function encodeRawErrorResponse(error: HttpError): string {
  const body = encodeException(error);
  const headers = {
    ...SAFE_HEADERS,
    ...error.headers,
    'Content-Type': XML_TYPE,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${lines.join('')}\r\n${body}`;
}
