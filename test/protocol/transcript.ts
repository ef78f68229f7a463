import { connect, type Socket } from 'node:net';
import { constants, createDeflate, createInflate, deflateSync, type Inflate, inflateSync } from 'node:zlib';

/** What one line of a transcript says (protocol/socket.md, "Transcripts"). */
type Step =
  | { readonly kind: 'client'; readonly connection: string; readonly frame: string }
  | { readonly kind: 'server'; readonly connection: string; readonly frame: string }
  | { readonly kind: 'end'; readonly side: 'C' | 'S'; readonly connection: string }
  | { readonly kind: 'time'; readonly ms: number };

export type Compression = 'plain' | 'zlib:stream' | 'zlib';

export interface Transcript {
  readonly compression: Compression;
  readonly steps: readonly Step[];
}

export function parseTranscript(text: string): Transcript {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const [first = '', ...rest] = lines;
  return { compression: first.replace('compression ', '') as Compression, steps: rest.map(parseStep) };
}

function parseStep(line: string): Step {
  if (line.startsWith('T ')) return { kind: 'time', ms: Number(line.slice(2)) };
  const [, side, connection = '', frame = ''] = /^([CS])(\d+) (.*)$/.exec(line) ?? [];
  if (side !== 'C' && side !== 'S') throw new Error(`not a line of a transcript: ${line}`);
  if (frame === 'end') return { kind: 'end', side, connection };
  return { kind: side === 'C' ? 'client' : 'server', connection, frame };
}

/** What the parts that differ from run to run were this time. */
export class Marks {
  readonly #values = new Map<string, string>();

  /** The bytes of a frame of the client. */
  fill(frame: string): Buffer {
    return unquoted(frame.replace(/⟨\w+⟩/g, (mark) => this.#values.get(mark) ?? mark));
  }

  /** Whether `bytes` are what the transcript says; new marks take their values from it. */
  matches(frame: string, bytes: Buffer): boolean {
    const names: string[] = [];
    const pattern = frame.split(/(⟨\w+⟩)/).map((part) => {
      if (!part.startsWith('⟨')) return quote(unquoted(part).toString('latin1'));
      const known = this.#values.get(part);
      if (known !== undefined) return quote(known);
      names.push(part);
      return "([^<>'\\0]+)";
    });
    const found = new RegExp(`^${pattern.join('')}$`, 's').exec(bytes.toString('latin1'));
    if (!found) return false;
    for (const [i, name] of names.entries()) this.#values.set(name, found[i + 1] ?? '');
    return true;
  }
}

/** The bytes that a line stands for. */
export function unquoted(text: string): Buffer {
  const plain = text.replace(/\\(0|n|\\|x[0-9a-f]{2})/g, (_, code: string) => {
    if (code === '0') return '\0';
    if (code === 'n') return '\n';
    return code === '\\' ? code : String.fromCharCode(Number.parseInt(code.slice(1), 16));
  });
  return Buffer.from(plain, 'latin1');
}

function quote(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** One connection of a transcript: frames in, frames out, compressed in between as the transcript says. */
export class Peer {
  readonly frames: Buffer[] = [];
  readonly #socket: Socket;
  readonly #byteByByte: boolean;
  readonly #encode: (frame: Buffer) => Promise<Buffer>;
  #plain = Buffer.alloc(0);
  #isEnded = false;
  #wake: () => void = () => {};

  constructor(port: number, compression: Compression, byteByByte: boolean) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#byteByByte = byteByByte;
    this.#encode = createEncoder(compression);
    const { decode, finish } = createDecoder(compression, (bytes) => this.#take(bytes));
    this.#socket.on('data', decode);
    this.#socket.on('error', () => {});
    this.#socket.on('close', () =>
      finish(() => {
        this.#isEnded = true;
        this.#wake();
      }),
    );
  }

  async send(frame: Buffer): Promise<void> {
    const bytes = await this.#encode(frame);
    const pieces = this.#byteByByte ? [...bytes].map((byte) => Buffer.of(byte)) : [bytes];
    for (const piece of pieces) await new Promise((resolve) => this.#socket.write(piece, resolve));
  }

  /** Resolves when the broker has read everything that was sent. */
  async settle(): Promise<void> {
    if (this.#isEnded) return;
    await this.send(Buffer.from('        10'));
    await this.receive((frame) => frame.includes('R\0\x001\0ping\0'));
  }

  /** Removes and returns the first frame that `fits`. */
  async receive(fits: (frame: Buffer) => boolean): Promise<Buffer> {
    for (;;) {
      const index = this.frames.findIndex(fits);
      const [frame] = index < 0 ? [] : this.frames.splice(index, 1);
      if (frame) return frame;
      if (this.#isEnded) throw new Error(`closed; left over: ${this.frames.join('\n')}`);
      await this.#change();
    }
  }

  end(): void {
    this.#socket.end();
  }

  async ended(): Promise<void> {
    while (!this.#isEnded) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(bytes: Buffer): void {
    this.#plain = Buffer.concat([this.#plain, bytes]);
    for (;;) {
      const length = Number(this.#plain.toString('latin1', 0, 10));
      if (this.#plain.length < 10 || this.#plain.length < length) break;
      this.frames.push(this.#plain.subarray(0, length));
      this.#plain = this.#plain.subarray(length);
    }
    this.#wake();
  }
}

function createEncoder(compression: Compression): (frame: Buffer) => Promise<Buffer> {
  if (compression === 'plain') return async (frame) => frame;
  if (compression === 'zlib') return async (frame) => encodeBlock(frame);
  const deflate = createDeflate();
  return (frame) =>
    new Promise((resolve) => {
      const parts: Buffer[] = [];
      const collect = (part: Buffer): number => parts.push(part);
      deflate.on('data', collect);
      deflate.write(frame);
      deflate.flush(constants.Z_SYNC_FLUSH, () => {
        deflate.off('data', collect);
        resolve(Buffer.concat(parts));
      });
    });
}

interface Decoder {
  decode(bytes: Buffer): void;
  /** Calls `done` when everything that came has been decoded. */
  finish(done: () => void): void;
}

function createDecoder(compression: Compression, take: (bytes: Buffer) => void): Decoder {
  const atOnce = (done: () => void): void => done();
  if (compression === 'plain') return { decode: take, finish: atOnce };
  if (compression === 'zlib:stream') {
    const inflate: Inflate = createInflate();
    inflate.on('data', take);
    return { decode: (bytes) => void inflate.write(bytes), finish: (done) => inflate.flush(done) };
  }
  return { decode: createBlockDecoder(take), finish: atOnce };
}

function createBlockDecoder(take: (bytes: Buffer) => void): Decoder['decode'] {
  let pending = Buffer.alloc(0);
  return (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      const header = pending[0] === 0 ? 5 : 9;
      if (pending.length < header || pending.length < header + pending.readUInt32BE(header - 4)) return;
      const end = header + pending.readUInt32BE(header - 4);
      const data = pending.subarray(header, end);
      pending = pending.subarray(end);
      take(header === 5 ? data : inflateSync(data));
    }
  };
}

/** As the Java client does it: small ones as they are. */
function encodeBlock(plain: Buffer): Buffer {
  const isRaw = plain.length < 200;
  const data = isRaw ? plain : deflateSync(plain);
  const header = Buffer.alloc(isRaw ? 5 : 9);
  header[0] = isRaw ? 0 : 1;
  header.writeUInt32BE(plain.length, 1);
  if (!isRaw) header.writeUInt32BE(data.length, 5);
  return Buffer.concat([header, data]);
}
