import { join } from 'node:path';
import { expect } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { runProgram, startProgram, testWith } from './programs.ts';

const PERL = ['perl', '-MRPC::XML::Server', '-e', '1'] as const;
const directory = join(import.meta.dirname, '../../examples/perl');
const PUBLISH = join(directory, 'xmlrpc_publish.pl');
const PUSH = join(directory, 'xmlrpc_push.pl');

testWith([PERL], 'examples/perl publish, and are pushed to', async () => {
  const broker = await startBroker();
  const env = { XMLBLASTER: broker.url };
  const push = startProgram('perl', [PUSH, "joe's <numbers>"], { env });
  await push.until(/subscribed\n/);
  const publish = await runProgram('perl', [PUBLISH, "joe's <numbers>"], { env, input: '42\nthrée & <four>\n' });
  expect(publish).toMatchObject({ code: 0, stdout: 'published 42\npublished thrée & <four>\n' });
  await push.until(/^subscribed\n42\nthrée & <four>\n$/);
  push.kill();
  await push.ended;
});

testWith([PERL], 'examples/perl say what is wrong', async () => {
  const broker = await startBroker();
  const run = (url: string) => runProgram('perl', [PUBLISH, '__sys__mine'], { env: { XMLBLASTER: url }, input: 'x\n' });
  expect(await run(broker.url)).toMatchObject({ code: 255, stderr: expect.stringContaining('notAuthorized') });
  await broker.close();
  expect(await run(broker.url)).toMatchObject({ stdout: '', stderr: expect.stringContaining("Can't connect") });
});
