import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerProcess } from './broker-process.ts';
import { compileShim, faultyBy } from './disk-shim.ts';
import { Refusal } from './frame-client.ts';
import { request } from './http-client.ts';
import { Ledger } from './ledger.ts';
import { makeTopics, put } from './publishers.ts';
import { SUBSCRIBERS } from './subscriber.ts';
import { Witness } from './witness.ts';
import { checkState, deliverAll, type Subscriptions, subscribeAll } from './world.ts';

interface Fault {
  readonly name: string;
  /** For disk-shim.c. */
  readonly letter: string;
  /** Whether the broker takes messages again when the disk is sound again, without a restart. */
  readonly isCured: boolean;
}

const FAULTS: readonly Fault[] = [
  { name: 'no room', letter: 'S', isCured: true },
  { name: 'room for half a write', letter: 'H', isCured: true },
  { name: 'writes fail', letter: 'E', isCured: true },
  { name: 'syncs fail', letter: 'F', isCured: true },
  // LMDB does not know then what is on the disk, and writes no more.
  { name: 'the last write of a commit fails', letter: 'M', isCured: false },
];
const SOUND = '0';
const MESSAGES = 20;

export interface DiskFaultsResult {
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, number | string>>;
}

/** The disk fails while the broker runs, gets well, and the broker is killed: publishers were told, and nothing acknowledged is lost. */
export async function runDiskFaults(say: (text: string) => void): Promise<DiskFaultsResult | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-faults-'));
  const shim = compileShim(directory);
  if (shim === undefined) {
    say('SKIPPED the faults of a disk: there is no C compiler (cc)');
    return undefined;
  }
  const problems: string[] = [];
  let refused = 0;
  for (const fault of FAULTS) {
    const ledger = new Ledger(SUBSCRIBERS);
    try {
      refused += await runFault(directory, shim, fault, ledger);
    } catch (error) {
      ledger.problem(`FAULT: ${(error as Error).message}`);
    }
    problems.push(...ledger.problems.map((problem) => `${fault.name}: ${problem}`));
  }
  rmSync(directory, { recursive: true });
  return { problems, figures: { faults: FAULTS.length, refused } };
}

/** Returns how many publishes were refused. */
async function runFault(directory: string, shim: string, { letter, isCured }: Fault, ledger: Ledger): Promise<number> {
  const dataDir = mkdtempSync(join(directory, 'store-'));
  const faults = join(directory, 'faults');
  writeFileSync(faults, SOUND);
  const witness = new Witness(ledger);
  const broker = new BrokerProcess(dataDir, faultyBy(shim, join(dataDir, 'data.mdb'), faults));
  const port = await broker.listening();
  const subscriptions = await subscribeAll(port);
  await makeTopics(port, witness);
  await publishAll(port, witness);
  change(faults, letter);
  const acked = await publishAll(port, witness);
  if (acked > 0) ledger.problem(`${acked} publishes were acknowledged`);
  if (!(await publish(port, witness, false))) ledger.problem('a transient publish is refused, too');
  await request(port, '/topics/t0');
  change(faults, SOUND);
  const ackedLater = await publishAll(port, witness);
  if (isCured !== ackedLater > 0)
    ledger.problem(`of a disk that is sound again ${ackedLater} publishes were acknowledged: ${broker.output}`);
  if (broker.hasEnded) ledger.problem(`the broker ended: ${broker.output}`);
  await broker.end('SIGKILL');
  witness.note({ kind: 'ended' });
  await checkAfterwards(dataDir, subscriptions, witness);
  return MESSAGES - acked;
}

/** In place: the broker has the file mapped, and would die of reading one that is empty for a moment. */
function change(faults: string, letter: string): void {
  const file = openSync(faults, 'r+');
  writeSync(file, letter);
  closeSync(file);
}

/** Returns how many of them were acknowledged. */
async function publishAll(port: number, witness: Witness): Promise<number> {
  let acked = 0;
  for (let i = 0; i < MESSAGES; i++) if (await publish(port, witness, true)) acked++;
  return acked;
}

async function checkAfterwards(dataDir: string, subscriptions: Subscriptions, witness: Witness): Promise<void> {
  const broker = new BrokerProcess(dataDir);
  const port = await broker.listening();
  await checkState(port, subscriptions, witness.ledger);
  await deliverAll(port, witness);
  await broker.end('SIGTERM');
}

/** Whether it was acknowledged; a refusal must say why. */
async function publish(port: number, witness: Witness, isPersistent: boolean): Promise<boolean> {
  const topic = isPersistent ? 't0' : 'mixed';
  const message = witness.send({
    publisher: 'put',
    topic,
    priority: 5,
    isPersistent,
    destination: undefined,
    contentBytes: 2_000,
  });
  try {
    await put(port, message, witness);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'resource.exhaust') throw error;
    return false;
  }
}
