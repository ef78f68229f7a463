import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atLeast, atMost, type BenchOptions, type Measurement, type Row } from '../harness/measurement.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { runCrowd } from '../load/load-run.ts';
import { brokerAt, type LoadServer } from '../load/load-server.ts';
import { Disk } from './durable-disk.ts';
import { countWaiting, type DurableServer, durableBroker, startOthers } from './durable-server.ts';

const CONTENT_BYTES = 1_024;
const WINDOWS = [1, 16, 256] as const;
/** All take turns, so that whatever else the machine does meets all of them. */
const ROUNDS = 5;
const ROUND_MS = 1_000;
/** What waits in the end. */
const WAITING = 1_000_000;
const TOPIC = 'durable';

/**
 * Persistent publishes into the queue of a durable subscriber that sleeps, so that each message must be written and kept; beside
 * transient ones, beside the disk and the database with the same bytes in the same batches, and beside other brokers.
 */
export const measureDurable: Measurement = async (say, options) => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-durable-'));
  let broker = await startOn(directory);
  const disk = new Disk(directory, CONTENT_BYTES, ROUND_MS);
  try {
    const own = await durableBroker(broker, TOPIC);
    const beside = [transient(broker), ...yardsticks(disk)];
    const rows: Row[] = [];
    const rates: Record<string, unknown> = {};
    for (const window of WINDOWS) {
      say(`${window} in flight`);
      const sayOnce = window === WINDOWS[0] ? say : (): void => {};
      const results = await measureWindow(window, [contender(own), ...beside], options, sayOnce);
      rows.push(...rowsOf(window, results));
      rates[window] = Object.fromEntries([...results].map(([{ name }, rounds]) => [name, rounds]));
    }
    say(`${WAITING} messages for one that sleeps`);
    const before = readMemory(broker.pid);
    while ((await countWaiting(broker)) < WAITING) await publish(own, 256);
    const growth = (readMemory(broker.pid) - before) / 1e6;
    rows.push({
      what: 'memory with 1,000,000 messages waiting, growth without the mapped file',
      result: `${growth.toFixed(0)} MB`,
      target: atMost(Number(growth.toFixed(0)), 200, 'MB'),
    });
    await broker.stop();
    const startedAt = performance.now();
    broker = await startOn(directory);
    const startS = (performance.now() - startedAt) / 1000;
    const count = await countWaiting(broker);
    rows.push({ what: `start with ${count} messages waiting`, result: `${startS.toFixed(2)} s`, target: atMost(startS, 5, 's') });
    rows.push({
      what: 'recovery per 100,000 messages',
      result: `${((startS * 1e8) / count).toFixed(0)} ms, the start of Node in it`,
    });
    return { rows, numbers: { rates, growth, startS } };
  } finally {
    await broker.stop();
    await disk.close();
    rmSync(directory, { recursive: true });
  }
};

interface Rate {
  readonly perS: number;
  /** Of the server, per message; µs. */
  readonly cpuUs?: number;
}

/** Takes a turn in each round; the first one is compared with the others. */
interface Contender {
  readonly name: string;
  /** How many times its rate ours must be at least, by the number of publishes in flight. */
  readonly targets?: DurableServer['targets'];
  turn(window: number): Promise<Rate>;
}

function contender(server: DurableServer): Contender {
  return { name: server.name, targets: server.targets, turn: (window) => publish(server, window) };
}

function transient(broker: ServerProcess): Contender {
  const server = brokerAt(broker);
  return { name: 'transient publish', targets: { 256: 0.6 }, turn: (window) => publish(server, window, 'transient') };
}

function yardsticks(disk: Disk): Contender[] {
  return [
    { name: 'write and fdatasync', targets: { 1: 0.4 }, turn: async (window) => ({ perS: disk.write(window) }) },
    { name: 'bare lmdb', targets: { 256: 0.5 }, turn: async (window) => ({ perS: await disk.put(window) }) },
  ];
}

/** Keeps `window` publishes in flight for one round. */
async function publish(server: LoadServer, window: number, topic = TOPIC): Promise<Rate> {
  const crowd = { publishers: 1, subscribers: 0, contentBytes: CONTENT_BYTES, window, topic };
  const { publishesPerS, serverCpuUs } = await runCrowd(server, crowd, ROUND_MS);
  return { perS: publishesPerS, ...(Number.isNaN(serverCpuUs) ? {} : { cpuUs: serverCpuUs }) };
}

type Results = ReadonlyMap<Contender, readonly Rate[]>;

/** The others start anew for each window: what waits in them, in memory with some, stays within bounds. */
async function measureWindow(
  window: number,
  own: readonly Contender[],
  options: BenchOptions,
  say: (progress: string) => void,
): Promise<Results> {
  const others = await startOthers(options, TOPIC, say);
  try {
    const results = new Map<Contender, Rate[]>([...own, ...others.map(contender)].map((one) => [one, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [one, rates] of results) {
        // What one has left for later to write, the next one must not pay for.
        execFileSync('sync');
        rates.push(await one.turn(window));
      }
    }
    return results;
  } finally {
    await Promise.all(others.map((server) => server.stop()));
  }
}

function rowsOf(window: number, results: Results): Row[] {
  const [[, own] = [undefined, []], ...others] = results;
  return [
    { what: `persistent publish, ${window} in flight`, result: describe(own) },
    ...others.map(([{ name, targets }, rates]): Row => {
      const ratio = Number(median(own.map(({ perS }, round) => perS / (rates[round] as Rate).perS)).toFixed(2));
      const bound = targets?.[window];
      return {
        what: `  ${name}`,
        result: `${describe(rates)}; ratio ${ratio}`,
        ...(bound === undefined ? {} : { target: atLeast(ratio, bound) }),
      };
    }),
  ];
}

function describe(rates: readonly Rate[]): string {
  const cpu = median(rates.map(({ cpuUs }) => cpuUs ?? Number.NaN));
  return `${Math.round(median(rates.map(({ perS }) => perS)))}/s${Number.isNaN(cpu) ? '' : `, ${cpu.toFixed(1)} µs CPU each`}`;
}

function startOn(directory: string): Promise<ServerProcess> {
  const bounds = ['--max-queue-entries', '100000000', '--max-queue-bytes', '1000000000000'];
  return ServerProcess.startBroker(['--data-dir', join(directory, 'broker'), ...bounds]);
}

/** Without the pages of files that are mapped, which the kernel takes back when it wants; bytes. */
function readMemory(pid: number): number {
  const kilobytes = /^RssAnon:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
