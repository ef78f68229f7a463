import { BrokerError } from '../model/error.ts';

/** What two bytes of length can say. */
export const MAX_JAVA_UTF_BYTES = 65_535;

/**
 * A text as Java's `DataOutput.writeUTF` writes it: two bytes of length, then each UTF-16 code unit by itself in one to three bytes,
 * NUL in two.
 *
 * @throws BrokerError `user.maxSizeExceed` beyond 65,535 bytes.
 */
export function encodeJavaUtf(text: string): Buffer {
  const bytes = encodeUnits(text);
  if (bytes.length > MAX_JAVA_UTF_BYTES) {
    const problem = `The text "${text.slice(0, 40)}…" takes ${bytes.length} bytes`;
    throw new BrokerError('user.maxSizeExceed', `${problem}; this protocol carries at most ${MAX_JAVA_UTF_BYTES} in one text`);
  }
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function encodeUnits(text: string): Buffer {
  if (!/[\0\ud800-\udfff]/.test(text)) return Buffer.from(text);
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0 && unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), continuation(unit));
    else bytes.push(0xe0 | (unit >> 12), continuation(unit >> 6), continuation(unit));
  }
  return Buffer.from(bytes);
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f);
}
