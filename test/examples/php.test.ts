import { join } from 'node:path';
import { expect } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { runProgram, testWith } from './programs.ts';

const PHP = ['php', '--ri', 'simplexml'] as const;
const directory = join(import.meta.dirname, '../../examples/php');
const PUBLISH = join(directory, 'publish.php');
const PULL = join(directory, 'pull.php');

testWith([PHP], 'examples/php publish, and pull what has come since the last time', async () => {
  const broker = await startBroker();
  const env = { XMLBLASTER: broker.url };
  const pull = () => runProgram('php', [PULL, "o'hara/1", "joe's <numbers>"], { env });
  expect(await pull()).toMatchObject({ code: 0, stdout: '' });
  const publish = await runProgram('php', [PUBLISH, "joe's <numbers>"], { env, input: '42\nthrée & <four>\n' });
  expect(publish).toMatchObject({ code: 0, stdout: 'published 42\npublished thrée & <four>\n' });
  expect(await pull()).toMatchObject({ code: 0, stdout: '42\nthrée & <four>\n' });
  expect(await pull()).toMatchObject({ code: 0, stdout: '' });
});

testWith([PHP], 'examples/php say what is wrong', async () => {
  const broker = await startBroker();
  const run = (url: string) => runProgram('php', [PUBLISH, '__sys__mine'], { env: { XMLBLASTER: url }, input: 'x\n' });
  expect(await run(broker.url)).toMatchObject({ code: 1, stderr: expect.stringContaining('notAuthorized') });
  await broker.close();
  expect(await run(broker.url)).toMatchObject({ code: 1, stderr: expect.stringContaining('does not answer') });
});
