import { isUtf8 } from 'node:buffer';
import { escapeAttribute } from '../base/xml-text.ts';
import { BrokerError } from '../model/error.ts';
import { attributeOf, childOf, elementsOf, type XmlElement } from '../model/xml-element.ts';
import { decodeContent, encodeContent } from './content-xml.ts';
import { encodeException } from './script-response-xml.ts';
import { isOpaqueContent } from './script-xml.ts';
import { type Frame, FrameError, type FrameHeader, type FrameType, type RawUnit } from './socket-frame.ts';
import type { EncodedFrame, ExceptionFields } from './socket-frame-encode.ts';
import { readXml, type XmlSource } from './xml.ts';

/** The SOCKET protocol written as XML: documents that end with a NUL byte (protocol/socket.md, "Scripts"). */

/** Cuts a stream into documents, each of one or, inside `<xmlBlaster>`, several calls. */
export class ScriptReader {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Gives `onFrame` the calls that `chunk` completes. @throws FrameError when it is no XML or too much. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let at = 0;
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, at)) {
      this.#keep(chunk.subarray(at, end));
      this.end(onFrame);
      at = end + 1;
    }
    this.#keep(chunk.subarray(at));
  }

  /** The peer has said all it wants to say: what is left counts although its NUL is missing. */
  end(onFrame: (frame: Frame) => void): void {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (bytes.toString('latin1', 0, 1_000).trim() === '') return;
    if (!isUtf8(bytes)) throw new FrameError('A script is not valid UTF-8');
    for (const frame of decodeDocument(bytes.toString('utf8').trimStart())) onFrame(frame);
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > this.#maxBytes) throw new FrameError(`A script of more than ${this.#maxBytes} bytes`);
    this.#pending.push(Buffer.from(bytes));
  }
}

/** The calls of one document. @throws BrokerError as `readXml`. */
export function decodeScriptCalls(text: string): Frame[] {
  const source = readXml(text, { keepSource: ['key', 'qos'], isOpaque: isOpaqueContent });
  const calls = source.root.name === 'xmlBlaster' ? elementsOf(source.root) : [source.root];
  return calls.map((call) => decodeCall(call, source));
}

function decodeDocument(text: string): Frame[] {
  try {
    return decodeScriptCalls(text);
  } catch (error) {
    if (error instanceof BrokerError) throw new FrameError(error.message, { cause: error });
    throw error;
  }
}

function decodeCall(call: XmlElement, source: XmlSource): Frame {
  const type = (attributeOf(call, 'type') ?? 'I').trim().toUpperCase()[0];
  const messages = elementsOf(call).filter((child) => child.name === 'message');
  return {
    type: type === 'R' || type === 'E' ? type : 'I',
    requestId: attributeOf(call, 'requestId') ?? '',
    method: call.name,
    secretSessionId: attributeOf(call, 'sessionId') ?? '',
    units: (messages.length > 0 ? messages : [call]).map((unit) => decodeUnit(unit, source)),
  };
}

function decodeUnit(element: XmlElement, source: XmlSource): RawUnit {
  const content = childOf(element, 'content');
  return {
    qos: literalOf(childOf(element, 'qos'), source),
    key: literalOf(childOf(element, 'key'), source),
    content: content ? decodeContent(content, source.sourceOf(content)) : Buffer.alloc(0),
  };
}

function literalOf(element: XmlElement | undefined, source: XmlSource): string {
  if (!element) return '';
  const attributes = element.attributes.map(({ name, value }) => ` ${name}='${escapeAttribute(value)}'`).join('');
  return `<${element.name}${attributes}>${source.sourceOf(element)}</${element.name}>`;
}

/** One document: the call or answer as an element, its units inside, several in `<message>` each. */
export function encodeScriptFrame(type: FrameType, header: FrameHeader, units: readonly RawUnit[]): EncodedFrame {
  const encoded = units.map(encodeUnit);
  const body = encoded.length > 1 ? encoded.map((unit) => `\n<message>${unit}\n</message>`).join('') : encoded.join('');
  return encodeDocument(type, header, body);
}

/** An exception: error code and message where the qos and the key stand otherwise. */
export function encodeScriptException(header: FrameHeader, { errorCode, message }: ExceptionFields): EncodedFrame {
  return encodeDocument('E', header, `\n${encodeException({ code: errorCode, message })}`);
}

function encodeUnit({ qos, key, content }: RawUnit): string {
  return `${qos === '' ? '' : `\n${qos}`}${key === '' ? '' : `\n${key}`}${content.length === 0 ? '' : `\n${encodeContent(content)}`}`;
}

function encodeDocument(type: FrameType, { requestId, method, secretSessionId }: FrameHeader, body: string): EncodedFrame {
  const session = secretSessionId === '' ? '' : ` sessionId='${escapeAttribute(secretSessionId)}'`;
  const request = requestId === '' ? '' : ` requestId='${escapeAttribute(requestId)}'`;
  const document = `<?xml version='1.0' encoding='UTF-8'?>\n\n<${method}${session}${request} type='${type}'>${body}\n</${method}>\n\0`;
  return { parts: [document], bytes: Buffer.byteLength(document) };
}
