import type { Frame, FrameHeader, FrameType, RawUnit } from '../../codec/socket-frame.ts';
import {
  type EncodedFrame,
  type ExceptionFields,
  encodeExceptionFrame,
  encodeUnitFrame,
} from '../../codec/socket-frame-encode.ts';
import { FrameReader } from '../../codec/socket-frame-reader.ts';
import { encodeScriptException, encodeScriptFrame, ScriptReader } from '../../codec/socket-script.ts';

/** How calls and answers are written: the same protocol in binary frames or in XML documents. */
export interface FrameCodec {
  /** A call waits for the answer to the one before it. */
  readonly isSequential: boolean;
  createReader(maxBytes: number): {
    push(chunk: Buffer, onFrame: (frame: Frame) => void): void;
    /** The peer will send no more. */
    end(onFrame: (frame: Frame) => void): void;
  };
  encodeUnits(type: FrameType, header: FrameHeader, units: readonly RawUnit[]): EncodedFrame;
  encodeException(header: FrameHeader, fields: ExceptionFields, timestamp: string): EncodedFrame;
}

export const binaryCodec: FrameCodec = {
  isSequential: false,
  createReader: (maxBytes) => new FrameReader(maxBytes),
  encodeUnits: encodeUnitFrame,
  encodeException: encodeExceptionFrame,
};

export const scriptCodec: FrameCodec = {
  isSequential: true,
  createReader: (maxBytes) => new ScriptReader(maxBytes),
  encodeUnits: encodeScriptFrame,
  encodeException: encodeScriptException,
};
