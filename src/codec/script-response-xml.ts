import { escapeAttribute, escapeText, findIllegalCharacter } from '../base/xml-text.ts';
import type { ReceivedMessage, UpdateInfo } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import { encodeContent } from './content-xml.ts';
import { encodeMsgQos } from './msg-qos-xml.ts';

/** Which parts of a message a client wants; see the QoS elements content and meta. */
export interface MessageParts {
  readonly content: boolean;
  readonly meta: boolean;
}

/** `<qos>`, `<key>` and `<content>` of one message; `info` is undefined in the answer to a get. */
export function encodeMessage(
  message: ReceivedMessage,
  parts: MessageParts,
  info: UpdateInfo | undefined,
  nowMs: number,
): string {
  const key = parts.meta ? message.key.xml : createPlainKey(message.key.oid).xml;
  const content = parts.content ? encodeContent(message.content) : '<content/>';
  return `${encodeMsgQos(message, info, nowMs)}\n${key}\n${content}`;
}

/** One answered command: as in the original, one result stands alone, several stand in `<message>` each, none leaves it empty. */
export function* encodeResults(verb: string, results: Iterable<string>, count: number): Generator<string> {
  if (count === 0) {
    yield `<${verb}/>\n`;
    return;
  }
  yield `<${verb}>\n`;
  for (const result of results) yield count === 1 ? `${result}\n` : `<message>\n${result}\n</message>\n`;
  yield `</${verb}>\n`;
}

export function encodeException(error: { readonly code: string; readonly message: string }): string {
  const message =
    findIllegalCharacter(error.message) < 0 ? error.message : error.message.replace(/[^\n\t\x20-\ud7ff]/g, '\ufffd');
  return `<exception errorCode='${escapeAttribute(error.code)}'><message>${escapeText(message)}</message></exception>`;
}
