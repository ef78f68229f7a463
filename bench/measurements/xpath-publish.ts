import { escapeText } from '../../src/base/xml-text.ts';
import { atLeast, type Outcome } from '../harness/measurement.ts';
import { readCpuMs } from '../harness/process-usage.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { dial, NO_EVENTS } from '../load/load-client.ts';
import { SocketLoadClient } from '../load/socket-load-client.ts';
import { writeExpressions, writeTopics, writeXml } from './xpath-mix.ts';

const SUBSCRIPTIONS = 10_000;
const SESSIONS = 100;
const KEYS = 5_000;
const WINDOW = 100;
const WARM_UPS = 2;
const ROUNDS = 7;
const ROUND_MS = 1_500;

/** Volatile messages, of topics that die at once. */
const QOS = "<qos><expiration lifeTime='0'/><topic destroyDelay='0'/></qos>";
const CONTENT = 'x'.repeat(100);

interface Round {
  readonly publishesPerS: number;
  /** Of the broker, per publish. */
  readonly cpuUs: number;
}

/** What 10,000 XPath subscriptions of 100 sessions cost those who publish ever new topics: brokers with them and without take turns. */
export async function measurePublishing(): Promise<Outcome> {
  const [without, having, idle] = await Promise.all([1, 2, 3].map(() => ServerProcess.startBroker()));
  if (!without || !having || !idle) throw new Error('A broker is missing');
  try {
    const texts = [...writeExpressions(SUBSCRIPTIONS, 7)];
    const clients = [
      ...(await subscribeAll(having, texts)),
      // With values that nobody publishes: what is left is the cost of matching.
      ...(await subscribeAll(
        idle,
        texts.map((text) => text.replaceAll("'v", "'none")),
      )),
    ];
    const publishers = await Promise.all([without, having, idle].map((broker) => Publisher.start(broker)));
    const rounds: Round[][] = [];
    for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
      const results: Round[] = [];
      for (const publisher of publishers) results.push(await publisher.run());
      if (round >= WARM_UPS) rounds.push(results);
    }
    await Promise.all([...publishers, ...clients].map((client) => client.close()));
    return report(rounds);
  } finally {
    await Promise.all([without, having, idle].map((broker) => broker.stop()));
  }
}

async function subscribeAll({ port }: ServerProcess, texts: readonly string[]): Promise<SocketLoadClient[]> {
  const clients: SocketLoadClient[] = [];
  for (let i = 0; i < SESSIONS; i++) {
    const client = await dial({ host: '127.0.0.1', port }, (socket) => new SocketLoadClient(socket));
    await client.login(`subscriber${i}`);
    for (let j = i; j < SUBSCRIPTIONS; j += SESSIONS) await client.subscribeXPath(escapeText(texts[j] as string));
    clients.push(client);
  }
  return clients;
}

/** Publishes to a new oid each, in whose key only the oid is new. */
class Publisher {
  readonly #client: SocketLoadClient;
  readonly #pid: number;
  readonly #keys: readonly string[];
  #published = 0;
  #acked = 0;

  private constructor(client: SocketLoadClient, pid: number) {
    this.#client = client;
    this.#pid = pid;
    this.#keys = [...writeTopics(KEYS, 11)].map(({ children }) => (typeof children[0] === 'object' ? writeXml(children[0]) : ''));
  }

  static async start({ port, pid }: ServerProcess): Promise<Publisher> {
    const client = await dial({ host: '127.0.0.1', port }, (socket) => new SocketLoadClient(socket));
    await client.login('publisher');
    return new Publisher(client, pid);
  }

  async run(): Promise<Round> {
    const endsAt = performance.now() + ROUND_MS;
    const [cpuMs, startedAt, first] = [readCpuMs(this.#pid), performance.now(), this.#published];
    await new Promise<void>((resolve) => {
      const fill = (): void => {
        const isOver = performance.now() >= endsAt;
        while (!isOver && this.#published - this.#acked < WINDOW) this.#publish();
        if (isOver && this.#acked === this.#published) resolve();
      };
      this.#client.events = {
        ...NO_EVENTS,
        onAcks: (count) => {
          this.#acked += count;
          fill();
        },
      };
      fill();
    });
    const count = this.#published - first;
    return {
      publishesPerS: (count * 1_000) / (performance.now() - startedAt),
      cpuUs: ((readCpuMs(this.#pid) - cpuMs) * 1_000) / count,
    };
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #publish(): void {
    const number = this.#published++;
    this.#client.publishAs(`<key oid='n${number}'>${this.#keys[number % KEYS]}</key>`, QOS, CONTENT);
  }
}

function report(rounds: readonly (readonly Round[])[]): Outcome {
  const of = (server: number): Round[] => rounds.map((results) => results[server] as Round);
  const ratioOf = (server: number): number =>
    Number(median(rounds.map((results) => (results[server]?.publishesPerS ?? 0) / (results[0]?.publishesPerS ?? 0))).toFixed(2));
  const describe = (server: number): string => {
    const rate = Math.round(median(of(server).map(({ publishesPerS }) => publishesPerS)));
    return `${rate}/s, ${median(of(server).map(({ cpuUs }) => cpuUs)).toFixed(1)} µs CPU each`;
  };
  return {
    rows: [
      { what: 'SOCKET publish, a new volatile topic each, no subscription', result: describe(0) },
      {
        what: `  with ${SUBSCRIPTIONS} XPath subscriptions of ${SESSIONS} sessions`,
        result: `${describe(1)}; ratio ${ratioOf(1).toFixed(2)}`,
        target: atLeast(ratioOf(1), 0.5),
      },
      { what: '  with as many that match none of them', result: `${describe(2)}; ratio ${ratioOf(2).toFixed(2)}` },
    ],
    numbers: rounds,
  };
}
