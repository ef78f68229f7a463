import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ackOf, readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { RawClient } from '../helpers/raw.ts';
import { readStatistics, untilStatistics, untilSubscribed } from '../helpers/statistics.ts';
import { EventStream } from '../helpers/stream.ts';

interface Entry {
  readonly text: string;
  readonly priority: number;
  /** Whether it has been handed out: to a client that went away, nobody knows. */
  seen: 'never' | 'perhaps' | 'yes';
}

/**
 * What a named session promises, as a list: every message that was published and not acknowledged is in it, in the order in which
 * it has to come. Random polls, streams and broken connections are held against it.
 */
class Model {
  readonly #broker: TestBroker;
  readonly #session: string;
  /** By priority from high to low, then by age. */
  readonly #waiting: Entry[] = [];
  #published = 0;
  /** Somebody who went away may still be the one who listens, as far as the broker knows. */
  #isHaunted = false;
  #last: { ack: string; texts: readonly string[] } = { ack: '', texts: [] };

  constructor(broker: TestBroker, session: string) {
    this.#broker = broker;
    this.#session = session;
  }

  get #updates(): string {
    return `/updates?session=${this.#session}&oid=${encodeURIComponent(this.#session)}`;
  }

  async publish(priority: number): Promise<void> {
    const text = `${priority}:${this.#published++}`;
    const { status } = await this.#broker.put(`/topics/${this.#session}?lifeTime=0&priority=${priority}`, text);
    expect(status).toBeLessThan(300);
    const behind = this.#waiting.findIndex((other) => other.priority < priority);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, {
      text,
      priority,
      seen: this.#isHaunted ? 'perhaps' : 'never',
    });
  }

  async poll(max: number, isAcknowledging: boolean): Promise<void> {
    const ack = isAcknowledging ? `&ack=${this.#last.ack}` : '';
    if (isAcknowledging) this.#acknowledged(this.#last.texts);
    const { status, body } = await this.#broker.get(`${this.#updates}&timeout=0&max=${max}${ack}`);
    this.#isHaunted = false;
    expect(status).toBe(this.#waiting.length === 0 ? 204 : 200);
    if (status === 200) this.#got(body, this.#waiting.slice(0, max), ackOf(body));
  }

  /** A poll whose answer nobody reads to its end. */
  async breakPoll(max: number): Promise<void> {
    const client = await RawClient.connect(this.#broker.port);
    client.write(`GET ${this.#updates}&timeout=0&max=${max} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await client.until(/HTTP/);
    client.destroy();
    this.#isHaunted = false;
    for (const entry of this.#waiting.slice(0, max)) entry.seen = 'yes';
    this.#last = { ack: '', texts: [] };
  }

  /** A poll that is given up while it waits, if there is nothing to get. */
  async giveUpPoll(): Promise<void> {
    if (this.#waiting.length > 0) return;
    const { subscriptions } = await readStatistics(this.#broker);
    const client = await RawClient.connect(this.#broker.port);
    const another = `${this.#updates}-${this.#published++}`;
    client.write(`GET ${another} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await untilSubscribed(this.#broker, subscriptions + 1);
    client.destroy();
    this.#isHaunted = true;
    this.#last = { ack: '', texts: [] };
  }

  /** A stream of which `count` events are read before it is broken off. */
  async stream(count: number): Promise<void> {
    const expected = this.#waiting.slice(0, Math.min(count, this.#waiting.length));
    const stream = await EventStream.open(this.#broker, this.#updates);
    for (const entry of expected) {
      const event = await stream.next();
      this.#got(event?.data ?? '<none/>', [entry], event?.id ?? '');
    }
    stream.abort();
    this.#last = { ack: stream.lastId, texts: expected.map(({ text }) => text) };
    for (const entry of this.#waiting) if (entry.seen === 'never') entry.seen = 'perhaps';
    this.#isHaunted = true;
  }

  async acknowledge(): Promise<void> {
    const path = `/ack?session=${this.#session}&ack=${this.#last.ack || 'none'}`;
    expect((await this.#broker.post('', path)).status).toBe(204);
    this.#acknowledged(this.#last.texts);
  }

  /** Everything comes, in order, and after its acknowledgement nothing comes again. */
  async finish(): Promise<void> {
    await this.poll(10_000, false);
    await this.acknowledge();
    await this.poll(10_000, false);
    expect(this.#waiting).toEqual([]);
  }

  #acknowledged(texts: readonly string[]): void {
    for (const text of texts) {
      const index = this.#waiting.findIndex((entry) => entry.text === text);
      if (index >= 0) this.#waiting.splice(index, 1);
    }
    this.#last = { ack: '', texts: [] };
  }

  #got(xml: string, expected: readonly Entry[], ack: string): void {
    const messages = readMessages(xml);
    expect(messages.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
    for (const [i, entry] of expected.entries()) {
      const redeliver = messages[i]?.redeliver ?? 0;
      if (entry.seen === 'yes') expect(redeliver, `${entry.text} comes again`).toBeGreaterThan(0);
      if (entry.seen === 'never') expect(redeliver, `${entry.text} is new`).toBe(0);
      entry.seen = 'yes';
    }
    this.#last = { ack, texts: messages.map(({ text }) => text) };
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('publish' as const), n: fc.integer({ min: 3, max: 6 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('poll' as const, 'pollWithAck' as const), n: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('breakPoll' as const, 'stream' as const), n: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('acknowledge' as const, 'giveUpPoll' as const), n: fc.constant(0) }) },
);

async function act(model: Model, { do: what, n }: typeof step extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  if (what === 'publish') await model.publish(n);
  else if (what === 'poll' || what === 'pollWithAck') await model.poll(n, what === 'pollWithAck');
  else if (what === 'breakPoll') await model.breakPoll(n);
  else if (what === 'stream') await model.stream(n);
  else if (what === 'acknowledge') await model.acknowledge();
  else await model.giveUpPoll();
}

test('a named session loses nothing, keeps the order, marks what comes again', { timeout: 60_000 }, async () => {
  const broker = await startBroker();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const model = new Model(broker, `joe/${++run}`);
      await model.poll(1, false);
      for (const next of steps) await act(model, next);
      await model.finish();
      await broker.post('<disconnect/>', `/?session=joe/${run}`);
    }),
    { numRuns: 300 },
  );
  await untilStatistics(broker, ({ percent }) => percent === 0);
});
