import type { ServerResponse } from 'node:http';
import { encodeElement } from '../../codec/xml-write.ts';
import type { MsgKey } from '../../model/message.ts';
import { HttpError } from './http-error.ts';

/** Longer headers are left out: many clients refuse them; bytes. */
const MAX_HEADER_BYTES = 8_192;

/** Sets X-Key and X-QoS: XML on one line, as UTF-8 bytes (protocol/http.md, "Headers"). */
export function setMessageHeaders(response: ServerResponse, key: MsgKey, qos: string): void {
  setXmlHeader(response, 'X-Key', encodeElement(key.element));
  setXmlHeader(response, 'X-QoS', qos.replace(/\n */g, ''));
}

/** The text of a header whose value is UTF-8. @throws HttpError 400 when it is not. */
export function decodeHeaderValue(name: string, value: string): string {
  const text = Buffer.from(value, 'latin1').toString('utf8');
  if (text.includes('\ufffd')) throw new HttpError(400, `The header ${name} is not valid UTF-8`);
  return text;
}

function setXmlHeader(response: ServerResponse, name: string, xml: string): void {
  // Of what XML allows, DEL is the only character that a header must not hold.
  const bytes = Buffer.from(xml.replaceAll('\x7f', '&#127;'));
  if (bytes.length <= MAX_HEADER_BYTES) response.setHeader(name, bytes.toString('latin1'));
}

const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\/[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}(?:[ \t]*;[\t\x20-\x7e]{0,500})?$/;

/** The Content-Type for published content: UTF-8 text unless its key says something else; what is no media type goes as bytes. */
export function mediaTypeOf(key: MsgKey): string {
  if (!key.element.attributes.some(({ name }) => name === 'contentMime')) return 'text/plain; charset=utf-8';
  return safeMediaType(key.contentMime);
}

/** A text for Content-Type: what is no media type goes as bytes. */
export function safeMediaType(text: string): string {
  return MEDIA_TYPE.test(text) ? text : 'application/octet-stream';
}
