// `npm run bench`, or `npm run bench -- polls xpath`: measures, prints one table, keeps the raw numbers in bench/results/.
// `--peers` measures other brokers beside this one, `--target host:port` a server that runs already (of SOCKET, also another xmlBlaster).
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchOptions, Measurement, Row } from './harness/measurement.ts';
import { ROOT } from './harness/server-process.ts';
import { formatTable } from './harness/table.ts';
import { measureDurable } from './measurements/durable.ts';
import { measureFilters } from './measurements/filters.ts';
import { measureLatency } from './measurements/latency.ts';
import { measureMemoryPerThing } from './measurements/memory.ts';
import { measurePolls } from './measurements/polls.ts';
import { measurePublish } from './measurements/publish.ts';
import { measureSocket } from './measurements/socket.ts';
import { measureXmlRpc } from './measurements/xmlrpc.ts';
import { measureXPath } from './measurements/xpath.ts';

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  publish: measurePublish,
  latency: measureLatency,
  polls: measurePolls,
  socket: measureSocket,
  durable: measureDurable,
  xmlrpc: measureXmlRpc,
  xpath: measureXPath,
  filters: measureFilters,
  memory: measureMemoryPerThing,
};

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { target: { type: 'string' }, peers: { type: 'boolean', default: false } },
});
const options: BenchOptions = { target: values.target, peers: values.peers };
const unknown = wanted.find((name) => !Object.hasOwn(MEASUREMENTS, name));
if (unknown === undefined) await measure(wanted.length > 0 ? wanted : Object.keys(MEASUREMENTS));
else {
  process.stderr.write(`bench: there is no measurement "${unknown}"; there are ${Object.keys(MEASUREMENTS).join(', ')}\n`);
  process.exitCode = 2;
}

async function measure(names: readonly string[]): Promise<void> {
  const date = new Date();
  const loadBefore = loadavg()[0] ?? 0;
  const rows: Row[] = [];
  const results: Record<string, unknown> = {};
  for (const name of names) {
    const say = (progress: string): boolean => process.stderr.write(`bench: ${name}: ${progress}\n`);
    const outcome = await (MEASUREMENTS[name] as Measurement)(say, options);
    rows.push(...outcome.rows);
    results[name] = outcome.numbers;
  }
  const machine = { node: process.version, cpus: cpus().map(({ model }) => model), loadBefore };
  const file = save(date, { date, machine, rows, results });
  const circumstances = `Node ${process.version}, ${machine.cpus.length} cores, load of the machine before ${loadBefore.toFixed(1)}`;
  process.stdout.write(`\n${formatTable(rows)}\n\n${circumstances}; raw numbers in ${file}\n`);
}

/** Returns the path from the project's root. */
function save(date: Date, content: object): string {
  const file = `bench/results/${date.toISOString().slice(0, 19).replaceAll(':', '-')}.json`;
  mkdirSync(new URL('bench/results/', ROOT), { recursive: true });
  writeFileSync(new URL(file, ROOT), `${JSON.stringify(content, null, 1)}\n`);
  return file;
}
