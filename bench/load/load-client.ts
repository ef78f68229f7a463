import { connect, type Socket } from 'node:net';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a load client learns while it reads. Contents are only valid during the call. */
export interface LoadEvents {
  /** So many more publishes are acknowledged. */
  onAcks(count: number): void;
  /** One message arrived; its content is `bytes` from `start` to `end`. */
  onMessage(bytes: Buffer, start: number, end: number): void;
}

export const NO_EVENTS: LoadEvents = { onAcks: () => {}, onMessage: () => {} };

const READ_BYTES = 262_144;

/**
 * One connection to a server: as little of its protocol as the measurements need, so that the load generator costs less than what
 * it measures. What is said in one turn of the event loop leaves in one write.
 */
export abstract class LoadClient {
  events: LoadEvents = NO_EVENTS;
  readonly #socket: Socket;
  #outgoing = '';
  #isScheduled = false;
  #rest: Buffer = Buffer.alloc(0);
  #error: Error | undefined;
  #isClosing = false;
  #waiter: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const fail = (error: Error): void => this.#fail(error);
    socket.on('error', fail).on('close', () => fail(new Error('The server closed the connection')));
  }

  /** Logs in; afterwards every other method may be called. */
  abstract login(name: string): Promise<void>;
  /** Gets every message of `topic` from now on, and acknowledges it where the protocol can. */
  abstract subscribe(topic: string): Promise<void>;
  /** `onAcks` tells when it is acknowledged. `content` is latin1. */
  abstract publish(topic: string, content: string): void;
  /** Never acknowledged. */
  abstract publishOneway(topic: string, content: string): void;
  /** Resolves when the server has read everything before. */
  abstract roundTrip(): Promise<void>;
  /** Says good-bye. */
  protected abstract farewell(): void;
  /** Reads what is whole of `bytes`; returns how many bytes that were. */
  protected abstract read(bytes: Buffer): number;

  /** Bytes that the server has not taken yet. */
  get bytesWaiting(): number {
    return this.#socket.writableLength + this.#outgoing.length;
  }

  /** @throws the error that ended the connection. */
  check(): void {
    if (this.#error && !this.#isClosing) throw this.#error;
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#outgoing === '') return;
    this.#socket.write(this.#outgoing, 'latin1');
    this.#outgoing = '';
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.farewell();
    this.#flush();
    this.#socket.end();
    if (!this.#socket.closed) await new Promise((resolve) => this.#socket.once('close', resolve));
  }

  protected say(text: string): void {
    this.#outgoing += text;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => this.#flush());
  }

  /** Resolves with the next `answered`. */
  protected answer(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      if (this.#error) reject(this.#error);
    });
  }

  /** What `answer` waits for is there. */
  protected answered(): void {
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }

  /** Called by `dial` for every piece that arrives. */
  receive(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    try {
      const used = this.read(bytes);
      this.#rest = used === bytes.length ? EMPTY : Buffer.from(bytes.subarray(used));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.#socket.destroy();
    }
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#waiter?.reject(this.#error);
    this.#waiter = undefined;
  }
}

const EMPTY = Buffer.alloc(0);

/** All connections read into it: what one has read is used or copied before the next one reads. */
const READ_BUFFER = Buffer.alloc(READ_BYTES);

/** Connects and makes a client of the connection. */
export function dial<Client extends LoadClient>(address: Address, create: (socket: Socket) => Client): Promise<Client> {
  return new Promise((resolve, reject) => {
    const onread = {
      buffer: READ_BUFFER,
      callback: (length: number): boolean => {
        client.receive(READ_BUFFER.subarray(0, length));
        return true;
      },
    };
    const socket = connect({ ...address, noDelay: true, onread });
    const client = create(socket);
    socket.once('connect', () => resolve(client)).once('error', reject);
  });
}
