import type { Socket } from 'node:net';
import type { Logger } from '../../base/logger.ts';
import type { Timer } from '../../base/timer-wheel.ts';
import { printable } from './printable.ts';
import type { Neighbour } from './telnet-commands.ts';
import { type ConsoleContext, TelnetConsole } from './telnet-console.ts';
import { TelnetDecoder } from './telnet-decoder.ts';

export interface TelnetContext extends ConsoleContext {
  /** Ms that a client may leave unread what it is sent. */
  readonly writeTimeoutMs: number;
  readonly logger: Logger;
}

/** Bytes of a line: somewhat more than the path of a command may have. */
const MAX_LINE_BYTES = 20_000;
/** Who does not log in takes the place of others, so it has less time for each command; ms. */
const LOGIN_TIMEOUT_MS = 120_000;
const LF = 10;

/**
 * One connection to the console. A command is read when the one before it is answered and the client has taken the answer: no
 * more than that ever waits here.
 */
export class TelnetConnection implements Neighbour {
  readonly place: string;
  readonly #context: TelnetContext;
  readonly #socket: Socket;
  readonly #decoder = new TelnetDecoder();
  readonly #console: TelnetConsole;
  #line: Buffer[] = [];
  #lineBytes = 0;
  #isAnswering = false;
  #isEnding = false;
  #idle: Timer | undefined;

  constructor(socket: Socket, context: TelnetContext) {
    const { remoteAddress, remotePort } = socket;
    this.place = `${plain(remoteAddress)}:${remotePort}`;
    this.#context = context;
    this.#socket = socket;
    this.#console = new TelnetConsole(context, { localAddress: plain(socket.localAddress), remoteAddress }, this);
    socket.on('data', (chunk: Buffer) => void this.#receive(chunk));
    socket.on('error', (error) => context.logger.debug({ err: error }, 'a telnet connection failed'));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#closed());
    socket.write(this.#console.prompt);
    this.#watch();
  }

  /** Says so, and ends the connection, once the answer under way is out. */
  close(): void {
    this.#isEnding = true;
    if (!this.#isAnswering) this.#end('Bye\n');
  }

  #end(farewell = ''): void {
    if (this.#socket.writableEnded) return;
    this.#idle?.cancel();
    this.#idle = this.#context.broker.timers.start(this.#context.writeTimeoutMs, () => this.#socket.destroy());
    this.#socket.end(farewell);
  }

  #closed(): void {
    this.#idle?.cancel();
    this.#console.close();
  }

  async #receive(chunk: Buffer): Promise<void> {
    this.#socket.pause();
    try {
      await this.#read(chunk);
    } catch (error) {
      this.#context.logger.error({ err: error }, 'a telnet command failed because of a bug');
      this.#socket.destroy();
    }
    this.#socket.resume();
  }

  async #read(chunk: Buffer): Promise<void> {
    const { text, refusals } = this.#decoder.decode(chunk);
    await this.#write(refusals);
    for (let start = 0; start < text.length && this.#socket.writable; ) {
      const lineEnd = text.indexOf(LF, start);
      const end = lineEnd < 0 ? text.length : lineEnd + 1;
      await this.#type(text.subarray(start, end), lineEnd >= 0);
      start = end;
    }
  }

  async #type(typed: Buffer, isWhole: boolean): Promise<void> {
    if (this.#console.hasEcho) await this.#write(typed);
    this.#line.push(typed);
    this.#lineBytes += typed.length;
    if (this.#lineBytes > MAX_LINE_BYTES) this.#hangUp(`a line has more than ${MAX_LINE_BYTES} bytes`);
    else if (isWhole) await this.#answer();
  }

  async #answer(): Promise<void> {
    if (!this.#socket.writable) return;
    const line = Buffer.concat(this.#line).toString();
    this.#line = [];
    this.#lineBytes = 0;
    if (isHttp(line)) {
      this.#hangUp('it speaks HTTP');
      return;
    }
    this.#idle?.cancel();
    this.#isAnswering = true;
    await this.#context.broker.breathe();
    const answer = await this.#console.answer(line);
    this.#isAnswering = false;
    await this.#write(printable(this.#isEnding ? answer : answer + this.#console.prompt));
    if (this.#isEnding) this.close();
    else if (this.#socket.writable) this.#watch();
  }

  #hangUp(reason: string): void {
    this.#context.logger.warn(`A telnet connection of ${this.place} is closed: ${reason}`);
    this.#socket.destroy();
  }

  /** Waits as long as nothing is typed. */
  #watch(): void {
    const { broker, idleTimeoutMs } = this.#context;
    const timeoutMs = this.#console.isLoggedIn ? idleTimeoutMs : LOGIN_TIMEOUT_MS;
    if (timeoutMs > 0) this.#idle = broker.timers.start(timeoutMs, () => this.close());
  }

  /** Resolves when the client has taken most of it, or is gone; cuts off one that does not. */
  async #write(data: Buffer | string): Promise<void> {
    const socket = this.#socket;
    if (data.length === 0 || !socket.writable || socket.write(data)) return;
    await new Promise<void>((resolve) => {
      const timer = this.#context.broker.timers.start(this.#context.writeTimeoutMs, () => socket.destroy());
      const done = (): void => {
        timer.cancel();
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
  }
}

/** A page in a browser can make it send any lines to this port, but none before this one. */
function isHttp(line: string): boolean {
  return /^[A-Z]+ .* HTTP\/[0-9.]+\s*$/.test(line);
}

/** `127.0.0.1`, not `::ffff:127.0.0.1`. */
function plain(address = ''): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, '');
}
