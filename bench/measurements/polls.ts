import { encodeRequest, HttpConnection, openConnections } from '../harness/http-connection.ts';
import { atMost, type Measurement, type Row } from '../harness/measurement.ts';
import { type MemoryUse, measureMemory } from '../harness/memory-use.ts';
import { maxOpenFiles, settle } from '../harness/process-usage.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median, quantile } from '../harness/statistics.ts';

const POLLS = 10_000;
/** Polls that are answered before anything is measured, so that compiled code and grown heaps do not count. */
const WARM_UP_POLLS = 1_000;
/** The same polls are answered so often; the medians count. */
const ROUNDS = 3;
const NEWS = 'good news';
const SPARE_FILES = 200;
const TARGET_KB = 15;
const TARGET_MS = 1_000;

/** Ten thousand waiting polls: what one costs with its session and subscription, and how soon one publish answers them all. */
export const measurePolls: Measurement = async (say) => {
  const count = Math.min(POLLS, maxOpenFiles() - SPARE_FILES);
  if (count < POLLS) say(`only ${count} polls, because this shell allows no more open files; raise "ulimit -Hn"`);
  const rows: Row[] = [];
  const numbers: Record<string, PollNumbers> = {};
  for (const kind of ['named', 'transient'] as const) {
    say(`${count} polls of ${kind} sessions`);
    const result = await measureKind(kind, count);
    numbers[kind] = result;
    rows.push(...rowsOf(kind, result));
  }
  return { rows, numbers };
};

type Kind = 'named' | 'transient';

interface PollNumbers {
  readonly polls: number;
  readonly memoryPerPoll: MemoryUse;
  readonly rounds: readonly Answering[];
}

/** How one publish reached all polls; ms from the write of the publish. */
interface Answering {
  readonly firstMs: number;
  readonly halfMs: number;
  readonly allMs: number;
  readonly publishAcknowledgedMs: number;
}

async function measureKind(kind: Kind, count: number): Promise<PollNumbers> {
  const broker = await ServerProcess.startBroker();
  try {
    const warmUp = await Crowd.open(broker, kind, 'warm', WARM_UP_POLLS);
    await warmUp.wait();
    await warmUp.answer();
    warmUp.close();
    const { result: crowd, use } = await measureMemory(broker, count, async () => {
      const opened = await Crowd.open(broker, kind, 'u', count);
      await opened.wait();
      return opened;
    });
    const rounds = [await crowd.answer()];
    while (rounds.length < ROUNDS) {
      await crowd.wait();
      rounds.push(await crowd.answer());
    }
    crowd.close();
    return { polls: count, memoryPerPoll: use, rounds };
  } finally {
    await broker.stop();
  }
}

/** Many clients with one poll each, all of one topic. */
class Crowd {
  readonly #broker: ServerProcess;
  readonly #pollers: readonly Poller[];
  readonly #publisher: HttpConnection;
  #allAnswered: Promise<unknown> = Promise.resolve();

  private constructor(broker: ServerProcess, pollers: readonly Poller[], publisher: HttpConnection) {
    this.#broker = broker;
    this.#pollers = pollers;
    this.#publisher = publisher;
  }

  static async open(broker: ServerProcess, kind: Kind, prefix: string, count: number): Promise<Crowd> {
    const connections = await openConnections(broker.port, count);
    const pollers = connections.map((connection, i) => new Poller(connection, kind === 'named' ? `${prefix}${i}/1` : undefined));
    return new Crowd(broker, pollers, await HttpConnection.open(broker.port));
  }

  /** Resolves when all polls wait at the broker. */
  async wait(): Promise<void> {
    this.#allAnswered = Promise.all(this.#pollers.map((poller) => poller.poll()));
    await Promise.race([settle(this.#broker.pid), this.#allAnswered]);
    const early = this.#pollers.filter(({ isWaiting }) => !isWaiting).length;
    if (early > 0) throw new Error(`${early} polls were answered before there was anything to tell`);
  }

  /** One publish for all of them. */
  async answer(): Promise<Answering> {
    const sentAt = performance.now();
    const acknowledged = this.#publisher.request(encodeRequest('PUT', '/topics/news', NEWS)).then(() => performance.now());
    const [acknowledgedAt] = await Promise.all([acknowledged, this.#allAnswered]);
    const after = this.#pollers.map(({ answeredAt }) => answeredAt - sentAt);
    return {
      firstMs: quantile(after, 0),
      halfMs: quantile(after, 0.5),
      allMs: quantile(after, 1),
      publishAcknowledgedMs: acknowledgedAt - sentAt,
    };
  }

  close(): void {
    this.#publisher.close();
    for (const poller of this.#pollers) poller.close();
  }
}

class Poller {
  /** Of the last poll; ms of `performance.now()`. */
  answeredAt = 0;
  readonly #connection: HttpConnection;
  readonly #session: string | undefined;
  #ack = '';

  /** Without a `session` its polls are transient. */
  constructor(connection: HttpConnection, session: string | undefined) {
    this.#connection = connection;
    this.#session = session;
  }

  get isWaiting(): boolean {
    return !this.#connection.isIdle;
  }

  /** Resolves with the answer. Rejects unless it brings the news. */
  async poll(): Promise<void> {
    const session = this.#session === undefined ? '' : `&session=${this.#session}${this.#ack}`;
    const request = encodeRequest('GET', `/updates?oid=news&history=0&timeout=120${session}`);
    const { text } = await this.#connection.request(request);
    this.answeredAt = performance.now();
    if (!text.includes(NEWS)) throw new Error(`A poll was answered: ${text.slice(0, 500)}`);
    this.#ack = `&ack=${/ ack='([^']+)'/.exec(text)?.[1]}`;
  }

  close(): void {
    this.#connection.close();
  }
}

function rowsOf(kind: Kind, { polls, memoryPerPoll, rounds }: PollNumbers): Row[] {
  const kilobytes = memoryPerPoll.rssBytes / 1000;
  const live = ((memoryPerPoll.heapBytes + memoryPerPoll.externalBytes) / 1000).toFixed(1);
  const middle = (number: (round: Answering) => number): number => Math.round(median(rounds.map(number)));
  const all = middle(({ allMs }) => allMs);
  const first = middle(({ firstMs }) => firstMs);
  const half = middle(({ halfMs }) => halfMs);
  const acknowledged = middle(({ publishAcknowledgedMs }) => publishAcknowledgedMs);
  return [
    {
      what: `${polls} waiting polls, ${kind} sessions: memory each`,
      result: `${kilobytes.toFixed(1)} kB of RSS as it is (${live} kB live after GC)`,
      target: atMost(kilobytes, TARGET_KB, 'kB'),
    },
    {
      what: '  all answered after one publish',
      result: `${all} ms (first ${first}, half ${half}, publisher's ack ${acknowledged})`,
      target: atMost(all, TARGET_MS, 'ms'),
    },
  ];
}
