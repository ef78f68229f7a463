import { type FrameHeader, type FrameType, HEADER_BYTES, LENGTH_BYTES, type RawUnit } from './socket-frame.ts';

/** What an encoded frame consists of, to be written one after the other; contents are not copied. */
export interface EncodedFrame {
  readonly parts: readonly (Buffer | string)[];
  /** All parts together. */
  readonly bytes: number;
}

/** A frame whose data are `units`. */
export function encodeUnitFrame(type: FrameType, header: FrameHeader, units: readonly RawUnit[]): EncodedFrame {
  const parts: (Buffer | string)[] = [];
  let text = '';
  let bytes = 0;
  for (const { qos, key, content } of units) {
    text += `${qos}\0${key}\0${content.length}\0`;
    bytes += content.length;
    if (content.length === 0) continue;
    parts.push(text, content);
    bytes += Buffer.byteLength(text);
    text = '';
  }
  if (text !== '') {
    parts.push(text);
    bytes += Buffer.byteLength(text);
  }
  return finishFrame(type, header, parts, bytes);
}

function finishFrame(
  type: FrameType,
  { requestId, method, secretSessionId }: FrameHeader,
  parts: (Buffer | string)[],
  bytes: number,
): EncodedFrame {
  const header = `${requestId}\0${method}\0${secretSessionId}\0\0`;
  const length = HEADER_BYTES + Buffer.byteLength(header) + bytes;
  const start = `${String(length).padStart(LENGTH_BYTES)}\0\0${type}\0\x001${header}`;
  if (typeof parts[0] === 'string') parts[0] = start + parts[0];
  else parts.unshift(start);
  return { parts, bytes: length };
}

/** What an exception frame carries; missing fields travel empty. */
export interface ExceptionFields {
  readonly errorCode: string;
  readonly node: string;
  readonly message: string;
}

const VERSION_INFO = 'xmlblaster-broker';

/** The C client holds 1,023 bytes of a message. */
const MAX_MESSAGE_BYTES = 1_000;

/** An exception frame: code and message, then eleven fields as content (protocol/socket.md, "Exceptions"). */
export function encodeExceptionFrame(
  header: FrameHeader,
  { errorCode, node, message: text }: ExceptionFields,
  timestamp: string,
): EncodedFrame {
  const message = cut(text);
  const fields = [errorCode, node, '', 'en', message, VERSION_INFO, timestamp, '', '', '', 'true']
    .map((field) => `${field}\0`)
    .join('');
  const data = `${errorCode}\0${message}\0${Buffer.byteLength(fields)}\0${fields}`;
  return finishFrame('E', header, [data], Buffer.byteLength(data));
}

/** Without NUL bytes, which end a field, and not too long. */
function cut(message: string): string {
  const text = message.replaceAll('\0', ' ');
  if (Buffer.byteLength(text) <= MAX_MESSAGE_BYTES) return text;
  const bytes = Buffer.from(text).subarray(0, MAX_MESSAGE_BYTES);
  return `${bytes.toString('utf8').replace(/\ufffd$/, '')}…`;
}
