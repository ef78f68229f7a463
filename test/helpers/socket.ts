import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';

/** A frame as it came over the wire. */
export interface WireFrame {
  readonly type: string;
  readonly requestId: string;
  readonly method: string;
  readonly session: string;
  /** What follows the header, as latin1; NUL bytes are in it. */
  readonly data: string;
}

/** A client of the SOCKET protocol that writes and reads frames by itself, without the broker's code. */
export class SocketClient<Stream extends Duplex = Socket> {
  /** The connection, or what it carries: a zlib stream, TLS. */
  readonly socket: Stream;
  /** The secret session id of the last connect. */
  session = '';
  #received = Buffer.alloc(0);
  readonly #frames: WireFrame[] = [];
  #isClosed = false;
  #lastRequestId = 0;
  #waiters: (() => void)[] = [];

  constructor(socket: Stream) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
    onTestFinished(() => void socket.destroy());
  }

  static async open(port: number): Promise<SocketClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new SocketClient(socket);
  }

  /** Opens a connection and a session on it; `callback` are the attributes of its `<callback>`, undefined: none. */
  static async login(port: number, name: string, callback: string | undefined = '', rest = ''): Promise<SocketClient> {
    const client = await SocketClient.open(port);
    await client.connect(name, callback, rest);
    return client;
  }

  async connect(name: string, callback: string | undefined = '', rest = ''): Promise<WireFrame> {
    const queue =
      callback === undefined ? '' : `<queue relating='callback'><callback type='SOCKET' ${callback}>${rest}</callback></queue>`;
    const answer = await this.call('connect', `<qos><session name='${name}'/>${queue}</qos>`, '');
    this.session = answer.session;
    return answer;
  }

  /** Sends a request and resolves with its answer, an exception too. */
  async call(method: string, data = '', session = this.session): Promise<WireFrame> {
    const requestId = this.send(method, data, session);
    return this.next((frame) => frame.type !== 'I' && frame.requestId === requestId);
  }

  /** Sends a request, returns its id. */
  send(method: string, data = '', session = this.session): string {
    const requestId = String(++this.#lastRequestId);
    this.socket.write(encode('I', requestId, method, session, data));
    return requestId;
  }

  /** Publishes a text, which stands behind a minimal key. */
  publish(oid: string, text: string): Promise<WireFrame> {
    return this.call('publish', `<qos/>\0<key oid='${oid}'/>\0${text.length}\0${text}`);
  }

  subscribe(oid: string, qos = ''): Promise<WireFrame> {
    return this.call('subscribe', `<qos>${qos}</qos>\0<key oid='${oid}'/>\0`);
  }

  /** Acknowledges an update or a ping. */
  acknowledge(frame: WireFrame): void {
    this.socket.write(encode('R', frame.requestId, frame.method, frame.session, "<qos><state id='OK'/></qos>\0\x000\0"));
  }

  /** Answers with an exception, as the C library does: the text in the fifth field only. */
  refuse(frame: WireFrame, code: string): void {
    const fields = `${code}\0\0\0\0not wanted\0\0\0\0\0\0\0`;
    this.socket.write(encode('E', frame.requestId, frame.method, frame.session, `${code}\0\0${fields.length}\0${fields}`));
  }

  /** The contents of the next update, which is acknowledged. */
  async update(): Promise<string[]> {
    const update = await this.request();
    this.acknowledge(update);
    return contentsOf(update);
  }

  /** The next request of the broker: an update or a ping. */
  request(method = 'update'): Promise<WireFrame> {
    return this.next((frame) => frame.type === 'I' && frame.method === method);
  }

  /** Updates that have arrived and nobody has asked for. */
  get waiting(): readonly WireFrame[] {
    return this.#frames;
  }

  /** Takes the first frame that `fits`, also one that is there already; rejects when the broker closes before. */
  async next(fits: (frame: WireFrame) => boolean): Promise<WireFrame> {
    for (;;) {
      const index = this.#frames.findIndex(fits);
      const [frame] = index < 0 ? [] : this.#frames.splice(index, 1);
      if (frame) return frame;
      if (this.#isClosed) throw new Error('The connection was closed');
      await this.#change();
    }
  }

  /** Resolves when the connection has closed. */
  async closed(): Promise<void> {
    this.socket.resume();
    while (!this.#isClosed) await this.#change();
  }

  /** Two requests there and back: what the broker had to say, it has said. */
  async settled(): Promise<void> {
    await this.call('ping');
    await this.call('ping');
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const length = Number(this.#received.toString('latin1', 0, 10));
      if (this.#received.length < 10 || this.#received.length < length) break;
      this.#frames.push(decode(this.#received.toString('latin1', 10, length)));
      this.#received = this.#received.subarray(length);
    }
    this.#wake();
  }
}

/** A frame; `data` is latin1. */
export function encode(type: string, requestId: string, method: string, session: string, data: string): Buffer {
  const rest = `\0\0${type}\0\x001${requestId}\0${method}\0${session}\0${data.length}\0${data}`;
  return Buffer.from(String(rest.length + 10).padStart(10) + rest, 'latin1');
}

/** The error code of an exception; '' when it is none. */
export function codeOf({ type, data }: WireFrame): string {
  return type === 'E' ? (data.split('\0')[0] ?? '') : '';
}

/** The contents of the units in a frame. */
export function contentsOf({ data }: WireFrame): string[] {
  const contents: string[] = [];
  for (let at = 0; at < data.length; ) {
    const [qos = '', key = '', length = ''] = data.slice(at).split('\0', 3);
    const start = at + qos.length + key.length + length.length + 3;
    contents.push(data.slice(start, start + Number(length)));
    at = start + Number(length);
  }
  return contents;
}

/** What stands behind the length of a frame. */
export function decode(text: string): WireFrame {
  const [requestId = '', method = '', session = '', unzipped = ''] = text.slice(6).split('\0', 4);
  const header = 6 + requestId.length + method.length + session.length + unzipped.length + 4;
  return { type: text[2] ?? '', requestId, method, session, data: text.slice(header) };
}
