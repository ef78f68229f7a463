import { join } from 'node:path';
import { expect } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { runProgram, startProgram, testWith } from './programs.ts';

const directory = join(import.meta.dirname, '../../examples/python');

testWith(['python3'], 'examples/python/xmlrpc_*.py publish, are pushed to, and pull', async () => {
  const broker = await startBroker();
  const env = { XMLBLASTER: broker.url };
  const push = startProgram('python3', [join(directory, 'xmlrpc_push.py'), 'numbers'], { env });
  const pull = startProgram('python3', [join(directory, 'xmlrpc_pull.py'), 'joe/1', 'numbers'], { env });
  await Promise.all([push.until(/subscribed\n/), pull.until(/subscribed\n/)]);
  const publish = await runProgram('python3', [join(directory, 'xmlrpc_publish.py'), 'numbers'], {
    env,
    input: 'one\nthrée & <four>\n',
  });
  expect(publish).toMatchObject({ code: 0, stdout: 'published one\npublished thrée & <four>\n' });
  await Promise.all([push.until(/^subscribed\none\nthrée & <four>\n$/), pull.until(/^subscribed\none\nthrée & <four>\n$/)]);
  push.kill();
  pull.kill();
  await Promise.all([push.ended, pull.ended]);
});

testWith(['python3'], 'examples/python/xmlrpc_*.py say what is wrong', async () => {
  const broker = await startBroker();
  const env = { XMLBLASTER: broker.url };
  const wrong = await runProgram('python3', [join(directory, 'xmlrpc_publish.py'), '__sys__mine'], { env, input: 'x\n' });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('notAuthorized') });
});
