import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  /** Head and body as latin1. */
  readonly text: string;
}

/**
 * One keep-alive connection with one request under way: as little HTTP as the measurements need, so that the load generator costs
 * less than what it measures. It understands answers with a Content-Length and those without a body, nothing else.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #onReply: ((reply: Reply) => void) | undefined;
  #onError: (error: Error) => void = () => {};

  private constructor(port: number) {
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (length) => this.#receive(length) },
    });
    this.#socket.on('error', (error) => this.#onError(error));
    this.#socket.on('close', () => this.#onError(new Error('The server closed the connection')));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const connection = new HttpConnection(port);
      connection.#onError = reject;
      connection.#socket.once('connect', () => {
        connection.#onError = () => {};
        resolve(connection);
      });
    });
  }

  get isIdle(): boolean {
    return this.#onReply === undefined;
  }

  /** Sends what `encodeRequest` made. The connection must be idle, and is idle again when `onReply` is called. */
  send(request: Buffer, onReply: (reply: Reply) => void, onError: (error: Error) => void): void {
    if (this.#onReply) throw new Error('A request is under way on this connection');
    this.#onReply = onReply;
    this.#onError = onError;
    this.#socket.write(request);
  }

  /** The answer to one request. Rejects when its status is not 2xx. */
  request(request: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.send(
        request,
        (reply) => (isSuccess(reply) ? resolve(reply) : reject(new Error(`The server answered: ${reply.text.slice(0, 500)}`))),
        reject,
      );
    });
  }

  close(): void {
    this.#onError = () => {};
    this.#socket.destroy();
  }

  #receive(length: number): boolean {
    const piece = READ_BUFFER.toString('latin1', 0, length);
    const text = this.#received === '' ? piece : this.#received + piece;
    if (isComplete(text)) this.#finish({ status: Number(text.slice(9, 12)), text });
    else this.#received = text;
    return true;
  }

  #finish(reply: Reply): void {
    const onReply = this.#onReply;
    this.#received = '';
    this.#onReply = undefined;
    this.#onError = () => {};
    onReply?.(reply);
  }
}

/** All connections read into it: what one has read is copied out before the next one reads. */
const READ_BUFFER = Buffer.alloc(65_536);

export function isSuccess(reply: Reply): boolean {
  return reply.status >= 200 && reply.status < 300;
}

/** The bytes of a request, made once and sent many times. */
export function encodeRequest(method: string, path: string, body?: string): Buffer {
  const length = body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}\r\n${body ?? ''}`);
}

/** Opens `count` connections, a hundred at a time. */
export async function openConnections(port: number, count: number): Promise<HttpConnection[]> {
  const connections: HttpConnection[] = [];
  while (connections.length < count) {
    const next = Math.min(100, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: next }, () => HttpConnection.open(port)))));
  }
  return connections;
}

function isComplete(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  if (text.startsWith('204', 9)) return true;
  const length = /\r\ncontent-length: ([0-9]+)/i.exec(text)?.[1];
  if (length === undefined) throw new Error(`An answer without Content-Length: ${text.slice(0, headEnd)}`);
  return text.length >= headEnd + 4 + Number(length);
}
