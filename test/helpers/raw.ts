import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** A TCP connection that sends exactly the bytes a test gives it. */
export class RawClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket);
  }

  /** What has arrived so far, as latin1. */
  get text(): string {
    return this.#received.toString('latin1');
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves with all that has arrived once it matches; rejects when the peer closes before. */
  async until(pattern: Pick<RegExp, 'test'>): Promise<string> {
    while (!pattern.test(this.text)) {
      if (this.#isClosed) throw new Error(`closed before ${pattern}; received: ${this.text.slice(0, 500)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.text;
  }

  /** Resolves with all that arrived when the peer has closed. */
  async closed(): Promise<string> {
    while (!this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.text;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Resolves when this process has a socket less than now: how a test sees that the broker cut a client off which does not read. */
export async function untilSocketCloses(): Promise<void> {
  const before = countSockets();
  while (countSockets() >= before) await setImmediate();
}

function countSockets(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length;
}

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes on a connection of their own and reads what comes back until the peer closes. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<RawAnswer> {
  const client = await RawClient.connect(port);
  client.write(bytes);
  return parseAnswer(await client.closed());
}

/** Splits one HTTP answer; `text` is latin1. */
export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  const body = Buffer.from(text.slice(end + 4), 'latin1').toString();
  return { status: Number(statusLine.slice(9, 12)), headers: Object.fromEntries(headers), body };
}
