import { setTimeout as delay } from 'node:timers/promises';
import { readCpuMs } from '../harness/process-usage.ts';
import { type LoadClient, NO_EVENTS } from './load-client.ts';
import type { LoadServer } from './load-server.ts';

/** Publishers and subscribers of one topic. */
export interface Crowd {
  readonly publishers: number;
  readonly subscribers: number;
  /** Bytes of each content. */
  readonly contentBytes: number;
  /** Publishes of all publishers together that are not acknowledged, or have not reached every subscriber. */
  readonly window: number;
  /** One that no other run uses unless given. */
  readonly topic?: string;
}

export interface RunResult {
  /** Publishes that were acknowledged and have reached every subscriber. */
  readonly publishesPerS: number;
  /** Of the server, per publish; µs. NaN where nobody can look. */
  readonly serverCpuUs: number;
  /** Share of one core that the load generator used: near 1, it is what is being measured. */
  readonly clientLoad: number;
}

let lastRun = 0;

/** Names of runs differ, so that nothing of one meets another. */
function nameRun(): string {
  return `bench${process.pid}r${++lastRun}`;
}

/** Keeps the window full for `durationMs`; every message has been acknowledged and received when it ends. */
export async function runCrowd(server: LoadServer, crowd: Crowd, durationMs: number): Promise<RunResult> {
  const run = nameRun();
  const subscribers = await openClients(server, `${run}s`, crowd.subscribers);
  const topic = crowd.topic ?? run;
  for (const subscriber of subscribers) await subscriber.subscribe(topic);
  const publishers = await openClients(server, `${run}p`, crowd.publishers);
  const usage = startUsage(server);
  const flow = new Flow(publishers, subscribers, topic, crowd);
  await flow.run(durationMs);
  const result = usage(flow.published);
  await closeClients([...publishers, ...subscribers]);
  return result;
}

/** Publishes without acknowledgement, as fast as the server takes them; the rate counts what it has read in the end. */
export async function runOneway(server: LoadServer, contentBytes: number, durationMs: number): Promise<RunResult> {
  const run = nameRun();
  const [publisher] = (await openClients(server, run, 1)) as [LoadClient];
  const content = 'x'.repeat(contentBytes);
  const usage = startUsage(server);
  const endsAt = performance.now() + durationMs;
  let published = 0;
  while (performance.now() < endsAt) {
    for (let i = 0; i < BATCH && publisher.bytesWaiting < MAX_BYTES_WAITING; i++, published++)
      publisher.publishOneway(run, content);
    await new Promise(setImmediate);
    publisher.check();
  }
  await publisher.roundTrip();
  const result = usage(published);
  await closeClients([publisher]);
  return result;
}

const BATCH = 200;
const MAX_BYTES_WAITING = 1_000_000;

/** Connects, logs in, logs out and closes, in `parallel` lanes. */
export async function runConnections(server: LoadServer, parallel: number, durationMs: number): Promise<RunResult> {
  const run = nameRun();
  const usage = startUsage(server);
  const endsAt = performance.now() + durationMs;
  let count = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const [client] = (await openClients(server, `${run}c${count++}`, 1)) as [LoadClient];
      await client.close();
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return usage(count);
}

/** Publishes at a fixed rate, whether or not earlier ones have arrived; ms from each publish to its arrival. */
export async function runPaced(server: LoadServer, ratePerS: number, durationMs: number): Promise<number[]> {
  const run = nameRun();
  const [subscriber] = (await openClients(server, `${run}s`, 1)) as [LoadClient];
  await subscriber.subscribe(run);
  const [publisher] = (await openClients(server, `${run}p`, 1)) as [LoadClient];
  const sentAt: number[] = [];
  const latencies: number[] = [];
  subscriber.events = {
    onAcks: () => {},
    onMessage: (bytes, start) => {
      latencies.push(performance.now() - (sentAt[Number.parseInt(bytes.toString('latin1', start, start + 8), 10)] as number));
    },
  };
  const startedAt = performance.now();
  while (performance.now() < startedAt + durationMs) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * ratePerS);
    while (sentAt.length < due) {
      publisher.publish(run, String(sentAt.length).padEnd(100));
      sentAt.push(performance.now());
    }
    await delay(1);
  }
  await publisher.roundTrip();
  while (latencies.length < sentAt.length) await delay(1);
  await closeClients([publisher, subscriber]);
  return latencies;
}

/** Opens `count` logged-in connections, one after the other. */
export async function openClients(server: LoadServer, name: string, count: number): Promise<LoadClient[]> {
  const clients: LoadClient[] = [];
  while (clients.length < count) {
    const client = await server.dial();
    await client.login(`${name}-${clients.length}`);
    clients.push(client);
  }
  return clients;
}

export async function closeClients(clients: readonly LoadClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}

/** Publishes whenever the window has room. */
class Flow {
  published = 0;
  readonly #publishers: readonly LoadClient[];
  readonly #subscribers: readonly LoadClient[];
  readonly #topic: string;
  readonly #content: string;
  readonly #window: number;
  #acked = 0;
  /** By all subscribers together. */
  #received = 0;
  #isOver = false;

  constructor(publishers: readonly LoadClient[], subscribers: readonly LoadClient[], topic: string, crowd: Crowd) {
    this.#publishers = publishers;
    this.#subscribers = subscribers;
    this.#topic = topic;
    this.#content = 'x'.repeat(crowd.contentBytes);
    this.#window = crowd.window;
    const onAcks = (count: number): void => {
      this.#acked += count;
      this.#fill();
    };
    const onMessage = (): void => {
      this.#received++;
      this.#fill();
    };
    for (const publisher of publishers) publisher.events = { ...NO_EVENTS, onAcks };
    for (const subscriber of subscribers) subscriber.events = { ...NO_EVENTS, onMessage };
  }

  async run(durationMs: number): Promise<void> {
    this.#fill();
    await delay(durationMs);
    this.#isOver = true;
    const giveUpAt = performance.now() + MAX_DRAIN_MS;
    while (this.#inFlight > 0) {
      for (const client of [...this.#publishers, ...this.#subscribers]) client.check();
      if (performance.now() > giveUpAt) throw new Error(`${this.#inFlight} of ${this.published} publishes did not arrive`);
      await delay(1);
    }
  }

  get #inFlight(): number {
    const { length } = this.#subscribers;
    const arrived = length === 0 ? this.#acked : Math.floor(this.#received / length);
    return this.published - Math.min(this.#acked, arrived);
  }

  #fill(): void {
    while (!this.#isOver && this.#inFlight < this.#window) {
      const publisher = this.#publishers[this.published++ % this.#publishers.length] as LoadClient;
      publisher.publish(this.#topic, this.#content);
    }
  }
}

const MAX_DRAIN_MS = 20_000;

type Usage = (publishes: number) => RunResult;

function startUsage({ pid }: LoadServer): Usage {
  const cpu = process.cpuUsage();
  const serverCpu = pid === undefined ? Number.NaN : readCpuMs(pid);
  const startedAt = performance.now();
  return (publishes) => {
    const elapsedMs = performance.now() - startedAt;
    const used = process.cpuUsage(cpu);
    return {
      publishesPerS: (publishes * 1000) / elapsedMs,
      serverCpuUs: pid === undefined ? Number.NaN : ((readCpuMs(pid) - serverCpu) * 1000) / publishes,
      clientLoad: (used.user + used.system) / 1000 / elapsedMs,
    };
  };
}
