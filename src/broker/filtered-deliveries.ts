import type { Slicer } from '../base/slicer.ts';
import { BrokerError } from '../model/error.ts';
import type { FilterChain } from '../query/filter/filter-chain.ts';
import { DELIVERY_BYTES } from './delivery.ts';
import { isEraseNotice } from './erase-notice.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { Message } from './message.ts';
import type { Subscription } from './subscription.ts';

/** So many may wait before publishers wait too. */
const MAX_LINE = 1_000;

interface Candidate {
  readonly subscription: Subscription;
  readonly message: Message;
  readonly isInitial: boolean;
  /** Those of the moment: later ones of the subscription are for later messages. None: it only keeps its place. */
  readonly filters: FilterChain | undefined;
}

export interface FilteredDeliveriesContext {
  readonly slicer: Slicer;
  readonly account: MemoryAccount;
  /** It has passed. */
  readonly deliver: (subscription: Subscription, message: Message, isInitial: boolean) => void;
  /** A filter could not say whether it passes. */
  readonly fail: (subscription: Subscription, message: Message, error: BrokerError) => void;
}

/**
 * Asks the filters of subscriptions. Filters cost time, and one message may have many to pass: so this takes slices of at most 5 ms,
 * and whoever does not fit into one waits in line. One line for all, so that every subscriber gets its messages in their order.
 * The line is short because publishers wait while it is long (`isBehind`), and what waits is charged to the memory account.
 */
export class FilteredDeliveries {
  readonly #context: FilteredDeliveriesContext;
  /** Those who wait, and in between those who want to know when all before them have been asked. */
  #line: (Candidate | (() => void))[] = [];
  #next = 0;
  #isWorking = false;

  constructor(context: FilteredDeliveriesContext) {
    this.#context = context;
  }

  /** Somebody waits in line. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** Very many wait in line: publishers wait for `caughtUp` then, so that the line stays short. */
  get isBehind(): boolean {
    return this.#line.length - this.#next > MAX_LINE;
  }

  /** Resolves when all who wait in line now have had their turn. */
  async caughtUp(): Promise<void> {
    if (this.#isWorking) await new Promise<void>((resolve) => this.#line.push(resolve));
  }

  /** The message goes on at once when its turn is now; otherwise in a later turn of the event loop. */
  take(subscription: Subscription, message: Message, isInitial: boolean): void {
    const { slicer, account } = this.#context;
    const candidate = { subscription, message, isInitial, filters: subscription.filters };
    if (!this.#isWorking) slicer.begin();
    if (!this.#isWorking && !slicer.expired) {
      this.#ask(candidate);
      return;
    }
    message.retain();
    account.charge(DELIVERY_BYTES);
    this.#line.push(candidate);
    if (!this.#isWorking) void this.#work(); // nothing in it rejects
  }

  async #work(): Promise<void> {
    const { slicer } = this.#context;
    this.#isWorking = true;
    await slicer.next();
    for (let waiting = this.#line[this.#next]; waiting; waiting = this.#line[this.#next]) {
      if (typeof waiting === 'function') waiting();
      else this.#serve(waiting);
      this.#advance();
      if (slicer.expired) await slicer.next();
    }
    this.#line = [];
    this.#next = 0;
    this.#isWorking = false;
  }

  #serve(candidate: Candidate): void {
    this.#ask(candidate);
    candidate.message.release();
    this.#context.account.release(DELIVERY_BYTES);
  }

  /** Those who have had their turn go out of memory now and then. */
  #advance(): void {
    if (++this.#next < MAX_LINE) return;
    this.#line.splice(0, this.#next);
    this.#next = 0;
  }

  #ask({ subscription, message, isInitial, filters }: Candidate): void {
    const { deliver, fail } = this.#context;
    const { session } = subscription;
    if (session.isClosed) return;
    const answer = passes(filters, message, session.absoluteName);
    if (answer === true) deliver(subscription, message, isInitial);
    else if (answer !== false) fail(subscription, message, answer);
  }
}

/** The notice that a topic is erased passes every filter: it is not a message of the topic. */
function passes(filters: FilterChain | undefined, message: Message, receiver: string): boolean | BrokerError {
  if (!filters || isEraseNotice(message)) return true;
  try {
    return filters.passes(message, receiver);
  } catch (error) {
    if (error instanceof BrokerError) return error;
    throw error;
  }
}
