import { connect, type Socket } from 'node:net';
import { codeOf, decode, encode, type WireFrame } from '../helpers/socket.ts';

interface Waiter {
  resolve(frame: WireFrame): void;
  reject(error: Error): void;
}

/** A client of the SOCKET protocol; everything under way fails when the connection is lost. */
export class FrameClient {
  /** The secret session id. */
  session = '';
  /** Gets updates. */
  onUpdate: (update: WireFrame) => void = () => {};
  readonly #socket: Socket;
  readonly #calls = new Map<string, Waiter>();
  #received: Buffer = Buffer.alloc(0);
  #lastRequestId = 0;
  #error: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => this.#read(piece));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The connection was closed')));
  }

  static async open(port: number): Promise<FrameClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new FrameClient(socket);
  }

  /** The data of the connect's answer. */
  async login(qos: string): Promise<string> {
    const answer = await this.call('connect', `<qos>${qos}</qos>`);
    this.session = answer.session;
    return answer.data;
  }

  /** @throws a `Refusal` for an exception. */
  call(method: string, data = ''): Promise<WireFrame> {
    const requestId = String(++this.#lastRequestId);
    return new Promise((resolve, reject) => {
      this.#calls.set(requestId, { resolve, reject });
      if (this.#error) this.#fail(this.#error);
      else this.#socket.write(encode('I', requestId, method, this.session, data));
    });
  }

  acknowledge({ requestId, method, session }: WireFrame): void {
    this.#socket.write(encode('R', requestId, method, session, "<qos><state id='OK'/></qos>\0\x000\0"));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(piece: Buffer): void {
    this.#received = this.#received.length === 0 ? piece : Buffer.concat([this.#received, piece]);
    while (this.#received.length >= 10) {
      const length = Number(this.#received.toString('latin1', 0, 10));
      if (this.#received.length < length) break;
      this.#take(decode(this.#received.toString('latin1', 10, length)));
      this.#received = this.#received.subarray(length);
    }
  }

  #take(frame: WireFrame): void {
    if (frame.type !== 'I') this.#answered(frame);
    else if (frame.method === 'update') this.onUpdate(frame);
    else this.acknowledge(frame);
  }

  #answered(frame: WireFrame): void {
    const call = this.#calls.get(frame.requestId);
    this.#calls.delete(frame.requestId);
    if (frame.type === 'E') call?.reject(new Refusal(codeOf(frame), frame.data.split('\0')[1] ?? ''));
    else call?.resolve(frame);
  }

  #fail(error: Error): void {
    this.#error ??= error;
    for (const { reject } of this.#calls.values()) reject(this.#error);
    this.#calls.clear();
  }
}

/** The broker says no. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
