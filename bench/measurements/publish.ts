import { type LoopResult, runClosedLoop } from '../harness/closed-loop.ts';
import { encodeRequest, openConnections } from '../harness/http-connection.ts';
import { atLeast, type Measurement, type Row } from '../harness/measurement.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';

const CONNECTIONS = 50;
const WARM_UP_MS = 2_000;
/** Broker and yardstick take turns, so that whatever else the machine does meets both. */
const ROUNDS = 15;
const ROUND_MS = 500;
const TARGET_RATIO = 0.5;

const CONTENT = 'x'.repeat(100);
const REQUESTS = {
  'PUT /topics/x': encodeRequest('PUT', '/topics/x', CONTENT),
  'POST / <publish>': encodeRequest(
    'POST',
    '/',
    `<publish><key oid='y'/><content>${CONTENT}</content><qos><priority>NORM</priority></qos></publish>`,
  ),
};

/** Acknowledged publishes per second over keep-alive connections, side by side with `node:http` answering 204 to the same bytes. */
export const measurePublish: Measurement = async (say) => {
  const broker = await ServerProcess.startBroker();
  const bare = await ServerProcess.startBareServer();
  try {
    const rows: Row[] = [];
    const numbers: Record<string, Comparison> = {};
    for (const [name, request] of Object.entries(REQUESTS)) {
      say(name);
      const comparison = await compare(broker, bare, request);
      numbers[name] = comparison;
      rows.push(...rowsOf(name, comparison));
    }
    return { rows, numbers };
  } finally {
    await Promise.all([broker.stop(), bare.stop()]);
  }
};

interface Comparison {
  readonly broker: readonly LoopResult[];
  readonly bare: readonly LoopResult[];
}

async function compare(broker: ServerProcess, bare: ServerProcess, request: Buffer): Promise<Comparison> {
  const results: { broker: LoopResult[]; bare: LoopResult[] } = { broker: [], bare: [] };
  const toBroker = await openConnections(broker.port, CONNECTIONS);
  const toBare = await openConnections(bare.port, CONNECTIONS);
  await runClosedLoop(broker, toBroker, request, WARM_UP_MS);
  await runClosedLoop(bare, toBare, request, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    results.broker.push(await runClosedLoop(broker, toBroker, request, ROUND_MS));
    results.bare.push(await runClosedLoop(bare, toBare, request, ROUND_MS));
  }
  for (const connection of [...toBroker, ...toBare]) connection.close();
  return results;
}

function rowsOf(name: string, { broker, bare }: Comparison): Row[] {
  const ratio = median(broker.map((round, i) => round.requestsPerS / (bare[i] as LoopResult).requestsPerS));
  const cpuRatio = median(bare.map((round) => round.serverCpuUs)) / median(broker.map((round) => round.serverCpuUs));
  return [
    { what: `${name}, acked publishes`, result: describe(broker) },
    { what: '  node:http answering 204', result: describe(bare) },
    {
      what: '  ratio',
      result: `${ratio.toFixed(2)} (by CPU time of the server ${cpuRatio.toFixed(2)})`,
      target: atLeast(ratio, TARGET_RATIO),
    },
  ];
}

function describe(rounds: readonly LoopResult[]): string {
  const rate = Math.round(median(rounds.map((round) => round.requestsPerS)));
  const cpu = median(rounds.map((round) => round.serverCpuUs)).toFixed(1);
  const client = Math.round(100 * median(rounds.map((round) => round.clientLoad)));
  return `${rate}/s, ${cpu} µs CPU each (load generator at ${client} % of a core)`;
}
