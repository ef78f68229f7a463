// `npm run test:crash -- --cycles 200 --seed 7`: kills the broker at random moments and checks that it keeps its promises.
import { parseArgs } from 'node:util';
import { runCycles } from './cycles.ts';
import type { Ledger } from './ledger.ts';

const MAX_PROBLEMS_SHOWN = 20;

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
const say = (text: string): unknown => process.stdout.write(`crash: ${text}\n`);

say(`seed ${seed}`);
const { ledger, figures } = await runCycles(Number(values.cycles), seed, say);
report('cycles', ledger, figures);

function report(what: string, { problems, figures: counted }: Ledger, own: Readonly<Record<string, number | string>>): void {
  const figures = { ...own, ...counted };
  say(
    `${what}: ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
  for (const problem of problems.slice(0, MAX_PROBLEMS_SHOWN)) say(problem);
  if (problems.length > MAX_PROBLEMS_SHOWN) say(`… and ${problems.length - MAX_PROBLEMS_SHOWN} more`);
  if (problems.length > 0) process.exitCode = 1;
}
