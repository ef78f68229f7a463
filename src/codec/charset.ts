import { isAscii, isUtf8 } from 'node:buffer';
import { shorten } from '../base/shorten.ts';
import { BrokerError } from '../model/error.ts';

/** The charsets of HTTP bodies (protocol/http.md, "Bodies"). */
const CHARSETS: Readonly<Record<string, Charset>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'us-ascii',
  ascii: 'us-ascii',
  'iso-8859-1': 'iso-8859-1',
  latin1: 'iso-8859-1',
  'utf-16': 'utf-16be',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
};

type Charset = 'utf-8' | 'us-ascii' | 'iso-8859-1' | 'utf-16le' | 'utf-16be';

/** Thrown for an encoding we do not read (HTTP 415). */
export class UnsupportedCharsetError extends BrokerError {
  constructor(charset: string) {
    super(
      'user.illegalArgument',
      `The encoding "${shorten(charset)}" is not supported; send UTF-8, ISO-8859-1, US-ASCII or UTF-16`,
    );
  }
}

/**
 * Decodes an XML body: byte order mark before `charset` (of the Content-Type) before the XML declaration before UTF-8.
 *
 * @throws UnsupportedCharsetError; BrokerError `user.illegalArgument` when the bytes are not of that encoding.
 */
export function decodeXmlText(body: Buffer, charset: string | undefined): string {
  const marked = byteOrderMark(body);
  if (marked) return decode(body.subarray(marked.length), marked.charset);
  const name = charset ?? declaredEncoding(body);
  if (name === undefined) return decode(body, guessUtf16(body) ?? 'utf-8');
  const known = Object.hasOwn(CHARSETS, name.toLowerCase()) ? CHARSETS[name.toLowerCase()] : undefined;
  if (!known) throw new UnsupportedCharsetError(name);
  return decode(body, known);
}

function byteOrderMark(body: Buffer): { charset: Charset; length: number } | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return { charset: 'utf-8', length: 3 };
  if (body[0] === 0xff && body[1] === 0xfe) return { charset: 'utf-16le', length: 2 };
  if (body[0] === 0xfe && body[1] === 0xff) return { charset: 'utf-16be', length: 2 };
  return undefined;
}

/** UTF-16 without a mark shows itself by the zero byte beside the first `<`. */
function guessUtf16(body: Buffer): Charset | undefined {
  if (body[0] === 0x3c && body[1] === 0) return 'utf-16le';
  if (body[0] === 0 && body[1] === 0x3c) return 'utf-16be';
  return undefined;
}

function declaredEncoding(body: Buffer): string | undefined {
  const start = body.toString('latin1', 0, 200);
  if (!start.startsWith('<?xml')) return undefined;
  return /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']/.exec(start)?.[1];
}

function decode(body: Buffer, charset: Charset): string {
  if (charset === 'iso-8859-1') return body.toString('latin1');
  if (charset === 'utf-8' && isUtf8(body)) return body.toString('utf8');
  if (charset === 'us-ascii' && isAscii(body)) return body.toString('latin1');
  if (charset === 'utf-16le' || charset === 'utf-16be') return decodeUtf16(body, charset);
  throw illegalBytes(charset);
}

function decodeUtf16(body: Buffer, charset: 'utf-16le' | 'utf-16be'): string {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(body);
  } catch (error) {
    throw illegalBytes(charset, error);
  }
}

function illegalBytes(charset: Charset, cause?: unknown): BrokerError {
  return new BrokerError('user.illegalArgument', `The body is not valid ${charset.toUpperCase()}`, { cause });
}
