import { cursorIn, readUnits, request } from './http-client.ts';
import type { Life } from './life.ts';
import { numberIn } from './message.ts';
import type { Random } from './random.ts';
import { type Subscriber, sessionOf } from './subscriber.ts';
import type { Witness } from './witness.ts';

const MAX_UPDATES = 60;
const ALL_UPDATES = 1_000;

/** The first poll of a subscriber's life: the session is made, and subscribes. */
export async function subscribeByPolls(port: number, subscriber: Subscriber): Promise<void> {
  const queries = subscriber.queries.map((query) => new URLSearchParams({ ...query }).toString());
  for (const query of queries.length > 0 ? queries : ['']) await request(port, `${pathOf(subscriber)}&timeout=0&${query}`);
}

/** Polls until the life is over: acknowledges with the next poll, by itself, or not at all. */
export async function keepPolling(subscriber: Subscriber, life: Life, random: Random): Promise<void> {
  const poller = new Poller(subscriber, life.port, life.witness);
  while (!life.isOver) {
    const { isEmpty } = await poller.poll(`&timeout=1&max=${random.between(1, MAX_UPDATES)}`);
    if (isEmpty || random.chance(0.7)) continue;
    if (random.chance(0.5)) await poller.acknowledge();
    else poller.forget();
    await life.pause(random, 20);
  }
}

/** Gets everything that is there, and acknowledges it. */
export async function pollAll(subscriber: Subscriber, port: number, witness: Witness): Promise<void> {
  const poller = new Poller(subscriber, port, witness);
  for (;;) {
    const owed = witness.ledger.owedTo(subscriber.name);
    const { isEmpty } = await poller.poll(`&timeout=0&max=${ALL_UPDATES}`);
    if (isEmpty) return witness.ledger.settle(subscriber.name, owed);
  }
}

class Poller {
  readonly #subscriber: Subscriber;
  readonly #port: number;
  readonly #witness: Witness;
  #cursor = '';
  /** What the cursor covers. */
  #unacknowledged: number[] = [];

  constructor(subscriber: Subscriber, port: number, witness: Witness) {
    this.#subscriber = subscriber;
    this.#port = port;
    this.#witness = witness;
  }

  async poll(query: string): Promise<{ readonly isEmpty: boolean }> {
    const { name } = this.#subscriber;
    if (this.#cursor === '') this.#witness.note({ kind: 'opened', subscriber: name });
    const ack = this.#cursor === '' ? '' : `&ack=${this.#cursor}`;
    const { status, body } = await request(this.#port, `${pathOf(this.#subscriber)}${query}${ack}`);
    this.#acknowledged();
    if (status === 204) return { isEmpty: true };
    for (const { content, redeliver } of readUnits(body)) {
      this.#witness.note({ kind: 'received', subscriber: name, content, redeliver });
      this.#unacknowledged.push(numberIn(content));
    }
    this.#cursor = cursorIn(body);
    return { isEmpty: false };
  }

  async acknowledge(): Promise<void> {
    await request(this.#port, `/ack?session=${sessionOf(this.#subscriber)}&ack=${this.#cursor}`, { method: 'POST' });
    this.#acknowledged();
  }

  /** The next poll gets it all again. */
  forget(): void {
    this.#cursor = '';
    this.#unacknowledged = [];
  }

  #acknowledged(): void {
    if (this.#cursor !== '')
      this.#witness.note({ kind: 'acknowledged', subscriber: this.#subscriber.name, numbers: this.#unacknowledged });
    this.forget();
  }
}

/** Those who subscribe say that their session is to survive; the others' come back only for what waits for them. */
function pathOf(subscriber: Subscriber): string {
  const persistent = subscriber.queries.length > 0 ? '&persistent=true&maxEntries=10000000' : '';
  return `/updates?session=${sessionOf(subscriber)}${persistent}`;
}
