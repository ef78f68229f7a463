// `npm run test:crash -- --cycles 200 --seed 7`: kills the broker at random moments and checks that it keeps its promises.
// `--power-cuts 100`: also makes files as a power cut may leave them, and starts the broker on each. Last come faults of the disk.
import { parseArgs } from 'node:util';
import { runCycles } from './cycles.ts';
import { runDiskFaults } from './disk-faults.ts';
import { runPowerCuts } from './power-cuts.ts';

const MAX_PROBLEMS_SHOWN = 20;

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '50' },
    'power-cuts': { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
const say = (text: string): unknown => process.stdout.write(`crash: ${text}\n`);

say(`seed ${seed}`);
const { ledger, figures } = await runCycles(Number(values.cycles), seed, say);
report('cycles', { ...figures, ...ledger.figures }, ledger.problems);
const cuts = await runPowerCuts(Number(values['power-cuts']), seed, say);
if (cuts) report('power cuts', cuts.figures, cuts.problems);
const faults = await runDiskFaults(say);
if (faults) report('faults of the disk', faults.figures, faults.problems);

function report(what: string, figures: Readonly<Record<string, number | string>>, problems: readonly string[]): void {
  const figuresInWords = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  say(`${what}: ${figuresInWords.join(', ')}`);
  for (const problem of problems.slice(0, MAX_PROBLEMS_SHOWN)) say(problem);
  if (problems.length > MAX_PROBLEMS_SHOWN) say(`… and ${problems.length - MAX_PROBLEMS_SHOWN} more`);
  if (problems.length > 0) process.exitCode = 1;
}
