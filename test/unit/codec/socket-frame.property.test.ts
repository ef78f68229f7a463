import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FrameType } from '../../../src/codec/socket-frame.ts';
import { encodeUnitFrame } from '../../../src/codec/socket-frame-encode.ts';
import { bytesOf, readFrames } from './frames.ts';

const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', '_'));
const unit = fc.record({ qos: text, key: text, content: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) });
const frame = fc.record({
  type: fc.constantFrom<FrameType>('I', 'R', 'E'),
  requestId: text,
  method: text,
  secretSessionId: text,
  units: fc.array(unit, { maxLength: 5 }),
});

test('what is written is read back, however the bytes are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), fc.array(fc.nat(500)), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(({ type, units, ...header }) => bytesOf(encodeUnitFrame(type, header, units))));
      const read = readFrames(cut(bytes, cuts), 100_000);
      const plain = read.map(({ type, requestId, method, secretSessionId, units }) => ({
        type,
        requestId,
        method,
        secretSessionId,
        units,
      }));
      expect(plain).toEqual(frames);
    }),
    { numRuns: 3_000 },
  );
});

/** `bytes` in chunks of these lengths, the rest in one. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...chunks, bytes.subarray(at)];
}
