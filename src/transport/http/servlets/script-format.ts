import type { Delivery } from '../../../broker/delivery.ts';
import { encodeMsgQos } from '../../../codec/msg-qos-xml.ts';
import type { BrokerError } from '../../../model/error.ts';
import type { UpdateInfo } from '../../../model/message.ts';
import { createPlainKey } from '../../../model/msg-key.ts';
import { SAFE_HEADERS } from '../http-error.ts';
import { exceptionText } from './exception-text.ts';
import type { PushFormat } from './push-channel.ts';

/**
 * The stream of a page: each part is a script that calls functions of the page whose frame it is in (protocol/http-legacy.md,
 * "Pages with a frame"). What stands in the calls is percent-encoded: no content can end a string or an element.
 */
export function scriptFormat(userAgent: string | undefined): PushFormat {
  const form = isMultipartBrowser(userAgent) ? MULTIPART : PLAIN;
  return {
    ...form,
    saysReady: true,
    ping: (state) => call('ping', state),
    error: callError,
    update: callUpdate,
  };
}

/** A page that shows an error as streams do. */
export function errorPage(error: BrokerError): string {
  return `${HEAD}${script(callError(error))}`;
}

/** For pages with scripts of the broker: those run, whatever else may stand there does not, and no other site has it in a frame. */
export const SCRIPT_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

export const HTML_TYPE = 'text/html;charset=utf-8';

const HEAD = '<!DOCTYPE html>\n<html><head><title>xmlBlaster</title></head><body>\n';

const HEADERS = { ...SAFE_HEADERS, 'Content-Security-Policy': SCRIPT_POLICY };

/** One page that goes on. */
const PLAIN = {
  headers: { ...HEADERS, 'Content-Type': HTML_TYPE },
  opening: HEAD,
  part: script,
};

/** Each part is a page that takes the place of the one before. */
const MULTIPART = {
  headers: { ...HEADERS, 'Content-Type': 'multipart/x-mixed-replace;boundary=End' },
  opening: '\r\n--End\r\n',
  part: (statements: string) => `Content-Type: text/html\r\n\r\n${HEAD}${script(statements)}</body></html>\r\n\r\n--End\r\n`,
};

/** As in the original; but browsers on WebKit, Chrome too, say Mozilla and show no such pages. */
function isMultipartBrowser(userAgent = ''): boolean {
  return userAgent.includes('Mozilla') && !/MSIE|Opera|WebKit|Trident/.test(userAgent);
}

function script(statements: string): string {
  return `<script language='JavaScript' type='text/javascript'>\n${statements}\n</script><p />\n\n`;
}

function callError(error: BrokerError): string {
  return call('error', encode(exceptionText(error)));
}

function callUpdate({ message, parts }: Delivery, info: UpdateInfo, nowMs: number): string {
  const key = parts.meta ? message.key.xml : createPlainKey(message.key.oid).xml;
  const qos = encodeMsgQos(message, info, nowMs, 'isUpdate');
  return call('update', encode(key), parts.content ? encode(message.content) : '', encode(qos));
}

function call(name: string, ...values: readonly string[]): string {
  return `if (parent.${name} != null) parent.${name}('${values.join("','")}');\n`;
}

/** As application/x-www-form-urlencoded, byte by byte: nothing but letters, digits and `.*_-+%`. */
function encode(value: string | Buffer): string {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const encoded = Buffer.allocUnsafe(3 * bytes.length);
  let length = 0;
  for (const byte of bytes) {
    if (IS_PLAIN[byte]) encoded[length++] = byte;
    else if (byte === BLANK) encoded[length++] = PLUS;
    else {
      encoded[length++] = PERCENT;
      encoded[length++] = HEX_DIGITS.charCodeAt(byte >> 4);
      encoded[length++] = HEX_DIGITS.charCodeAt(byte & 0xf);
    }
  }
  return encoded.toString('latin1', 0, length);
}

const BLANK = 0x20;
const PERCENT = 0x25;
const PLUS = 0x2b;
const HEX_DIGITS = '0123456789ABCDEF';
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (/[A-Za-z0-9.*_-]/.test(String.fromCharCode(byte)) ? 1 : 0));
