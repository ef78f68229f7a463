import { BrokerError } from '../model/error.ts';
import { isAllowed, wants } from './deliveries.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { History } from './history.ts';
import type { Message } from './message.ts';
import type { Subscription } from './subscription.ts';

/** A message that one subscriber has, on its way to be done with. */
export interface Job {
  /** It was acknowledged, or became a dead message. */
  done(): void;
  /** The subscriber is gone or does not want it now: it is for others. */
  giveBack(): void;
}

/**
 * How often one distribution asks whether a subscriber takes a message, and for how many ms: filters take their time. What is left waits
 * for the next one.
 */
const MAX_CHECKS = 10_000;
const MAX_MS = 5;

/**
 * The original's distributor of this name: every message of a topic goes to exactly one of its subscribers, the oldest first. It
 * waits in the history until a subscriber listens that has none under way; of several such, the one that subscribed first gets it.
 */
export class ConsumableQueue {
  readonly #history: History;
  readonly #subscribers = new Map<Dispatcher, Set<Subscription>>();
  readonly #busy = new Set<Subscription>();
  #isDistributing = false;
  /** There are messages that nobody was ready for: sessions offer themselves when they are. */
  #isWaiting = false;

  constructor(history: History) {
    this.#history = history;
  }

  join(subscription: Subscription): void {
    const { dispatcher } = subscription.session;
    const subscriptions = this.#subscribers.get(dispatcher) ?? new Set();
    this.#subscribers.set(dispatcher, subscriptions.add(subscription));
    if (this.#isWaiting) dispatcher.addJobSource(this);
    this.offer(dispatcher);
  }

  leave(subscription: Subscription): void {
    const { dispatcher } = subscription.session;
    const subscriptions = this.#subscribers.get(dispatcher);
    subscriptions?.delete(subscription);
    if (subscriptions?.size !== 0) return;
    this.#subscribers.delete(dispatcher);
    dispatcher.removeJobSource(this);
  }

  /** There are new messages: hands out what somebody is ready for. */
  distribute(): void {
    this.#distribute(this.#ready(this.#subscribers.keys()));
  }

  /** This session may have become ready. */
  offer(dispatcher: Dispatcher): void {
    this.#distribute(this.#ready([dispatcher]));
  }

  #distribute(ready: Iterator<Subscription>): void {
    if (this.#isDistributing) return;
    this.#isDistributing = true;
    try {
      for (const [message, subscription] of this.#pair(ready)) this.#assign(message, subscription);
    } finally {
      this.#isDistributing = false;
    }
    this.#setWaiting(this.#history.size > 0);
  }

  #setWaiting(isWaiting: boolean): void {
    if (this.#isWaiting === isWaiting) return;
    this.#isWaiting = isWaiting;
    for (const dispatcher of this.#subscribers.keys()) {
      if (isWaiting) dispatcher.addJobSource(this);
      else dispatcher.removeJobSource(this);
    }
  }

  *#ready(dispatchers: Iterable<Dispatcher>): Generator<Subscription> {
    for (const dispatcher of dispatchers) {
      if (!dispatcher.isReady) continue;
      for (const subscription of this.#subscribers.get(dispatcher) ?? []) if (!this.#busy.has(subscription)) yield subscription;
    }
  }

  /** Who gets what. */
  #pair(ready: Iterator<Subscription>): (readonly [Message, Subscription])[] {
    const pairs: (readonly [Message, Subscription])[] = [];
    const waiting: Subscription[] = []; // those who did not want what came so far
    const endsAt = performance.now() + MAX_MS;
    let checks = 0;
    for (const message of this.#history.oldestFirst()) {
      let taker: Subscription | undefined;
      for (let i = 0; !taker && checks < MAX_CHECKS; i++, checks++) {
        const candidate = waiting[i] ?? pushNext(ready, waiting);
        if (!candidate) break;
        if (canTake(candidate, message)) [taker] = waiting.splice(i, 1);
      }
      if (taker) pairs.push([message, taker]);
      else if (waiting.length === 0 || checks >= MAX_CHECKS) break;
      if (performance.now() > endsAt) break;
    }
    return pairs;
  }

  #assign(message: Message, subscription: Subscription): void {
    if (!this.#history.takeOne(message)) return;
    this.#busy.add(subscription);
    const isMarked = this.#history.mark([message]);
    if (!isMarked) this.#enqueue(message, subscription);
    else
      void isMarked.then(
        () => this.#enqueue(message, subscription),
        () => {}, // the broker ends
      );
  }

  /** The subscriber may have gone meanwhile, and the message been erased. */
  #enqueue(message: Message, subscription: Subscription): void {
    const { id, qos, session } = subscription;
    const { dispatcher } = session;
    const job = this.#createJob(message, subscription);
    const parts = { ...qos, newestOnly: false }; // every message counts
    const redeliver = message.mayHaveBeenHandedOut ? 1 : 0;
    const isThere = dispatcher.hasChannel && this.#subscribers.get(dispatcher)?.has(subscription) === true;
    const isQueued =
      isThere &&
      this.#history.hasTaken(message) &&
      dispatcher.enqueue({ message, subscriptionId: id, parts, isInitial: false, job, redeliver });
    if (!isQueued) job.giveBack();
  }

  #createJob(message: Message, subscription: Subscription): Job {
    return {
      done: () => {
        this.#busy.delete(subscription);
        this.#history.letGo([message]);
        this.offer(subscription.session.dispatcher);
      },
      giveBack: () => {
        this.#busy.delete(subscription);
        this.#history.giveBack([message]);
        setImmediate(() => this.distribute()); // later: whoever gives back is in the middle of something
      },
    };
  }
}

function canTake(subscription: Subscription, message: Message): boolean {
  const { queue } = subscription.session.dispatcher;
  if (!wants(subscription, message) || !isAllowed(subscription) || !queue.hasRoom(message.content.length)) return false;
  return passesFilters(subscription, message);
}

/** A filter that fails on a message does not let it pass: it is for somebody else. */
function passesFilters({ filters, session }: Subscription, message: Message): boolean {
  try {
    return filters === undefined || filters.passes(message, session.absoluteName);
  } catch (error) {
    if (error instanceof BrokerError) return false;
    throw error;
  }
}

function pushNext(source: Iterator<Subscription>, target: Subscription[]): Subscription | undefined {
  const { value, done } = source.next();
  if (done) return undefined;
  target.push(value);
  return value;
}
