import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BrokerProcess } from './broker-process.ts';
import { compileShim, watchedBy } from './disk-shim.ts';
import { type Figures, Ledger } from './ledger.ts';
import { makeTopics } from './publishers.ts';
import { Random } from './random.ts';
import { SUBSCRIBERS } from './subscriber.ts';
import { type Recorded, Witness } from './witness.ts';
import { checkState, deliverAll, live, type Subscriptions, subscribeAll } from './world.ts';
import { WriteLog } from './write-log.ts';

const DATA_FILE = 'data.mdb';
const LEAST_LIFE_MS = 300;
const MAX_LIFE_MS = 1_500;
/** So many power cuts are made out of one life. */
const CUTS_PER_LIFE = 10;
/** Then there is a new one: nobody takes away what waits, and each check looks at all of it. */
const LIVES_OF_A_STORE = 2;

export interface PowerCutsResult {
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, number | string>>;
}

/** A life whose writes are known: what came before it is settled. */
interface Life {
  readonly log: WriteLog;
  readonly before: readonly Recorded[];
  readonly during: readonly Recorded[];
}

/**
 * Watches the broker write, makes of it the files that a power cut may leave behind, and starts the broker on each: everything that had
 * been acknowledged by then must be there. Undefined, and said aloud, where there is no C compiler.
 */
export async function runPowerCuts(
  cuts: number,
  seed: number,
  say: (text: string) => void,
): Promise<PowerCutsResult | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-power-'));
  const shim = compileShim(directory);
  if (shim === undefined) {
    say('SKIPPED the power cuts: there is no C compiler (cc)');
    return undefined;
  }
  const random = new Random(seed);
  const ledgers: Ledger[] = [];
  const figures = { lives: 0, 'power cuts': 0, writes: 0, syncs: 0 };
  const isUnderWay = (): boolean => figures['power cuts'] < cuts && ledgers.every(({ problems }) => problems.length === 0);
  while (isUnderWay()) {
    const recorder = new Recorder(mkdtempSync(join(directory, 'store-')), shim, random);
    ledgers.push(recorder.ledger);
    const subscriptions = await recorder.setUp();
    for (let lives = 0; lives < LIVES_OF_A_STORE && isUnderWay(); lives++, figures.lives++) {
      const life = await recorder.recordLife();
      figures.writes += life.log.writes;
      figures.syncs += life.log.syncs;
      for (let i = 0; i < CUTS_PER_LIFE && isUnderWay(); i++, figures['power cuts']++)
        ledgers.push(await cutPower(join(directory, 'cut'), life, subscriptions, random.fork()));
    }
  }
  const problems = ledgers.flatMap((ledger) => ledger.problems);
  if (problems.length === 0) rmSync(directory, { recursive: true });
  else say(`everything is left in ${directory}`);
  return { problems, figures: { ...figures, ...sum(ledgers) } };
}

/** What all checks have seen together: each begins with what was there before. */
function sum(ledgers: readonly Ledger[]): Partial<Figures> {
  const add = (name: keyof Figures): number => ledgers.reduce((total, { figures }) => total + figures[name], 0);
  return { lost: add('lost'), unmarked: add('unmarked'), otherProblems: add('otherProblems') };
}

/** Runs the broker under the shim, one life after the other, on one data directory. */
class Recorder {
  readonly ledger = new Ledger(SUBSCRIBERS);
  readonly #dataDir: string;
  readonly #log: string;
  readonly #shim: string;
  readonly #random: Random;
  readonly #witness: Witness;

  constructor(directory: string, shim: string, random: Random) {
    this.#dataDir = join(directory, 'data');
    this.#log = join(directory, 'writes.log');
    this.#shim = shim;
    this.#random = random;
    writeFileSync(this.#log, '');
    this.#witness = new Witness(this.ledger, () => statSync(this.#log).size);
  }

  async setUp(): Promise<Subscriptions> {
    const broker = new BrokerProcess(this.#dataDir);
    const port = await broker.listening();
    const subscriptions = await subscribeAll(port);
    await makeTopics(port, this.#witness);
    this.#witness.note({ kind: 'ended' });
    await broker.end('SIGTERM');
    return subscriptions;
  }

  async recordLife(): Promise<Life> {
    const { recorded } = this.#witness;
    const file = join(this.#dataDir, DATA_FILE);
    const base = readFileSync(file);
    const first = recorded.length;
    const broker = new BrokerProcess(this.#dataDir, watchedBy(this.#shim, file, this.#log));
    await live(await broker.listening(), this.#witness, this.#random, async (life) => {
      await delay(this.#random.between(LEAST_LIFE_MS, MAX_LIFE_MS));
      life.over();
      if (broker.hasEnded) this.ledger.problem(`END: the broker ended by itself: ${broker.output}`);
      await broker.end('SIGKILL');
    });
    const log = new WriteLog(base, this.#log);
    if (log.syncs === 0) this.ledger.problem('SHIM: it has seen no sync: does the broker write in a way that it does not know?');
    return { log, before: recorded.slice(0, first), during: recorded.slice(first) };
  }
}

/** What was seen up to the power cut has happened, and no more; then the broker starts on what the disk may hold. */
async function cutPower(
  dataDir: string,
  { log, before, during }: Life,
  subscriptions: Subscriptions,
  random: Random,
): Promise<Ledger> {
  const moment = log.pickMoment(random);
  const ledger = new Ledger(SUBSCRIBERS);
  for (const { event } of before) ledger.apply(event);
  for (const { event, at } of during) if (at <= moment && event.kind !== 'ended') ledger.apply(event);
  ledger.apply({ kind: 'ended' });
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, DATA_FILE), log.fileAfterPowerCut(moment, random));
  const broker = new BrokerProcess(dataDir);
  try {
    const port = await broker.listening();
    await checkState(port, subscriptions, ledger);
    await deliverAll(port, new Witness(ledger));
  } catch (error) {
    ledger.problem(`POWER: ${(error as Error).message}`);
  }
  if (ledger.problems.length > 0) ledger.problem(`POWER: cut when the log had ${moment} bytes`);
  await broker.end('SIGKILL');
  return ledger;
}
