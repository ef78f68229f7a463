import type { Timer } from '../../../base/timer-wheel.ts';
import type { Broker } from '../../../broker/broker.ts';
import type { Delivery } from '../../../broker/delivery.ts';
import { isEraseNotice } from '../../../broker/erase-notice.ts';
import type { CallbackChannel } from '../../../broker/ports.ts';
import type { OnGone } from '../../../broker/queue-queries.ts';
import type { Session } from '../../../broker/session.ts';

/** What a page asks for. */
export interface Poll {
  /** The poll ends at once when so many updates wait, 1 or more; when its time is over, with those that do. */
  readonly minEntries: number;
  readonly maxEntries: number;
  /** 0: what is there. */
  readonly timeoutMs: number;
  readonly onGone: OnGone;
}

/** What a poll got. */
export interface Batch {
  readonly deliveries: readonly Delivery[];
  /** How many others wait behind it. */
  readonly waiting: number;
  /** To be called once: when the answer has not left the updates return to their places in the queue, at once. */
  settle(hasLeft: boolean): void;
}

/** Content bytes of one batch, one update aside. */
const MAX_BATCH_BYTES = 10 * 1024 * 1024;

/** Polls of one browser that wait at a time, say in several tabs; one more ends the one that came first. */
const MAX_POLLS = 10;

interface WaitingPoll extends Poll {
  isDue: boolean;
  timer: Timer | undefined;
  end(batch: Batch | undefined): void;
}

/**
 * The updates of a session for a browser: each goes to the poll that has waited longest, and the next poll acknowledges it. What
 * tells that a topic was erased is left out, as in the original.
 */
export class BrowserChannel implements CallbackChannel {
  readonly #session: Session;
  readonly #timers: Broker['timers'];
  #polls: readonly WaitingPoll[] = [];
  /** The numbers of updates that have left, from … to, and are not acknowledged yet. */
  #sent: (readonly [first: number, last: number])[] = [];

  constructor(session: Session, timers: Broker['timers']) {
    this.#session = session;
    this.#timers = timers;
  }

  get isSignOfLife(): boolean {
    return this.#polls.length > 0;
  }

  get capacity(): number {
    const [first] = this.#polls;
    if (!first) return 0;
    return first.isDue || this.#session.dispatcher.queue.waiting >= first.minEntries ? first.maxEntries : 0;
  }

  get maxBytes(): number {
    return MAX_BATCH_BYTES;
  }

  /** The next updates; undefined when there are none in time, the client is gone, or the session is over. */
  poll(poll: Poll): Promise<Batch | undefined> {
    this.#acknowledge();
    if (this.#polls.length >= MAX_POLLS) this.#polls[0]?.end(undefined);
    return new Promise((resolve) => {
      const waiting: WaitingPoll = {
        ...poll,
        isDue: false,
        timer: undefined,
        end: (batch) => {
          this.#polls = this.#polls.filter((other) => other !== waiting);
          waiting.timer?.cancel();
          stopWatching();
          resolve(batch);
        },
      };
      const stopWatching = poll.onGone(() => waiting.end(undefined));
      this.#polls = [...this.#polls, waiting];
      if (poll.timeoutMs > 0) waiting.timer = this.#timers.start(poll.timeoutMs, () => this.#expire(waiting));
      this.#handOut();
      if (poll.timeoutMs === 0) this.#expire(waiting);
    });
  }

  update(deliveries: readonly Delivery[], cursor: number, waiting: number): void {
    const first = cursor - deliveries.length + 1;
    const { dispatcher } = this.#session;
    const shown = deliveries.filter(({ message }) => !isEraseNotice(message));
    if (shown.length === 0) {
      dispatcher.settle(first, cursor);
      return;
    }
    this.#polls[0]?.end({
      deliveries: shown,
      waiting,
      settle: (hasLeft) => {
        if (hasLeft) this.#sent.push([first, cursor]);
        else this.#giveBack(first, cursor);
      },
    });
  }

  /** The page learns of it when it polls again. */
  fail(): void {}

  close(): void {
    for (const poll of this.#polls) poll.end(undefined);
  }

  #acknowledge(): void {
    for (const [first, last] of this.#sent) this.#session.dispatcher.settle(first, last);
    this.#sent = [];
  }

  #giveBack(first: number, last: number): void {
    const { dispatcher } = this.#session;
    dispatcher.giveBack(first, last);
    dispatcher.wake();
  }

  /** While the session has another channel, say a long poll of `/updates`, that one gets what comes. */
  #handOut(): void {
    const { dispatcher } = this.#session;
    if (!dispatcher.hasChannel) dispatcher.attach(this);
    else {
      dispatcher.wake();
      dispatcher.dispatch();
    }
  }

  #expire(poll: WaitingPoll): void {
    poll.isDue = true;
    // Only the first in the row is asked for; those before it have waited longer and want more.
    if (this.#polls.includes(poll)) this.#polls = [poll, ...this.#polls.filter((other) => other !== poll)];
    this.#session.dispatcher.dispatch();
    if (this.#polls.includes(poll)) poll.end(undefined);
  }
}
