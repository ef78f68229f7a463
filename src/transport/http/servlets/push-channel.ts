import type { ServerResponse } from 'node:http';
import type { TimerWheel } from '../../../base/timer-wheel.ts';
import type { Delivery } from '../../../broker/delivery.ts';
import type { CallbackChannel, ChannelEnd } from '../../../broker/ports.ts';
import type { Session } from '../../../broker/session.ts';
import { BrokerError } from '../../../model/error.ts';
import type { UpdateInfo } from '../../../model/message.ts';
import { EndlessAnswer } from '../endless-answer.ts';
import { DISPLACED } from '../poll-channel.ts';
import { updateInfo } from '../update-encoder.ts';

/** How a servlet tells its clients things. */
export interface PushFormat {
  readonly headers: Readonly<Record<string, string>>;
  /** What stands before the first part. */
  readonly opening: string;
  /** Whether its clients take updates one part at a time, and say when they are ready for the next. */
  readonly saysReady: boolean;
  ping(state: string): string;
  error(error: BrokerError): string;
  /** @throws BrokerError `user.maxSizeExceed` for an update that the format can not carry. */
  update(delivery: Delivery, info: UpdateInfo, nowMs: number): string;
  /** Makes a part of what some of the above have said. */
  part(statements: string): string;
}

export interface PushOptions {
  /** The most content bytes that wait for the client to read them, one update aside. */
  readonly maxBytes: number;
  /** Ms the client may leave updates unread before it is cut off. */
  readonly writeTimeoutMs: number;
  readonly now: () => number;
  readonly timers: TimerWheel;
  /** The client gets none of these, ever. */
  readonly onRefused: (deliveries: readonly Delivery[], reason: string) => void;
  /** The stream is over; called once. */
  readonly onEnd: (end: ChannelEnd) => void;
}

/** The most updates that wait for the client to read them. */
const WINDOW = 100;

/**
 * The stream on which a servlet pushes updates to an applet or a page. Clients can not acknowledge: an update is done when it has
 * left the process.
 */
export class PushChannel implements CallbackChannel {
  readonly isSignOfLife = true;
  readonly #answer: EndlessAnswer;
  readonly #session: Session;
  readonly #format: PushFormat;
  readonly #options: PushOptions;
  #isReady = true;
  #end: ChannelEnd = 'disconnected';

  constructor(response: ServerResponse, session: Session, format: PushFormat, options: PushOptions) {
    this.#session = session;
    this.#format = format;
    this.#options = options;
    this.#answer = new EndlessAnswer(response, {
      ...options,
      headers: format.headers,
      opening: format.opening,
      window: WINDOW,
      onEnd: () => options.onEnd(this.#end),
    });
  }

  get capacity(): number {
    return this.#isReady ? this.#answer.capacity : 0;
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  update(deliveries: readonly Delivery[], lastCursor: number, waiting: number): void {
    const { dispatcher } = this.#session;
    const now = this.#options.now();
    let statements = '';
    let bytes = 0;
    for (const [i, delivery] of deliveries.entries()) {
      try {
        statements += this.#format.update(delivery, updateInfo(deliveries, i, waiting), now);
        bytes += delivery.message.content.length;
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        statements += this.#format.error(error);
        const cursor = lastCursor - deliveries.length + 1 + i;
        this.#options.onRefused(dispatcher.settle(cursor, cursor), error.message);
      }
    }
    this.#isReady = !this.#format.saysReady;
    this.#answer.send(this.#format.part(statements), deliveries.length, bytes, () => {
      dispatcher.acknowledge(lastCursor);
      dispatcher.wake();
    });
  }

  fail(error: BrokerError): void {
    this.#answer.write(this.#format.part(this.#format.error(error)));
  }

  /** As in the original, a client that has not said that it is ready counts as ready again. */
  ping(state: string): void {
    this.#answer.write(this.#format.part(this.#format.ping(state)));
    this.ready();
  }

  /** Tells of a request that failed, unless the client does not read. */
  complain(error: BrokerError): void {
    this.#answer.remark(this.#format.part(this.#format.error(error)));
  }

  /** The client takes the next part. */
  ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#session.dispatcher.wake();
  }

  close(end: ChannelEnd): void {
    this.#end = end;
    const displaced = (): string => this.#format.part(this.#format.error(new BrokerError('user.connect.multiple', DISPLACED)));
    this.#answer.end(end === 'displaced' ? displaced() : '');
  }
}
