import type { Duplex } from 'node:stream';
import type { FrameParts } from '../../codec/socket-frame-encode.ts';

/** How long an answer waits for the client's reaction to an update; ms. */
const HOLD_MS = 1;

/** Writes frames to a peer; all frames of one turn of the event loop leave in one write. */
export class FrameWriter {
  readonly #stream: Duplex;
  #isCorked = false;
  /** Answers that leave after the updates that the same request caused; see `writeAfterUpdates`. */
  #held: FrameParts[] = [];
  #hasUpdates = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Bytes that wait for the peer to take them. */
  get bytesWaiting(): number {
    return this.#stream.writableLength;
  }

  /** `onWritten` is called once the frame has left the process, or with the error that kept it. */
  write(parts: FrameParts, onWritten?: (error?: Error | null) => void): void {
    if (!this.#stream.writable) {
      onWritten?.(new Error('The connection is closed'));
      return;
    }
    this.#cork();
    const last = parts.length - 1;
    for (let i = 0; i < last; i++) this.#stream.write(parts[i]);
    this.#stream.write(parts[last], onWritten);
  }

  writeUpdate(parts: FrameParts, onWritten?: (error?: Error | null) => void): void {
    this.#hasUpdates = true;
    this.write(parts, onWritten);
  }

  /**
   * An answer that leaves once the client has reacted to the updates of this turn, or after `HOLD_MS`. Otherwise a client that
   * gets messages it has published itself sends its acknowledgement and its next request one right after the other: without
   * TCP_NODELAY (the C library) the second one waits until this side acknowledges the first, which takes the kernel 40 ms.
   */
  writeAfterUpdates(parts: FrameParts): void {
    this.#held.push(parts);
    this.#cork();
  }

  /** The client has reacted. */
  release(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const parts of held) this.write(parts);
  }

  /** Closes this direction when everything has left. */
  end(): void {
    this.release();
    this.#stream.end();
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#stream.cork();
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (!this.#hasUpdates) this.release();
    else if (this.#held.length > 0) setTimeout(() => this.release(), HOLD_MS);
    this.#hasUpdates = false;
    this.#isCorked = false;
    this.#stream.uncork();
  }
}
