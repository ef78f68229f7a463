import { decodeFrame, type Frame, FrameError, HEADER_BYTES, LENGTH_BYTES } from './socket-frame.ts';

const EMPTY = Buffer.alloc(0);
const MIN_CAPACITY = 4_096;

/** Cuts a stream of chunks into frames. Copies only frames that arrive in several chunks. */
export class FrameReader {
  readonly #maxFrameBytes: number;
  /** The beginning of a frame that has not ended; `#filled` of its bytes are used. */
  #buffer = EMPTY;
  #filled = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes kept for a frame that has begun and not ended. */
  get pendingBytes(): number {
    return this.#buffer.length;
  }

  /** Gives `onFrame` the frames that `chunk` completes, in order. @throws FrameError when this is not the protocol. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let at = 0;
    while (at < chunk.length) {
      const length = this.#filled === 0 ? this.#wholeLength(chunk, at) : 0;
      if (length > 0) {
        onFrame(decodeFrame(chunk.subarray(at, at + length)));
        at += length;
      } else {
        at = this.#keep(chunk, at, this.#wanted());
        if (this.#filled >= LENGTH_BYTES && this.#filled === this.#wanted()) onFrame(this.#takeFrame());
      }
    }
  }

  /** A frame that has begun and does not end is dropped. */
  end(): void {
    this.#buffer = EMPTY;
    this.#filled = 0;
  }

  /** The length of the frame at `at` if all of it is there, else 0. */
  #wholeLength(chunk: Buffer, at: number): number {
    if (chunk.length - at < LENGTH_BYTES) return 0;
    const length = decodeLength(chunk, at, this.#maxFrameBytes);
    return length <= chunk.length - at ? length : 0;
  }

  /** How many bytes are to be kept: those of the length, then those of the frame. */
  #wanted(): number {
    return this.#filled < LENGTH_BYTES ? LENGTH_BYTES : decodeLength(this.#buffer, 0, this.#maxFrameBytes);
  }

  #takeFrame(): Frame {
    const frame = decodeFrame(this.#buffer.subarray(0, this.#filled));
    this.#buffer = EMPTY;
    this.#filled = 0;
    return frame;
  }

  /** Copies bytes until `#filled` is `wanted`; returns where the rest of `chunk` begins. */
  #keep(chunk: Buffer, at: number, wanted: number): number {
    const count = Math.min(chunk.length - at, wanted - this.#filled);
    const needed = this.#filled + count;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(wanted, Math.max(needed, 2 * this.#buffer.length, MIN_CAPACITY)));
      this.#buffer.copy(grown, 0, 0, this.#filled);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#filled, at, at + count);
    this.#filled = needed;
    return at + count;
  }
}

/** Reads a datagram, which is one frame. @throws FrameError when it is not. */
export function decodeDatagram(bytes: Buffer): Frame {
  if (bytes.length < HEADER_BYTES || decodeLength(bytes, 0, bytes.length) !== bytes.length) {
    throw new FrameError(`A datagram of ${bytes.length} bytes does not hold one frame`);
  }
  return decodeFrame(bytes);
}

/** Decimal, right aligned, padded with blanks, the length itself counted. */
function decodeLength(bytes: Buffer, at: number, maxFrameBytes: number): number {
  let length = 0;
  let digits = 0;
  for (let i = at; i < at + LENGTH_BYTES; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x30 && byte <= 0x39) {
      length = length * 10 + byte - 0x30;
      digits++;
    } else if (byte !== 0x20 || digits > 0) {
      throw new FrameError(
        `A frame begins with its length in ten characters, not with "${bytes.toString('latin1', at, at + LENGTH_BYTES)}"`,
      );
    }
  }
  if (length !== LENGTH_BYTES && length < HEADER_BYTES)
    throw new FrameError(`A frame of ${length} bytes is too short for its header`);
  if (length > maxFrameBytes) throw new FrameError(`A frame of ${length} bytes is larger than ${maxFrameBytes}`);
  return length;
}
