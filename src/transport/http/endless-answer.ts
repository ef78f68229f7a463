import type { ServerResponse } from 'node:http';
import type { Timer, TimerWheel } from '../../base/timer-wheel.ts';

export interface EndlessAnswerOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** What stands before all else. */
  readonly opening: string;
  /** The most updates that wait for the client to read them. */
  readonly window: number;
  /** The most content bytes of theirs, one update aside. */
  readonly maxBytes: number;
  /** Ms the client may leave updates unread before it is cut off. */
  readonly writeTimeoutMs: number;
  readonly timers: TimerWheel;
  /** The answer is over, whoever ended it; called once. */
  readonly onEnd: () => void;
}

/** So many bytes that wait to be read show that the client does not read. */
const MAX_UNREAD_BYTES = 65_536;

/** An answer that goes on: knows what the client has not read yet, and cuts it off when it reads nothing for too long. */
export class EndlessAnswer {
  readonly #response: ServerResponse;
  readonly #options: EndlessAnswerOptions;
  #stall: Timer | undefined;
  /** Updates that were written and have not left the process, and the bytes of their content. */
  #unread = 0;
  #unreadBytes = 0;
  #isOpen = true;

  constructor(response: ServerResponse, options: EndlessAnswerOptions) {
    this.#response = response;
    this.#options = options;
    response.once('close', this.#close);
    // A response that waits behind another one on its connection never gets a socket, and so never closes.
    response.req.socket.once('close', this.#close);
    response.writeHead(200, { ...options.headers, Connection: 'keep-alive', 'X-Accel-Buffering': 'no' });
    response.write(options.opening);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many more updates it takes now. */
  get capacity(): number {
    const isFull = !this.#isOpen || this.#unreadBytes >= this.#options.maxBytes;
    return isFull ? 0 : this.#options.window - this.#unread;
  }

  /** Writes so many updates with so many bytes of content; `onLeft` runs when they have left the process and it is open still. */
  send(text: string, updates: number, bytes: number, onLeft: () => void): void {
    this.#unread += updates;
    this.#unreadBytes += bytes;
    this.#watch();
    this.#response.write(text, (error) => {
      this.#unread -= updates;
      this.#unreadBytes -= bytes;
      if (error || !this.#isOpen) return;
      this.#watch();
      onLeft();
    });
  }

  /** Writes something that nobody waits for. */
  write(text: string): void {
    if (this.#isOpen) this.#response.write(text);
  }

  /** The same, but when the client does not read it is left out. */
  remark(text: string): void {
    if (this.#response.writableLength < MAX_UNREAD_BYTES) this.write(text);
  }

  /** Ends it, with `text` last. */
  end(text = ''): void {
    if (!this.#isOpen) return;
    this.#response.end(text);
    this.#close();
  }

  /** Cuts the client off when what was written does not leave in time. */
  #watch(): void {
    const { timers, writeTimeoutMs } = this.#options;
    this.#stall?.cancel();
    this.#stall = this.#unread > 0 ? timers.start(writeTimeoutMs, () => this.#cutOff()) : undefined;
  }

  #cutOff(): void {
    this.#response.destroy();
    this.#close();
  }

  readonly #close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#response.req.socket.off('close', this.#close);
    this.#stall?.cancel();
    this.#options.onEnd();
  };
}
