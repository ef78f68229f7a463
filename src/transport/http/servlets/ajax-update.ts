import { isUtf8 } from 'node:buffer';
import { escapeText, isXmlText } from '../../../base/xml-text.ts';
import type { Delivery } from '../../../broker/delivery.ts';
import { encodeText } from '../../../codec/content-xml.ts';
import { encodeMsgQos } from '../../../codec/msg-qos-xml.ts';
import { scanXml } from '../../../codec/xml-scan.ts';
import { BrokerError } from '../../../model/error.ts';
import { createPlainKey } from '../../../model/msg-key.ts';
import { updateInfo } from '../update-encoder.ts';
import type { Batch } from './browser-channel.ts';

/** The answer to a poll that got something (protocol/http-legacy.md, "Updates"). */
export function encodeBatch({ deliveries, waiting }: Batch, onlyContent: boolean, nowMs: number): string {
  let xml = '<xmlBlasterResponse>';
  for (let i = 0; i < deliveries.length; i++) {
    const delivery = deliveries[i] as Delivery;
    const content = delivery.parts.content ? delivery.message.content : EMPTY;
    xml += `<update>${onlyContent ? encodeOnlyContent(content) : encodeUpdate(deliveries, i, waiting, content, nowMs)}</update>`;
  }
  return `${xml}</xmlBlasterResponse>`;
}

const EMPTY = Buffer.alloc(0);

function encodeUpdate(deliveries: readonly Delivery[], index: number, waiting: number, content: Buffer, nowMs: number): string {
  const { message, parts } = deliveries[index] as Delivery;
  const key = parts.meta ? message.key.xml : createPlainKey(message.key.oid).xml;
  const qos = encodeMsgQos(message, updateInfo(deliveries, index, waiting), nowMs, 'isUpdate');
  return `\n${qos}\n${key}\n${encodeContent(content)}`;
}

/** In base64 is whatever pages would have to decode anyway; no content has no element. */
function encodeContent(content: Buffer): string {
  if (content.length === 0) return '';
  const text = textOf(content);
  if (text === undefined) return `<content type='byte[]' encoding='base64'>${content.toString('base64')}</content>`;
  if (/[<&|]|]]>/.test(text)) return `<content type='String' encoding='base64'>${content.toString('base64')}</content>`;
  return `<content type='String'>${escapeText(text)}</content>`;
}

/** Markup as it was published, which pages find as elements; what is none is text, so that the answer stays a document. */
function encodeOnlyContent(content: Buffer): string {
  const text = textOf(content);
  if (text === undefined) return encodeContent(content);
  return isMarkup(content, text) ? text : encodeText(text);
}

/** What is known of the contents of messages, which go to many pages. */
const known = new WeakMap<Buffer, boolean>();

function isMarkup(content: Buffer, text: string): boolean {
  if (!/[<&]/.test(text)) return false;
  const isKnown = known.get(content) ?? isWellFormed(text);
  known.set(content, isKnown);
  return isKnown;
}

/** Whether `text` can stand inside an element as it is. */
function isWellFormed(text: string): boolean {
  const document = `<update>${text}</update>`;
  try {
    const { innerEnd } = scanXml(document, { isOpaque: () => true });
    return innerEnd[0] === document.length - END_TAG_CHARS;
  } catch (error) {
    if (error instanceof BrokerError) return false;
    throw error;
  }
}

const END_TAG_CHARS = '</update>'.length;

function textOf(content: Buffer): string | undefined {
  const text = isUtf8(content) ? content.toString() : undefined;
  return text !== undefined && isXmlText(text) ? text : undefined;
}
