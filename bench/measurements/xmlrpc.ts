import { type LoopResult, runClosedLoop } from '../harness/closed-loop.ts';
import { encodeRequest, HttpConnection, openConnections } from '../harness/http-connection.ts';
import { atLeast, type Measurement, type Row } from '../harness/measurement.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';

const CONNECTIONS = 50;
const WARM_UP_MS = 2_000;
/** Broker and yardstick take turns, so that whatever else the machine does meets both. */
const ROUNDS = 9;
const ROUND_MS = 500;
const TARGET_RATIO = 0.3;

/** Publishes per second over XML-RPC, side by side with `node:http` answering the same bytes; kept connections, and one for each call. */
export const measureXmlRpc: Measurement = async (say) => {
  const broker = await ServerProcess.startBroker();
  const request = encodeCall('publish', [await logIn(broker.port), "<key oid='x'/>", 'x'.repeat(100), '<qos/>']);
  const bare = await ServerProcess.startBareServer([await callOnce(broker.port, request)]);
  try {
    const numbers: Record<string, Comparison> = {};
    for (const [name, runRound] of Object.entries(LOOPS)) {
      say(name);
      numbers[name] = await compare(broker, bare, request, runRound);
    }
    return { rows: Object.entries(numbers).flatMap(([name, comparison]) => rowsOf(name, comparison)), numbers };
  } finally {
    await Promise.all([broker.stop(), bare.stop()]);
  }
};

/** Publishes per second. */
type Round = (server: ServerProcess, request: Buffer, durationMs: number) => Promise<number>;

interface Comparison {
  readonly broker: readonly number[];
  readonly bare: readonly number[];
}

const LOOPS: Readonly<Record<string, Round>> = {
  'XML-RPC publish, kept connections': async (server, request, durationMs) => {
    const connections = await openConnections(server.port, CONNECTIONS);
    const { requestsPerS }: LoopResult = await runClosedLoop(server, connections, request, durationMs);
    for (const connection of connections) connection.close();
    return requestsPerS;
  },
  'XML-RPC publish, a connection each': async ({ port }, request, durationMs) => {
    const start = performance.now();
    let count = 0;
    const loop = async (): Promise<void> => {
      while (performance.now() - start < durationMs) {
        await callOnce(port, request);
        count++;
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, loop));
    return (count * 1_000) / (performance.now() - start);
  },
};

async function compare(broker: ServerProcess, bare: ServerProcess, request: Buffer, runRound: Round): Promise<Comparison> {
  const results: { broker: number[]; bare: number[] } = { broker: [], bare: [] };
  await runRound(broker, request, WARM_UP_MS);
  await runRound(bare, request, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    results.broker.push(await runRound(broker, request, ROUND_MS));
    results.bare.push(await runRound(bare, request, ROUND_MS));
  }
  return results;
}

function rowsOf(name: string, { broker, bare }: Comparison): Row[] {
  const ratio = median(broker.map((rate, i) => rate / (bare[i] as number)));
  return [
    { what: name, result: `${Math.round(median(broker))}/s` },
    { what: '  node:http answering the same bytes', result: `${Math.round(median(bare))}/s` },
    { what: '  ratio', result: ratio.toFixed(2), target: atLeast(ratio, TARGET_RATIO) },
  ];
}

async function logIn(port: number): Promise<string> {
  const answer = await callOnce(port, encodeCall('login', ['bench', 'secret', '<qos/>', '']));
  return /<value>([^<]+)<\/value>/.exec(answer)?.[1] ?? '';
}

/** Calls on a connection of its own; returns the body of the answer. */
async function callOnce(port: number, request: Buffer): Promise<string> {
  const connection = await HttpConnection.open(port);
  const { text } = await connection.request(request);
  connection.close();
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

function encodeCall(method: 'login' | 'publish', params: readonly string[]): Buffer {
  const name = method === 'login' ? 'authenticate.login' : 'xmlBlaster.publish';
  const escaped = params.map((param) => param.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
  const values = escaped.map((param) => `<param><value><string>${param}</string></value></param>`).join('');
  return encodeRequest(
    'POST',
    '/RPC2',
    `<?xml version='1.0'?><methodCall><methodName>${name}</methodName><params>${values}</params></methodCall>`,
  );
}
