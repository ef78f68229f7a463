// `npm run test:xpath -- --pairs 1000000`: as many random pairs of topic and expression, ours against two other implementations.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '20000' } } });
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const env = { ...process.env, XPATH_PAIRS: values.pairs };
const tests = ['test/unit/query/xpath/differential.test.ts', 'test/unit/query/xpath/indices.property.test.ts'];
const child = spawn(process.execPath, [vitest, 'run', ...tests], { env, stdio: 'inherit' });
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
