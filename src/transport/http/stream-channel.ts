import type { ServerResponse } from 'node:http';
import type { Timer, TimerWheel } from '../../base/timer-wheel.ts';
import type { Delivery } from '../../broker/delivery.ts';
import type { Dispatcher } from '../../broker/dispatcher.ts';
import type { CallbackChannel, ChannelEnd } from '../../broker/ports.ts';
import { encodeException } from '../../codec/script-response-xml.ts';
import type { BrokerError } from '../../model/error.ts';
import { EndlessAnswer } from './endless-answer.ts';
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
  readonly #answer: EndlessAnswer;
  readonly #dispatcher: Dispatcher;
  readonly #options: StreamOptions;
  #heartbeat: Timer | undefined;
  #lastCursor = 0;
  /** Events that have left the process and are not acknowledged, oldest first, and the bytes of their content. */
  #left: { readonly cursor: number; readonly bytes: number }[] = [];
  #leftBytes = 0;

  constructor(response: ServerResponse, dispatcher: Dispatcher, options: StreamOptions) {
    this.#dispatcher = dispatcher;
    this.#options = options;
    this.#answer = new EndlessAnswer(response, {
      ...options,
      headers: { ...SAFE_HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8' },
      opening: ': xmlBlaster\n\n',
      onEnd: () => {
        this.#heartbeat?.cancel();
        options.onEnd();
      },
    });
    this.#beat();
  }

  get capacity(): number {
    return this.#answer.capacity;
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
    this.#answer.send(events, left.length, bytes, () => {
      this.#left.push(...left);
      this.#leftBytes += bytes;
      this.#acknowledgeOldest();
      this.#dispatcher.wake();
    });
  }

  fail(error: BrokerError): void {
    this.#answer.write(`event: exception\n${dataLines(encodeException(error))}\n\n`);
  }

  close(end: ChannelEnd): void {
    const id = this.#options.encodeCursor(this.#lastCursor);
    this.#answer.end(end === 'displaced' ? `id: ${id}${DISPLACED_MARK}\n\n` : '');
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

  #beat(): void {
    this.#heartbeat = this.#options.timers.start(HEARTBEAT_MS, () => {
      this.#answer.remark(':\n\n');
      this.#beat();
    });
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
