import { setTimeout as delay } from 'node:timers/promises';
import { encodeRequest, HttpConnection } from '../harness/http-connection.ts';
import type { Measurement, Row } from '../harness/measurement.ts';
import { PacedPublisher } from '../harness/paced-publisher.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median, quantile } from '../harness/statistics.ts';

const RATES_PER_S = [500, 1_000];
const WARM_UP_MS = 1_000;
const DURATION_MS = 2_500;
/** The rates take turns; the medians of the rounds count. */
const ROUNDS = 3;

/** From the write of a publish until a polling named session has read it and knows which one it is; both in this process. */
export const measureLatency: Measurement = async (say) => {
  const rounds = new Map<number, LatencyNumbers[]>(RATES_PER_S.map((rate) => [rate, []]));
  const broker = await ServerProcess.startBroker();
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      say(`round ${round} of ${ROUNDS}`);
      for (const [rate, results] of rounds) results.push(await measureAt(broker.port, rate, round));
    }
  } finally {
    await broker.stop();
  }
  return { rows: [...rounds].map(([rate, results]) => rowOf(rate, results)), numbers: Object.fromEntries(rounds) };
};

interface LatencyNumbers {
  readonly received: number;
  readonly lost: number;
  readonly skipped: number;
  /** Answers of `/updates` that brought them: under load one brings several. */
  readonly polls: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

async function measureAt(port: number, rate: number, round: number): Promise<LatencyNumbers> {
  const oid = `latency${rate}-${round}`;
  const poller = await Poller.open(port, `${oid}/1`, oid);
  const publisher = await PacedPublisher.start(port, `/topics/${oid}`, rate);
  const polling = poller.run();
  await Promise.race([delay(WARM_UP_MS + DURATION_MS), polling]);
  publisher.stop();
  await polling;
  publisher.close();
  const { sentAt, skipped } = publisher;
  const measured = poller.receipts.filter(({ number }) => (sentAt[number] ?? 0) >= publisher.startedAt + WARM_UP_MS);
  const latencies = measured.map(({ number, at }) => at - (sentAt[number] ?? 0));
  return {
    received: latencies.length,
    lost: sentAt.length - new Set(poller.receipts.map(({ number }) => number)).size,
    skipped,
    polls: new Set(measured.map(({ at }) => at)).size,
    p50Ms: quantile(latencies, 0.5),
    p90Ms: quantile(latencies, 0.9),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
  };
}

function rowOf(rate: number, rounds: readonly LatencyNumbers[]): Row {
  const middle = (number: (round: LatencyNumbers) => number): number => median(rounds.map(number));
  const missing = rounds.reduce((sum, { lost, skipped }) => sum + lost + skipped, 0);
  const problems = missing > 0 ? `, ${missing} LOST OR NOT SENT` : '';
  const perPoll = middle(({ received, polls }) => received / polls).toFixed(1);
  return {
    what: `publish → long poll at ${rate}/s`,
    result: `p50 ${middle(({ p50Ms }) => p50Ms).toFixed(2)} ms, p99 ${middle(({ p99Ms }) => p99Ms).toFixed(2)} ms (${perPoll} per poll${problems})`,
  };
}

/** Publish `number` was read; ms of `performance.now()`. */
interface Receipt {
  readonly number: number;
  readonly at: number;
}

/** A named session that polls, acknowledges and polls again. */
class Poller {
  readonly receipts: Receipt[] = [];
  readonly #connection: HttpConnection;
  readonly #path: string;

  private constructor(connection: HttpConnection, path: string) {
    this.#connection = connection;
    this.#path = path;
  }

  /** Subscribes to `oid` in the session. */
  static async open(port: number, session: string, oid: string): Promise<Poller> {
    const path = `/updates?session=${session}&oid=${oid}`;
    const connection = await HttpConnection.open(port);
    await connection.request(encodeRequest('GET', `${path}&timeout=0`));
    return new Poller(connection, path);
  }

  /** Ends when a second brings nothing. */
  async run(): Promise<void> {
    for (let ack = ''; ; ) {
      const { status, text } = await this.#connection.request(encodeRequest('GET', `${this.#path}&timeout=1${ack}`));
      if (status === 204) break;
      const at = performance.now();
      for (const [, number] of text.matchAll(/#([0-9]+)#/g)) this.receipts.push({ number: Number(number), at });
      ack = `&ack=${/ ack='([^']+)'/.exec(text)?.[1]}`;
    }
    this.#connection.close();
  }
}
