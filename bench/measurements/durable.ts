import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { atLeast, atMost, type Measurement, type Row } from '../harness/measurement.ts';
import { readCpuMs } from '../harness/process-usage.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { dial } from '../load/load-client.ts';
import { SocketLoadClient } from '../load/socket-load-client.ts';

const CONTENT_BYTES = 1_024;
const WINDOWS = [1, 16, 256] as const;
/** All take turns, so that whatever else the machine does meets all of them. */
const ROUNDS = 5;
const ROUND_MS = 1_000;
/** What waits in the end. */
const WAITING = 1_000_000;

const PERSISTENT = '<qos><persistent/></qos>';
const TRANSIENT = '<qos/>';
const CONTENT = 'x'.repeat(CONTENT_BYTES);
const KEY = "<key oid='durable'/>";

/**
 * Persistent publishes into the queue of a durable subscriber that sleeps, so that each message must be written and kept; beside
 * transient ones, and beside the disk and the database with the same bytes in the same batches.
 */
export const measureDurable: Measurement = async (say) => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-durable-'));
  let broker = await startOn(directory);
  const disk = new Disk(directory);
  try {
    await subscribe(broker);
    const rows: Row[] = [];
    const rates: Record<string, readonly number[]> = {};
    for (const window of WINDOWS) {
      say(`${window} in flight`);
      const measured = await measureWindow(broker, disk, window);
      rows.push(...rowsOf(window, measured));
      rates[window] = measured.persistent.map(({ perS }) => perS);
    }
    say(`${WAITING} messages for one that sleeps`);
    const before = readMemory(broker.pid);
    await publishUntil(broker, await waiting(broker), WAITING);
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
    const count = await waiting(broker);
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
  /** Of the broker, per message; µs. */
  readonly cpuUs: number;
}

interface Measured {
  readonly persistent: readonly Rate[];
  readonly transient: readonly Rate[];
  readonly raw: readonly number[];
  readonly lmdb: readonly number[];
}

async function measureWindow(broker: ServerProcess, disk: Disk, window: number): Promise<Measured> {
  const persistent: Rate[] = [];
  const transient: Rate[] = [];
  const raw: number[] = [];
  const lmdb: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    persistent.push(await publish(broker, PERSISTENT, KEY, window));
    transient.push(await publish(broker, TRANSIENT, "<key oid='transient'/>", window));
    raw.push(disk.write(window));
    lmdb.push(await disk.put(window));
  }
  return { persistent, transient, raw, lmdb };
}

function rowsOf(window: number, { persistent, transient, raw, lmdb }: Measured): Row[] {
  const own = persistent.map(({ perS }) => perS);
  const ratio = (others: readonly number[]): number =>
    Number(median(own.map((rate, i) => rate / (others[i] as number))).toFixed(2));
  const row = (what: string, others: readonly number[], bound?: number): Row => ({
    what: `  ${what}`,
    result: `${Math.round(median(others))}/s; ratio ${ratio(others)}`,
    ...(bound === undefined ? {} : { target: atLeast(ratio(others), bound) }),
  });
  const cpu = median(persistent.map(({ cpuUs }) => cpuUs)).toFixed(1);
  return [
    { what: `persistent publish, ${window} in flight`, result: `${Math.round(median(own))}/s, ${cpu} µs CPU each` },
    row(
      'transient publish',
      transient.map(({ perS }) => perS),
      window === 256 ? 0.6 : undefined,
    ),
    row('write and fdatasync', raw, window === 1 ? 0.4 : undefined),
    row('bare lmdb', lmdb, window === 256 ? 0.5 : undefined),
  ];
}

function startOn(directory: string): Promise<ServerProcess> {
  const bounds = ['--max-queue-entries', '100000000', '--max-queue-bytes', '1000000000000'];
  return ServerProcess.startBroker(['--data-dir', join(directory, 'broker'), ...bounds]);
}

const SLEEPER = 'session=sleeper/1&persistent=true';

async function subscribe({ port }: ServerProcess): Promise<void> {
  await (await fetch(`http://127.0.0.1:${port}/updates?${SLEEPER}&oid=durable&timeout=0`)).text();
}

async function waiting({ port }: ServerProcess): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/admin/client/sleeper/session/1/?cbQueueNumMsgs`);
  return Number(await answer.text());
}

/** Keeps `window` publishes in flight for one round. */
async function publish({ port, pid }: ServerProcess, qos: string, key: string, window: number): Promise<Rate> {
  const client = await dial({ host: '127.0.0.1', port }, (socket) => new SocketLoadClient(socket));
  await client.login('publisher');
  const cpuMs = readCpuMs(pid);
  const startedAt = performance.now();
  let sent = 0;
  let acked = 0;
  await new Promise<void>((resolve) => {
    const fill = (): void => {
      for (; sent - acked < window && performance.now() - startedAt < ROUND_MS; sent++) client.publishAs(key, qos, CONTENT);
      if (sent === acked) resolve();
    };
    client.events = {
      onMessage: () => {},
      onAcks: (count) => {
        acked += count;
        fill();
      },
    };
    fill();
  });
  const perS = (acked * 1000) / (performance.now() - startedAt);
  const cpuUs = ((readCpuMs(pid) - cpuMs) * 1000) / acked;
  await client.close();
  return { perS, cpuUs };
}

async function publishUntil(broker: ServerProcess, have: number, wanted: number): Promise<void> {
  for (let count = have; count < wanted; ) {
    const { perS } = await publish(broker, PERSISTENT, KEY, 256);
    count = perS > 0 ? await waiting(broker) : wanted;
  }
}

/** Without the pages of files that are mapped, which the kernel takes back when it wants; bytes. */
function readMemory(pid: number): number {
  const kilobytes = /^RssAnon:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** What the disk and the database do by themselves, in this process. */
class Disk {
  readonly #file: number;
  readonly #lmdb;
  #key = 0;

  constructor(directory: string) {
    this.#file = openSync(join(directory, 'raw'), 'w');
    this.#lmdb = open<Buffer, number>({
      path: join(directory, 'lmdb'),
      encoding: 'binary',
      keyEncoding: 'uint32',
      overlappingSync: false,
    });
  }

  /** Messages per second, `batch` per write. */
  write(batch: number): number {
    const bytes = Buffer.alloc(batch * CONTENT_BYTES, 'x');
    const startedAt = performance.now();
    let count = 0;
    for (; performance.now() - startedAt < ROUND_MS; count += batch) {
      writeSync(this.#file, bytes);
      fdatasyncSync(this.#file);
    }
    return (count * 1000) / (performance.now() - startedAt);
  }

  /** Messages per second, `batch` per transaction, a value each. */
  async put(batch: number): Promise<number> {
    const bytes = Buffer.alloc(CONTENT_BYTES, 'x');
    const startedAt = performance.now();
    let count = 0;
    for (; performance.now() - startedAt < ROUND_MS; count += batch) {
      let done: Promise<boolean> | undefined;
      for (let i = 0; i < batch; i++) done = this.#lmdb.put(this.#key++, bytes);
      await done;
    }
    return (count * 1000) / (performance.now() - startedAt);
  }

  async close(): Promise<void> {
    closeSync(this.#file);
    await this.#lmdb.close();
  }
}
