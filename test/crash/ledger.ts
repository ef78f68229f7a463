import { contentOf, type Message, numberIn } from './message.ts';
import { Receipts } from './receipts.ts';
import type { Subscriber } from './subscriber.ts';

/** What was seen from outside, in the order in which it was seen. */
export type Event =
  | { readonly kind: 'sent'; readonly message: Message }
  | { readonly kind: 'acked'; readonly number: number; readonly rcvTimestamp: bigint }
  | { readonly kind: 'opened'; readonly subscriber: string }
  | { readonly kind: 'received'; readonly subscriber: string; readonly content: string; readonly redeliver: number }
  | { readonly kind: 'acknowledged'; readonly subscriber: string; readonly numbers: readonly number[] }
  | { readonly kind: 'ended' };

export interface Figures {
  published: number;
  acked: number;
  delivered: number;
  /** Deliveries that said that they are a repetition. */
  repeated: number;
  lost: number;
  unmarked: number;
  /** Everything else that was not as it must be. */
  otherProblems: number;
}

interface Acked {
  readonly message: Message;
  readonly rcvTimestamp: bigint;
}

/**
 * The model of what the broker promises: it knows what was sent, acknowledged and received, and notices what must not be. It holds for
 * every moment, so that the first half of a run is a run, too.
 */
export class Ledger {
  readonly figures: Figures = { published: 0, acked: 0, delivered: 0, repeated: 0, lost: 0, unmarked: 0, otherProblems: 0 };
  readonly problems: string[] = [];
  life = 1;
  readonly #subscribers: ReadonlyMap<string, { readonly subscriber: Subscriber; readonly receipts: Receipts }>;
  readonly #messages: Message[] = [];
  /** When each message was sent, as the number of an event. */
  readonly #sentAt: number[] = [];
  readonly #acked = new Map<string, Acked[]>();
  #events = 0;
  /** Events up to here happened before the broker began to store something that it has acknowledged: their effects are stored, too. */
  #safeUntil = 0;

  constructor(subscribers: readonly Subscriber[]) {
    this.#subscribers = new Map(
      subscribers.map((subscriber) => [subscriber.name, { subscriber, receipts: new Receipts(subscriber.name) }]),
    );
  }

  /** The number of the next message. */
  get nextNumber(): number {
    return this.#messages.length;
  }

  apply(event: Event): void {
    this.#events++;
    if (event.kind === 'sent') this.#sent(event.message);
    else if (event.kind === 'acked') this.#ackedBy(event.number, event.rcvTimestamp);
    else if (event.kind === 'opened') this.#receiptsOf(event.subscriber).open();
    else if (event.kind === 'received') this.#received(event.subscriber, event.content, event.redeliver);
    else if (event.kind === 'acknowledged') this.#receiptsOf(event.subscriber).acknowledged(event.numbers, this.#events);
    else this.#ended();
  }

  /** What `subscriber` must have got when everything that is there now has been delivered. */
  owedTo(subscriber: string): ReadonlySet<number> {
    return new Set(this.#receiptsOf(subscriber).outstanding);
  }

  /** Everything that was there is delivered: of what was owed before, nothing may be left. */
  settle(subscriber: string, owed: ReadonlySet<number>): void {
    const receipts = this.#receiptsOf(subscriber);
    for (const number of owed) {
      if (!receipts.outstanding.delete(number)) continue;
      this.figures.lost++;
      this.problems.push(`LOST: ${subscriber} did not get ${this.describe(number)}`);
    }
  }

  problem(sentence: string): void {
    this.figures.otherProblems++;
    this.problems.push(sentence);
  }

  /** The persistent messages of a topic that were acknowledged, in the order of the broker's timestamps. */
  ackedOn(topic: string): readonly Acked[] {
    return [...(this.#acked.get(topic) ?? [])].sort((a, b) => (a.rcvTimestamp < b.rcvTimestamp ? -1 : 1));
  }

  /** The message that a content belongs to, if it was sent like that. */
  find(content: string): Message | undefined {
    const message = this.#messages[numberIn(content)];
    return message && contentOf(message) === content ? message : undefined;
  }

  describe(number: number): string {
    const message = this.#messages[number];
    return message ? `message ${JSON.stringify(message)}` : `message ${number}`;
  }

  #sent(message: Message): void {
    this.figures.published++;
    this.#messages[message.number] = message;
    this.#sentAt[message.number] = this.#events;
  }

  #ackedBy(number: number, rcvTimestamp: bigint): void {
    const message = this.#messages[number] as Message;
    this.figures.acked++;
    if (!message.isPersistent) return;
    this.#safeUntil = Math.max(this.#safeUntil, this.#sentAt[number] as number);
    if (message.destination === undefined) this.#ackedListOf(message.topic).push({ message, rcvTimestamp });
    for (const { subscriber, receipts } of this.#subscribers.values()) if (subscriber.wants(message)) receipts.owe(number);
  }

  #received(name: string, content: string, redeliver: number): void {
    this.figures.delivered++;
    if (redeliver > 0) this.figures.repeated++;
    const message = this.find(content);
    const { subscriber } = this.#subscribers.get(name) as { subscriber: Subscriber };
    const what = message ? this.describe(message.number) : `"${content.slice(0, 100)}" (${content.length} characters)`;
    if (!message) this.problem(`ALIEN: ${name} got ${what}, which was never sent`);
    else if (!subscriber.wants(message)) this.problem(`WRONG: ${name} got ${what}, which is not for it`);
    else this.#receivedOwn(name, what, message, redeliver);
  }

  #receivedOwn(name: string, what: string, message: Message, redeliver: number): void {
    if (!message.isPersistent && message.life !== this.life)
      this.problem(`BACK: ${name} got the transient ${what} in life ${this.life}`);
    const { unmarked, problem } = this.#receiptsOf(name).received(message, redeliver);
    if (unmarked) this.figures.unmarked++;
    if (unmarked) this.problems.push(`UNMARKED: ${name} got ${what} again in life ${this.life}: ${unmarked}`);
    if (problem) this.problem(`${problem.replace(':', `: ${name} got ${what} in life ${this.life},`)}`);
  }

  #ended(): void {
    this.life++;
    for (const { receipts } of this.#subscribers.values()) receipts.ended(this.#safeUntil);
  }

  #receiptsOf(name: string): Receipts {
    const known = this.#subscribers.get(name);
    if (!known) throw new Error(`There is no subscriber ${name}`);
    return known.receipts;
  }

  #ackedListOf(topic: string): Acked[] {
    const known = this.#acked.get(topic) ?? [];
    this.#acked.set(topic, known);
    return known;
  }
}
