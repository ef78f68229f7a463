import type { ServerResponse } from 'node:http';
import type { Timer, TimerWheel } from '../../base/timer-wheel.ts';
import type { Delivery } from '../../broker/delivery.ts';
import type { Dispatcher } from '../../broker/dispatcher.ts';
import type { CallbackChannel, ChannelEnd } from '../../broker/ports.ts';
import { encodeException } from '../../codec/script-response-xml.ts';
import type { BrokerError } from '../../model/error.ts';
import { SAFE_HEADERS } from './http-error.ts';
import { encodeUpdate } from './update-encoder.ts';

/** A comment line tells proxies and clients that the stream lives; ms. */
const HEARTBEAT_MS = 15_000;

/** An `id:` that ends with this belongs to a stream that another one displaced: its automatic reconnect is to stop. */
export const DISPLACED_MARK = ';displaced';

export interface StreamOptions {
  /** The most unacknowledged events: one counts as acknowledged when so many newer ones have left. */
  readonly window: number;
  /** The most content bytes that wait for the client to read them, one event aside. */
  readonly maxBytes: number;
  /** Ms the client may leave what was written unread before it is cut off. */
  readonly writeTimeoutMs: number;
  readonly encodeCursor: (cursor: number) => string;
  readonly now: () => number;
  readonly timers: TimerWheel;
  /** Whether a later request can ask for, or acknowledge, what this one was sent; if not, it is acknowledged when it has left. */
  readonly canComeBack: boolean;
  /** The stream is over; called once. */
  readonly onEnd: () => void;
}

/** Server-Sent Events: every update is one event, its `id:` the cursor that acknowledges it and all before. */
export class StreamChannel implements CallbackChannel {
  readonly isSignOfLife = true;
  readonly #response: ServerResponse;
  readonly #dispatcher: Dispatcher;
  readonly #options: StreamOptions;
  #heartbeat: Timer | undefined;
  #stall: Timer | undefined;
  #lastCursor = 0;
  /** Events that were written and have not left the process, and the bytes of their content. */
  #undrained = 0;
  #undrainedBytes = 0;
  /** Events that have left the process and are not acknowledged, oldest first, and the bytes of their content. */
  #left: { readonly cursor: number; readonly bytes: number }[] = [];
  #leftBytes = 0;
  #isOpen = true;

  constructor(response: ServerResponse, dispatcher: Dispatcher, options: StreamOptions) {
    this.#response = response;
    this.#dispatcher = dispatcher;
    this.#options = options;
    response.once('close', () => this.#end());
    // A response that waits behind another one on its connection never gets a socket, and so never closes.
    response.req.socket.once('close', this.#onSocketClose);
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'Content-Type': 'text/event-stream; charset=utf-8',
      Connection: 'keep-alive',
      'X-Accel-Buffering': 'no',
    });
    response.write(': xmlBlaster\n\n');
    this.#beat();
  }

  get capacity(): number {
    const isFull = !this.#isOpen || this.#undrainedBytes >= this.#options.maxBytes;
    return isFull ? 0 : this.#options.window - this.#undrained;
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  update(deliveries: readonly Delivery[], lastCursor: number, waiting: number): void {
    const now = this.#options.now();
    const firstCursor = lastCursor - deliveries.length + 1;
    let events = '';
    for (let i = 0; i < deliveries.length; i++) {
      events += encodeEvent(this.#options.encodeCursor(firstCursor + i), encodeUpdate(deliveries, i, waiting, now));
    }
    const left = deliveries.map(({ message }, i) => ({ cursor: firstCursor + i, bytes: message.content.length }));
    const bytes = left.reduce((sum, event) => sum + event.bytes, 0);
    this.#lastCursor = lastCursor;
    this.#undrained += deliveries.length;
    this.#undrainedBytes += bytes;
    this.#watch();
    this.#response.write(events, (error) => {
      this.#undrained -= left.length;
      this.#undrainedBytes -= bytes;
      if (!error && this.#isOpen) this.#drained(left, bytes);
    });
  }

  fail(error: BrokerError): void {
    this.#response.write(`event: exception\n${dataLines(encodeException(error))}\n\n`);
  }

  close(end: ChannelEnd): void {
    if (!this.#isOpen) return;
    if (end === 'displaced') this.#response.write(`id: ${this.#options.encodeCursor(this.#lastCursor)}${DISPLACED_MARK}\n\n`);
    this.#response.end();
    this.#end();
  }

  #drained(left: readonly { readonly cursor: number; readonly bytes: number }[], bytes: number): void {
    this.#left.push(...left);
    this.#leftBytes += bytes;
    this.#watch();
    this.#acknowledgeOldest();
    this.#dispatcher.wake();
  }

  /** What has left stays unacknowledged up to the window, and up to half of the queue's bounds: the rest is for what comes. */
  #acknowledgeOldest(): void {
    const { maxEntries, maxBytes } = this.#dispatcher.queue.bounds;
    const maxLeft = this.#options.canComeBack ? Math.min(this.#options.window, Math.floor(maxEntries / 2)) : 0;
    let count = 0;
    for (const event of this.#left) {
      if (this.#left.length - count <= maxLeft && this.#leftBytes <= maxBytes / 2) break;
      this.#leftBytes -= event.bytes;
      count++;
    }
    const last = this.#left.splice(0, count).at(-1);
    if (last) this.#dispatcher.acknowledge(last.cursor);
  }

  /** Cuts the client off when what was written does not leave in time. */
  #watch(): void {
    this.#stall?.cancel();
    this.#stall =
      this.#undrained > 0 ? this.#options.timers.start(this.#options.writeTimeoutMs, () => this.#cutOff()) : undefined;
  }

  #cutOff(): void {
    this.#response.destroy();
    this.#end();
  }

  readonly #onSocketClose = (): void => this.#end();

  #beat(): void {
    this.#heartbeat = this.#options.timers.start(HEARTBEAT_MS, () => {
      if (this.#undrained === 0) this.#response.write(':\n\n');
      this.#beat();
    });
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#response.req.socket.off('close', this.#onSocketClose);
    this.#heartbeat?.cancel();
    this.#stall?.cancel();
    this.#options.onEnd();
  }
}

function encodeEvent(id: string, xml: string): string {
  return `id: ${id}\n${dataLines(xml)}\n\n`;
}

function dataLines(xml: string): string {
  return xml
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}`)
    .join('\n');
}
