import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BrokerProcess } from './broker-process.ts';
import { Ledger } from './ledger.ts';
import type { Life } from './life.ts';
import { makeTopics } from './publishers.ts';
import { Random } from './random.ts';
import { SUBSCRIBERS } from './subscriber.ts';
import { Witness } from './witness.ts';
import { checkState, deliverAll, live, type Subscriptions, subscribeAll } from './world.ts';

const MAX_LIFE_MS = 1_200;
/** Long enough to hit anything between the first line of code and the first client. */
const MAX_START_MS = 700;
/** A subscriber that sleeps is to have much to wait for, and to be asked now and then. */
const DELIVER_ALL_EVERY = 10;

interface Run {
  readonly directory: string;
  readonly witness: Witness;
  readonly random: Random;
  readonly counts: Record<string, number>;
}

export interface CyclesResult {
  readonly ledger: Ledger;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Starts, uses and kills the broker so many times on one data directory; the directory stays when something was wrong. */
export async function runCycles(cycles: number, seed: number, say: (text: string) => void): Promise<CyclesResult> {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-crash-'));
  const counts = { cycles: 0, kills: 0, 'kills while starting': 0, stops: 0 };
  const run: Run = { directory, witness: new Witness(new Ledger(SUBSCRIBERS)), random: new Random(seed), counts };
  const { ledger } = run.witness;
  const startedAt = performance.now();
  let slowestStartMs = 0;
  let subscriptions: Subscriptions | undefined;
  while (counts.cycles < cycles && ledger.problems.length === 0) {
    counts.cycles++;
    subscriptions ??= await setUp(run);
    slowestStartMs = Math.max(slowestStartMs, await runCycle(run, subscriptions));
    if (counts.cycles % 10 === 0)
      say(`${counts.cycles} cycles, ${ledger.figures.acked} acked, ${ledger.figures.delivered} delivered`);
  }
  if (subscriptions) await lastLife(run, subscriptions);
  if (ledger.problems.length === 0) rmSync(directory, { recursive: true });
  else say(`the data directory is left in ${directory}`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return { ledger, figures: { ...counts, seconds, 'slowest start ms': Math.round(slowestStartMs) } };
}

async function setUp({ directory, witness }: Run): Promise<Subscriptions> {
  const broker = new BrokerProcess(directory);
  const port = await broker.listening();
  const subscriptions = await subscribeAll(port);
  await makeTopics(port, witness);
  witness.note({ kind: 'ended' });
  await broker.end('SIGKILL');
  return subscriptions;
}

/** Returns how long the start took; ms. */
async function runCycle(run: Run, subscriptions: Subscriptions): Promise<number> {
  const { directory, witness, random, counts } = run;
  while (random.chance(0.2)) {
    const early = new BrokerProcess(directory);
    await delay(random.between(0, MAX_START_MS));
    counts['kills while starting'] = (counts['kills while starting'] ?? 0) + 1;
    if (early.hasEnded) witness.ledger.problem(`START: the broker ended by itself: ${early.output}`);
    await early.end('SIGKILL');
  }
  const broker = new BrokerProcess(directory);
  const port = await broker.listening();
  const startMs = performance.now() - broker.startedAt;
  await checkState(port, subscriptions, witness.ledger);
  if ((counts['cycles'] ?? 0) % DELIVER_ALL_EVERY === 0) await deliverAll(port, witness);
  await live(port, witness, random, (life) => endLife(broker, life, run));
  return startMs;
}

async function endLife(broker: BrokerProcess, life: Life, { random, witness, counts }: Run): Promise<void> {
  await delay(random.between(0, MAX_LIFE_MS));
  life.over();
  if (broker.hasEnded) witness.ledger.problem(`END: the broker ended by itself: ${broker.output}`);
  const signal = random.chance(0.1) ? 'SIGTERM' : 'SIGKILL';
  const count = signal === 'SIGKILL' ? 'kills' : 'stops';
  counts[count] = (counts[count] ?? 0) + 1;
  await broker.end(signal);
}

async function lastLife({ directory, witness }: Run, subscriptions: Subscriptions): Promise<void> {
  const broker = new BrokerProcess(directory);
  const port = await broker.listening();
  await checkState(port, subscriptions, witness.ledger);
  await deliverAll(port, witness);
  await broker.end('SIGTERM');
}
