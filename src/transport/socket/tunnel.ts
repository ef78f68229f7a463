import { Duplex, finished, type Transform } from 'node:stream';

type Done = (error?: Error | null) => void;

/** A byte stream inside another one, encoded. Half-open as the outer one; the end of either is the end of both. */
export class Tunnel extends Duplex {
  readonly #outer: Duplex;
  readonly #decode: Transform;
  readonly #encode: Transform;

  constructor(outer: Duplex, decode: Transform, encode: Transform) {
    super();
    this.#outer = outer;
    this.#decode = decode;
    this.#encode = encode;
    const fail = (error: Error): void => void this.destroy(error);
    decode.on('error', fail).on('end', () => this.push(null));
    decode.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) decode.pause();
    });
    encode.on('error', fail).pipe(outer);
    outer.once('close', () => this.destroy()).pipe(decode);
  }

  override _read(): void {
    this.#decode.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#encode.write(chunk, done);
  }

  /** What was written in one turn is encoded as one. */
  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.#encode.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  /** Everything is finished once the outer stream has sent it. */
  override _final(done: Done): void {
    finished(this.#outer, { readable: false }, (error) => done(error));
    this.#encode.end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#decode.destroy();
    this.#encode.destroy();
    this.#outer.destroy();
    done(error);
  }
}
