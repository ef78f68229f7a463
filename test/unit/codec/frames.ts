import type { Frame, FrameType } from '../../../src/codec/socket-frame.ts';
import type { EncodedFrame } from '../../../src/codec/socket-frame-encode.ts';
import { FrameReader } from '../../../src/codec/socket-frame-reader.ts';

/** A frame as a client sends it, made without the code that is tested. */
export function frameBytes(type: FrameType, method: string, data: string | Buffer, requestId = '17', session = 'secret'): Buffer {
  const tail = Buffer.concat([Buffer.from(`${requestId}\0${method}\0${session}\0${data.length}\0`), Buffer.from(data)]);
  return Buffer.concat([Buffer.from(`${String(tail.length + 16).padStart(10)}\0\0${type}\0\x001`), tail]);
}

/** The frames in some chunks. */
export function readFrames(chunks: readonly Buffer[], maxFrameBytes = 1_000): Frame[] {
  const reader = new FrameReader(maxFrameBytes);
  const frames: Frame[] = [];
  for (const chunk of chunks) reader.push(chunk, (frame) => frames.push(frame));
  return frames;
}

export function bytesOf({ parts }: EncodedFrame): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}
