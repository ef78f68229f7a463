import type { Duplex } from 'node:stream';
import type { EncodedFrame } from '../../codec/socket-frame-encode.ts';

/** How long an answer waits for the client's reaction to an update; ms. */
const HOLD_MS = 1;

/** So much leaves at once, before the turn of the event loop ends: the peer can begin with it. */
const MAX_COLLECTED_BYTES = 16_384;

type OnWritten = (error?: Error | null) => void;

/** Writes frames to a peer; all frames of one turn of the event loop leave in one write, or in few. */
export class FrameWriter {
  readonly #stream: Duplex;
  #frames: EncodedFrame[] = [];
  #bytes = 0;
  #onWritten: OnWritten[] = [];
  #isScheduled = false;
  /** Answers that leave after the updates that the same request caused; see `writeAfterUpdates`. */
  #held: EncodedFrame[] = [];
  #hasUpdates = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Bytes that wait for the peer to take them. */
  get bytesWaiting(): number {
    return this.#stream.writableLength + this.#bytes;
  }

  /** `onWritten` is called once the frame has left the process, or with the error that kept it. */
  write(frame: EncodedFrame, onWritten?: OnWritten): void {
    if (onWritten) this.#onWritten.push(onWritten);
    this.#frames.push(frame);
    this.#bytes += frame.bytes;
    if (this.#bytes >= MAX_COLLECTED_BYTES) this.#send();
    else this.#schedule();
  }

  writeUpdate(frame: EncodedFrame): void {
    this.#hasUpdates = true;
    this.write(frame);
  }

  /**
   * An answer that leaves once the client has reacted to the updates of this turn, or after `HOLD_MS`. Otherwise a client that
   * gets messages it has published itself sends its acknowledgement and its next request one right after the other: without
   * TCP_NODELAY (the C library) the second one waits until this side acknowledges the first, which takes the kernel 40 ms.
   */
  writeAfterUpdates(frame: EncodedFrame): void {
    this.#held.push(frame);
    this.#schedule();
  }

  /** The client has reacted. */
  release(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const frame of held) this.write(frame);
  }

  /** Closes this direction when everything has left. */
  end(): void {
    this.release();
    this.#send();
    this.#stream.end();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#isScheduled = false;
    if (!this.#hasUpdates) this.release();
    else if (this.#held.length > 0) setTimeout(() => this.release(), HOLD_MS);
    this.#hasUpdates = false;
    this.#send();
  }

  #send(): void {
    if (this.#bytes === 0) return;
    const frames = this.#frames;
    const onWritten = this.#onWritten;
    this.#frames = [];
    this.#onWritten = [];
    this.#bytes = 0;
    const done: OnWritten = (error) => {
      // A socket that is destroyed reports no error for what it has not written.
      const reason = error ?? (this.#stream.destroyed ? new Error('The connection is closed') : undefined);
      for (const tell of onWritten) tell(reason);
    };
    if (!this.#stream.writable) {
      done(new Error('The connection is closed'));
      return;
    }
    const buffers = join(frames);
    const last = buffers.pop() as Buffer;
    this.#stream.cork();
    for (const buffer of buffers) this.#stream.write(buffer);
    this.#stream.write(last, onWritten.length > 0 ? done : undefined);
    this.#stream.uncork();
  }
}

/** Contents of this size are written as they are; what is smaller is copied, which costs less than a buffer more to write. */
const MIN_OWN_BUFFER_BYTES = 8_192;

const SLAB_BYTES = 262_144;
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** The bytes of `frames`, in as few buffers as makes sense. They are cut from a slab that all connections use up together. */
function join(frames: readonly EncodedFrame[]): Buffer[] {
  const buffers: Buffer[] = [];
  let start = used;
  const cut = (): void => {
    if (used > start) buffers.push(slab.subarray(start, used));
    start = used;
  };
  for (const { parts, bytes } of frames) {
    const isLong = bytes > SLAB_BYTES;
    if (used + bytes > SLAB_BYTES) {
      cut();
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      used = 0;
      start = 0;
    }
    for (const part of parts) {
      const isOwn = typeof part === 'string' ? isLong : part.length >= MIN_OWN_BUFFER_BYTES;
      if (isOwn) {
        cut();
        buffers.push(typeof part === 'string' ? Buffer.from(part) : part);
      } else if (typeof part === 'string') used += slab.write(part, used);
      else used += part.copy(slab, used);
    }
  }
  cut();
  return buffers;
}
