/** Frames of the SOCKET protocol (protocol/socket.md, "Frame"): bytes ↔ frame, nothing about what a method means. */

/** `I` calls a method, `R` is its answer, `E` an exception as its answer. */
export type FrameType = 'I' | 'R' | 'E';

export interface Frame extends FrameHeader {
  readonly type: FrameType;
  /** What follows the header. @throws FrameError when the bytes are no message units. */
  readonly units: RawUnit[];
}

export interface FrameHeader {
  readonly requestId: string;
  readonly method: string;
  readonly secretSessionId: string;
}

/** One message unit as it travels: `qos\0key\0contentLength\0content`. */
export interface RawUnit {
  readonly qos: string;
  readonly key: string;
  /** A slice of the frame. */
  readonly content: Buffer;
}

/** The peer does not speak the protocol, or too much of it: the connection cannot go on. */
export class FrameError extends Error {}

/** The length in front of every frame, in bytes. */
export const LENGTH_BYTES = 10;
/** Length and flags. */
export const HEADER_BYTES = 16;
const VERSION = 0x31;
const FLAG_CHECKSUM = 10;
const FLAG_COMPRESSED = 11;
const FLAG_TYPE = 12;
const TYPES: Readonly<Record<number, FrameType>> = { 73: 'I', 82: 'R', 69: 'E' };
const MAX_NAME_BYTES = 1_024;
const EMPTY = Buffer.alloc(0);

/** The shortest ping there is: ten bytes of length and nothing else. */
const BARE_PING: Frame = { type: 'I', requestId: '', method: 'ping', secretSessionId: '', units: [] };

/** Reads one whole frame, its length included. @throws FrameError when this is not the protocol. */
export function decodeFrame(bytes: Buffer): Frame {
  if (bytes.length === LENGTH_BYTES) return BARE_PING;
  const type = TYPES[bytes[FLAG_TYPE] as number];
  if (!type) throw new FrameError(`The frame type ${bytes[FLAG_TYPE]} is none of I, R and E`);
  if (bytes[15] !== VERSION) throw new FrameError(`Version ${bytes[15]} of the protocol is unknown`);
  if (bytes[FLAG_CHECKSUM] !== 0 || bytes[FLAG_COMPRESSED] !== 0)
    throw new FrameError('Checksums and compressed frames are not supported');
  const fields = new FieldReader(bytes, HEADER_BYTES);
  const frame = new BinaryFrame(type, fields.name('requestId'), fields);
  // Most answers acknowledge an update: nobody looks at more than their id.
  if (type !== 'R') frame.readHeader();
  return frame;
}

/** Its parts are read when somebody asks for them. */
class BinaryFrame implements Frame {
  readonly type: FrameType;
  readonly requestId: string;
  readonly #fields: FieldReader;
  #method: string | undefined;
  #secretSessionId = '';

  constructor(type: FrameType, requestId: string, fields: FieldReader) {
    this.type = type;
    this.requestId = requestId;
    this.#fields = fields;
  }

  get method(): string {
    if (this.#method === undefined) this.readHeader();
    return this.#method as string;
  }

  get secretSessionId(): string {
    if (this.#method === undefined) this.readHeader();
    return this.#secretSessionId;
  }

  get units(): RawUnit[] {
    if (this.#method === undefined) this.readHeader();
    return decodeUnits(this.#fields);
  }

  readHeader(): void {
    this.#method = this.#fields.name('method');
    this.#secretSessionId = this.#fields.name('session id');
    this.#fields.skip('unzipped length'); // some clients fill it, it says nothing new
  }
}

/** Reads fields that end with a NUL byte. */
class FieldReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  name(what: string): string {
    return this.#take(this.#endOf(what));
  }

  skip(what: string): void {
    this.at = this.#endOf(what) + 1;
  }

  /** As in the original, the last field of a frame may lack its NUL. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.at);
    return this.#take(end < 0 ? this.#bytes.length : end);
  }

  content(): Buffer {
    const length = this.text();
    if (!/^ *[0-9]{0,10} *$/.test(length)) throw new FrameError(`The content length "${length.slice(0, 20)}" is not a number`);
    const end = this.at + Number(length);
    if (end > this.#bytes.length) throw new FrameError(`A content of ${end - this.at} bytes does not fit into its frame`);
    const content = this.#bytes.subarray(this.at, end);
    this.at = end;
    return content;
  }

  #endOf(name: string): number {
    const end = this.#bytes.indexOf(0, this.at);
    if (end < 0 || end - this.at > MAX_NAME_BYTES) throw new FrameError(`The ${name} of a frame does not end`);
    return end;
  }

  #take(end: number): string {
    const text = this.#bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return text;
  }
}

/** Those of connect and of queries lack key or content. */
function decodeUnits(fields: FieldReader): RawUnit[] {
  const units: RawUnit[] = [];
  while (!fields.isAtEnd) {
    const qos = fields.text();
    if (fields.isAtEnd) {
      if (qos !== '') units.push({ qos, key: '', content: EMPTY });
      break;
    }
    const key = fields.text();
    units.push({ qos, key, content: fields.isAtEnd ? EMPTY : fields.content() });
  }
  return units;
}

/** Error code and message of an exception frame; clients put the message into the fifth field and leave the second empty. */
export function decodeException({ units: [unit] }: Frame): { readonly errorCode: string; readonly message: string } {
  const fields = (unit?.content.toString('utf8') ?? '').split('\0');
  return { errorCode: unit?.qos || fields[0] || 'internal.unknown', message: unit?.key || fields[4] || '' };
}
