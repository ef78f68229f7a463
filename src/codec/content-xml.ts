import { isUtf8 } from 'node:buffer';
import { shorten } from '../base/shorten.ts';
import { decodeReferences, escapeText, hasOddLineEnds, isXmlText, wrapCdata } from '../base/xml-text.ts';
import { BrokerError } from '../model/error.ts';
import { attributeOf, type XmlElement } from '../model/xml-element.ts';

/**
 * The bytes of a `<content>` element from the source text between its tags: text with CDATA unwrapped and references decoded;
 * anything with other markup in it byte for byte as written; base64 where the element says so.
 *
 * @throws BrokerError `user.illegalArgument` for broken base64, another encoding, or a `link` (a file on the broker's machine).
 */
export function decodeContent(element: XmlElement, source: string): Buffer {
  if (attributeOf(element, 'link') !== undefined || attributeOf(element, 'url') !== undefined) {
    throw new BrokerError(
      'user.illegalArgument',
      '<content link=…> is refused: the broker reads no files; send the content itself',
    );
  }
  const encoding = attributeOf(element, 'encoding')?.trim().toLowerCase();
  if (encoding === 'base64') return decodeBase64(contentText(source), "<content encoding='base64'>");
  if (encoding !== undefined && encoding !== '' && encoding !== 'none') {
    throw new BrokerError('user.illegalArgument', `<content encoding='${shorten(encoding)}'> is unknown; use base64`);
  }
  return Buffer.from(contentText(source));
}

/** `content` as a `<content>` element that an XML library reads back to the same bytes. */
export function encodeContent(content: Buffer): string {
  if (content.length === 0) return '<content/>';
  const text = asXmlText(content);
  if (text === undefined) return `<content encoding='base64'>${content.toString('base64')}</content>`;
  return `<content>${encodeText(text)}</content>`;
}

/** `text` inside an element: in CDATA when it looks like markup. */
export function encodeText(text: string): string {
  return /[<&]/.test(text) && !hasOddLineEnds(text) ? wrapCdata(text) : escapeText(text);
}

const CDATA_START = '<![CDATA[';
const CDATA_END = ']]>';

/** The text that `source` stands for: CDATA unwrapped, references decoded; undefined when there is other markup in it. */
export function decodeText(source: string): string | undefined {
  let text = '';
  let at = 0;
  for (;;) {
    const markup = source.indexOf('<', at);
    if (markup < 0) return text + decodeReferences(source.slice(at));
    if (!source.startsWith(CDATA_START, markup)) return undefined;
    const end = source.indexOf(CDATA_END, markup);
    text += decodeReferences(source.slice(at, markup)) + source.slice(markup + CDATA_START.length, end);
    at = end + CDATA_END.length;
  }
}

function contentText(source: string): string {
  return decodeText(source) ?? source;
}

/** @throws BrokerError `user.illegalArgument` saying that `what` does not hold base64. */
export function decodeBase64(text: string, what: string): Buffer {
  // Node skips what is not base64.
  if (!/^[A-Za-z0-9+/_ \t\r\n-]*={0,2}$/.test(text.trimEnd()) || countDigits(text) % 4 === 1) {
    throw new BrokerError('user.illegalArgument', `${what} does not hold base64`);
  }
  return Buffer.from(text, 'base64');
}

function countDigits(base64: string): number {
  let count = 0;
  for (let i = 0; i < base64.length; i++) {
    const code = base64.charCodeAt(i);
    if (code > BLANK && code !== EQUALS) count++;
  }
  return count;
}

const BLANK = 0x20;
const EQUALS = 0x3d;

function asXmlText(content: Buffer): string | undefined {
  if (!isUtf8(content)) return undefined;
  const text = content.toString('utf8');
  return isXmlText(text) ? text : undefined;
}
