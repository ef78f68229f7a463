/** What a connection speaks. The last six are refused, each in its own words. */
export type Protocol =
  | 'http'
  | 'socket'
  | 'zlib-stream'
  | 'zlib-blocks'
  | 'tls'
  | 'script'
  | 'ior'
  | 'giop'
  | 'jrmi'
  | 'stomp'
  | 'mqtt'
  | 'http2';

export interface Recognised {
  /** 'unknown' when nothing fits. */
  readonly protocol: Protocol | 'unknown';
  /** So many blanks and line ends come first and mean nothing. */
  readonly skip: number;
}

/** The most bytes that the answer depends on. */
export const MAX_PROBE_BYTES = 64;

const FIRST_BYTES: Readonly<Record<number, Protocol>> = {
  0: 'zlib-blocks',
  1: 'zlib-blocks',
  16: 'mqtt',
  22: 'tls',
  120: 'zlib-stream',
};

/** None of them begins with another one. */
const OPENINGS: Readonly<Record<string, Protocol>> = {
  // What CORBA clients of the original send literally: not legal HTTP, therefore a protocol of its own.
  'GET /AuthenticationService.ior HTTP/1.0\r\n \n': 'ior',
  'PRI * HTTP/2.0': 'http2',
  'CONNECT\n': 'stomp',
  'CONNECT\r\n': 'stomp',
  'STOMP\n': 'stomp',
  'STOMP\r\n': 'stomp',
  GIOP: 'giop',
  JRMI: 'jrmi',
};

/**
 * Tells by the first bytes of a connection what it speaks (protocol/socket.md, "One port"); undefined while more bytes are
 * needed. More bytes never change an answer.
 */
export function recognise(bytes: Buffer): Recognised | undefined {
  const byFirstByte = FIRST_BYTES[bytes[0] ?? -1];
  if (byFirstByte) return { protocol: byFirstByte, skip: 0 };
  const text = bytes.toString('latin1', 0, MAX_PROBE_BYTES);
  const skip = text.search(/[^ \r\n]/);
  const protocol = skip < 0 ? undefined : recogniseText(text.slice(skip));
  if (protocol !== undefined) return { protocol, skip: protocol === 'socket' ? beforeFrame(text, skip) : skip };
  return bytes.length < MAX_PROBE_BYTES ? undefined : { protocol: 'unknown', skip: 0 };
}

function recogniseText(text: string): Protocol | 'unknown' | undefined {
  if (/^[0-9]/.test(text)) return 'socket';
  if (text.startsWith('<')) return 'script';
  for (const [opening, protocol] of Object.entries(OPENINGS)) {
    if (text.startsWith(opening)) return protocol;
    if (opening.startsWith(text)) return undefined;
  }
  if (/^[A-Z-]+$/.test(text)) return undefined;
  return /^[A-Z-]+ /.test(text) ? 'http' : 'unknown';
}

/** The blanks in front of a number belong to the frame, line ends do not. */
function beforeFrame(text: string, start: number): number {
  return Math.max(text.lastIndexOf('\n', start), text.lastIndexOf('\r', start)) + 1;
}
