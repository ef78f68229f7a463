import type { ServerResponse } from 'node:http';
import type { Delivery } from '../../broker/delivery.ts';
import type { MemoryAccount } from '../../broker/memory-account.ts';
import type { CallbackChannel, ChannelEnd } from '../../broker/ports.ts';
import { encodeMsgQos } from '../../codec/msg-qos-xml.ts';
import { BrokerError } from '../../model/error.ts';
import { answer, XML_HEADERS } from './answer.ts';
import { mediaTypeOf, setMessageHeaders } from './header-value.ts';
import { encodeUpdate, updateInfo } from './update-encoder.ts';
import { writeError } from './write-error.ts';

export interface PollOptions {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** The answer is the content itself; key, QoS and cursor stand in headers. */
  readonly isRaw: boolean;
  readonly encodeCursor: (cursor: number) => string;
  readonly now: () => number;
  /** What waits to be read by the client counts against it. */
  readonly outgoing: MemoryAccount;
  /** Ms the client may leave the answer unread before it is cut off. */
  readonly writeTimeoutMs: number;
  /** The answer is written or the client is gone; called once. */
  readonly onEnd: () => void;
}

/** One waiting long poll: takes one batch of updates, answers, and is done. */
export class PollChannel implements CallbackChannel {
  readonly isSignOfLife = true;
  readonly #response: ServerResponse;
  readonly #options: PollOptions;
  #isOpen = true;

  constructor(response: ServerResponse, options: PollOptions) {
    this.#response = response;
    this.#options = options;
    response.once('close', () => this.#end());
  }

  get capacity(): number {
    return this.#isOpen ? this.#options.maxEntries : 0;
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  update(deliveries: readonly Delivery[], lastCursor: number, waiting: number): void {
    const cursor = this.#options.encodeCursor(lastCursor);
    this.#response.setTimeout(this.#options.writeTimeoutMs);
    if (this.#options.isRaw) this.#writeRaw(deliveries, cursor, waiting);
    else this.#writeXml(deliveries, cursor, waiting);
    this.#end();
  }

  fail(error: BrokerError): void {
    if (!this.#isOpen) return;
    writeError(this.#response, error);
    this.#end();
  }

  /** Answers that there is nothing. */
  expire(): void {
    if (!this.#isOpen) return;
    answer(this.#response, 204, [], undefined);
    this.#end();
  }

  close(end: ChannelEnd): void {
    if (end === 'displaced') this.fail(new BrokerError('user.connect.multiple', DISPLACED));
    else this.expire();
  }

  #writeXml(deliveries: readonly Delivery[], cursor: string, waiting: number): void {
    const now = this.#options.now();
    let body = `<xmlBlasterResponse ack='${cursor}'>\n`;
    for (let i = 0; i < deliveries.length; i++) body += `${encodeUpdate(deliveries, i, waiting, now)}\n`;
    this.#answer(XML_HEADERS, `${body}</xmlBlasterResponse>\n`);
  }

  #writeRaw(deliveries: readonly Delivery[], cursor: string, waiting: number): void {
    const { message, parts } = deliveries[0] as Delivery;
    setMessageHeaders(
      this.#response,
      message.key,
      encodeMsgQos(message, updateInfo(deliveries, 0, waiting), this.#options.now()),
    );
    const headers = ['X-Ack', cursor, 'Content-Type', mediaTypeOf(message.key)];
    this.#answer(headers, parts.content ? message.content : '');
  }

  /** An answer that does not fit in memory is none: its updates stay unacknowledged. */
  #answer(headers: readonly string[], body: string | Buffer): void {
    const { outgoing } = this.#options;
    const bytes = body.length;
    try {
      outgoing.require(bytes);
    } catch (error) {
      writeError(this.#response, error as BrokerError);
      return;
    }
    outgoing.charge(bytes);
    this.#response.once('close', () => outgoing.release(bytes));
    answer(this.#response, 200, headers, body);
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.onEnd();
  }
}

export const DISPLACED =
  'Another poll or stream of the same session took over; one session has one poller, use a session of your own';
