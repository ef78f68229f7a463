import { atLeast, atMost, type BenchOptions, type Measurement, type Row } from '../harness/measurement.ts';
import { measureMemory } from '../harness/memory-use.ts';
import { median, quantile } from '../harness/statistics.ts';
import { closeClients, openClients, type RunResult, runConnections, runCrowd, runOneway, runPaced } from '../load/load-run.ts';
import { type LoadServer, startBroker, targetServer } from '../load/load-server.ts';
import { startPeers } from '../load/peers.ts';

/** What one run does, and what this broker must reach there beside others in the same run. */
interface Scenario {
  readonly name: string;
  run(server: LoadServer): Promise<RunResult>;
  /** Deliveries that one publish means. */
  readonly deliveries?: number;
  readonly targets?: Readonly<Record<string, number>>;
  /** It sends whatever the server reads: one without bounds may not survive it, so a `--target` is spared. */
  readonly isFlood?: boolean;
}

const WARM_UP_MS = 1_000;
/** The servers take turns, so that whatever else the machine does meets all of them. */
const ROUNDS = 5;
const ROUND_MS = 1_000;
const SMALL = 100;
const LARGE = 10_000;
const IDLE_SESSIONS = 2_000;
const PACE_PER_S = 1_000;
/** What a `--target` is called in `targets`: an xmlBlaster of another make. */
const TARGET = 'target';

const crowd =
  (publishers: number, subscribers: number, window: number, contentBytes = SMALL) =>
  (server: LoadServer): Promise<RunResult> =>
    runCrowd(server, { publishers, subscribers, window, contentBytes }, ROUND_MS);

const SCENARIOS: readonly Scenario[] = [
  { name: 'acked publish, one at a time', run: crowd(1, 0, 1), targets: { mosquitto: 1 } },
  { name: 'acked publish, 100 in flight', run: crowd(1, 0, 100), targets: { mosquitto: 1.2, [TARGET]: 4 } },
  { name: 'acked publish, 10 kB, 100 in flight', run: crowd(1, 0, 100, LARGE) },
  { name: 'publish → update → ack, 1→1', run: crowd(1, 1, 100), targets: { mosquitto: 1, [TARGET]: 20 } },
  { name: 'fan-out 1→100, deliveries', run: crowd(1, 100, 100), deliveries: 100, targets: { mosquitto: 1.5, [TARGET]: 20 } },
  { name: '100 publishers→1', run: crowd(100, 1, 100) },
  { name: 'publish oneway', run: (server) => runOneway(server, SMALL, ROUND_MS), isFlood: true },
  { name: 'connect, login, logout', run: (server) => runConnections(server, 16, ROUND_MS) },
];

/** The SOCKET protocol under load: throughput beside other brokers, latency at a fixed rate, memory per idle session. */
export const measureSocket: Measurement = async (say, options) => {
  const broker = await startBroker();
  const others = await startOthers(options, say);
  try {
    const rows: Row[] = [];
    const numbers: Record<string, unknown> = {};
    for (const scenario of SCENARIOS) {
      say(scenario.name);
      const beside = others.filter(({ kind }) => kind !== TARGET || !scenario.isFlood);
      const results = await compare(scenario, [broker, ...beside.map(({ server }) => server)]);
      numbers[scenario.name] = Object.fromEntries([...results].map(([{ name }, rounds]) => [name, rounds]));
      rows.push(...rowsOf(scenario, results, beside));
    }
    say('latency');
    for (const server of [broker, ...others.map(({ server: other }) => other)]) {
      const row = await measureLatency(server, server === broker);
      rows.push(row);
      numbers[row.what] = row.result;
    }
    say('idle sessions');
    const use = await measureMemory(broker.process, IDLE_SESSIONS, () => openClients(broker, 'idle', IDLE_SESSIONS));
    rows.push({ what: 'idle SOCKET session with its connection', result: `${(use.use.rssBytes / 1000).toFixed(1)} kB of RSS` });
    await closeClients(use.result);
    return { rows, numbers: { ...numbers, idleSession: use.use } };
  } finally {
    await Promise.all([broker, ...others.map(({ server }) => server)].map((server) => server.stop()));
  }
};

/** A server to compare with; `kind` is its name in `targets`. */
interface Other {
  readonly kind: string;
  readonly server: LoadServer;
}

async function startOthers({ target, peers }: BenchOptions, say: (progress: string) => void): Promise<Other[]> {
  const others: Other[] = (peers ? await startPeers(say) : []).map((server) => ({ kind: server.name, server }));
  if (target !== undefined) others.push({ kind: TARGET, server: targetServer(target) });
  return others;
}

type Results = ReadonlyMap<LoadServer, readonly RunResult[]>;

async function compare(scenario: Scenario, servers: readonly LoadServer[]): Promise<Results> {
  const results = new Map<LoadServer, RunResult[]>(servers.map((server) => [server, []]));
  for (const server of servers) for (let ms = 0; ms < WARM_UP_MS; ms += ROUND_MS) await scenario.run(server);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [server, rounds] of results) rounds.push(await scenario.run(server));
  }
  return results;
}

function rowsOf({ name, deliveries = 1, targets = {} }: Scenario, results: Results, others: readonly Other[]): Row[] {
  const [[, own] = [undefined, []]] = results;
  const rows: Row[] = [{ what: name, result: describe(own, deliveries) }];
  for (const { kind, server } of others) {
    const rounds = results.get(server) ?? [];
    const ratio = median(own.map((round, i) => round.publishesPerS / (rounds[i] as RunResult).publishesPerS));
    const bound = targets[kind];
    rows.push({
      what: `  ${server.name}`,
      result: `${describe(rounds, deliveries)}; ratio ${ratio.toFixed(2)}`,
      ...(bound === undefined ? {} : { target: atLeast(ratio, bound) }),
    });
  }
  return rows;
}

function describe(rounds: readonly RunResult[], deliveries: number): string {
  const rate = Math.round(deliveries * median(rounds.map((round) => round.publishesPerS)));
  const cpu = median(rounds.map((round) => round.serverCpuUs)) / deliveries;
  const client = Math.round(100 * median(rounds.map((round) => round.clientLoad)));
  return `${rate}/s, ${Number.isNaN(cpu) ? '' : `${cpu.toFixed(1)} µs CPU each, `}load generator at ${client} %`;
}

async function measureLatency(server: LoadServer, hasTarget: boolean): Promise<Row> {
  await runPaced(server, PACE_PER_S, WARM_UP_MS);
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await runPaced(server, PACE_PER_S, 2 * ROUND_MS));
  const p50 = median(rounds.map((latencies) => quantile(latencies, 0.5)));
  const p99 = median(rounds.map((latencies) => quantile(latencies, 0.99)));
  return {
    what: `publish → update at ${PACE_PER_S}/s, ${server.name}`,
    result: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
    ...(hasTarget ? { target: atMost(Number(p99.toFixed(2)), 1, 'ms p99') } : {}),
  };
}
