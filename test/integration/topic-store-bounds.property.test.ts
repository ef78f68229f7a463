import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { SurvivingStore } from '../helpers/surviving-store.ts';

const SESSIONS = ['joe/1', 'jack/1', 'jim/1'];
const HISTORY = 3;

type Step =
  | { readonly kind: 'publish'; readonly count: number }
  | { readonly kind: 'consume' | 'look'; readonly session: number; readonly count: number }
  | { readonly kind: 'restart' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 250 }) }),
    fc.record({
      kind: fc.constantFrom('consume' as const, 'look' as const),
      session: fc.nat(SESSIONS.length - 1),
      count: fc.integer({ min: 1, max: 300 }),
    }),
    fc.constant({ kind: 'restart' as const }),
  ),
  { minLength: 3, maxLength: 12 },
);

test('a topic has room for so many messages as its msgUnitStore is bigger than what waits anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const topic = new BoundedTopic(new SurvivingStore());
      await topic.start();
      for (const step of list) {
        await topic.do(step);
        await topic.check();
      }
      await topic.close();
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 60_000);

/** A topic, and which of its messages wait where. */
class BoundedTopic {
  readonly #store: SurvivingStore;
  readonly #waiting = SESSIONS.map((): number[] => []);
  #published = 0;
  #broker: TestBroker | undefined;

  constructor(store: SurvivingStore) {
    this.#store = store;
  }

  async start(): Promise<void> {
    this.#broker = await startBroker({}, { store: this.#store });
    await this.#publish(1);
    for (const session of SESSIONS) {
      const cache = "<queue relating='callback' maxEntriesCache='100'/>";
      await this.#post(`<connect><qos><session name='${session}'/><persistent/>${cache}</qos></connect>`);
      await this.#broker.get(`/updates?session=${session}&persistent=true&oid=a&timeout=0`);
    }
    for (const [i, session] of SESSIONS.entries()) await this.#consume(session, this.#waiting[i] as number[], 1);
  }

  async do(step: Step): Promise<void> {
    if (step.kind === 'restart') {
      await this.close();
      this.#broker = await startBroker({}, { store: this.#store });
    } else if (step.kind === 'publish') {
      await this.#configure('9999999');
      await this.#publish(step.count);
    } else {
      const session = SESSIONS[step.session] as string;
      if (step.kind === 'consume') await this.#consume(session, this.#waiting[step.session] as number[], step.count);
      else await this.#broker?.get(`/updates?session=${session}&timeout=0&max=${step.count}`);
    }
  }

  /** One more than there are fits, and no more. */
  async check(): Promise<void> {
    const newest = Array.from({ length: HISTORY }, (_, i) => this.#published - i).filter((number) => number > 0);
    const { size } = new Set([...this.#waiting.flat(), ...newest]);
    await this.#configure(`${size}`);
    expect(await this.#post(PUBLISH)).toContain('resource.overflow.queue.entries');
    await this.#configure(`${size + 1}`);
    await this.#publish(1);
  }

  async close(): Promise<void> {
    await this.#broker?.close();
  }

  async #publish(count: number): Promise<void> {
    const answer = await this.#post(`<xmlBlaster>${PUBLISH.repeat(count)}</xmlBlaster>`);
    expect(answer).not.toContain('<exception');
    for (let i = 0; i < count; i++) {
      this.#published++;
      for (const waiting of this.#waiting) waiting.push(this.#published);
    }
  }

  async #consume(session: string, waiting: number[], count: number): Promise<void> {
    const { body } = (await this.#broker?.get(`/updates?session=${session}&timeout=0&max=${count}`)) ?? { body: '' };
    expect([...body.matchAll(/<update>/g)]).toHaveLength(Math.min(count, waiting.length));
    const ack = / ack='([^']+)'/.exec(body)?.[1];
    if (ack) await this.#broker?.fetch(`/ack?session=${session}&ack=${ack}`, { method: 'POST' });
    waiting.splice(0, count);
  }

  #configure(maxEntries: string): Promise<string> {
    const topic = `<topic><persistence maxEntries='${maxEntries}'/></topic>`;
    return this.#post(`<publish><key oid='a'/><qos><administrative/>${topic}</qos></publish>`);
  }

  async #post(script: string): Promise<string> {
    return (await this.#broker?.post(script))?.body ?? '';
  }
}

const PUBLISH = `<publish><key oid='a'/><content>x</content><qos><persistent/><topic><queue relating='history' maxEntries='${HISTORY}'/></topic></qos></publish>`;
