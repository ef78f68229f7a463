import { join } from 'node:path';
import { expect } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { runProgram, startProgram, testWith } from './programs.ts';

const folder = join(import.meta.dirname, '../../examples/python');
const PUBLISHER = join(folder, 'publisher.py');
const CONSUMER = join(folder, 'consumer.py');

testWith(['python3'], 'examples/python: the consumer goes on where it was when it is killed and started again', async () => {
  const broker = await startBroker();
  const env = { XMLBLASTER: broker.url };
  const publish = (oid: string, input: string) =>
    runProgram('python3', [PUBLISHER, oid, '<numbers in="Ωμέγα"/>'], { env, input });
  const startConsumer = () => startProgram('python3', [CONSUMER, 'joe/1', '//numbers[@in="Ωμέγα"]'], { env });

  expect(await publish('numbers/a b', 'one\n')).toMatchObject({ code: 0, stdout: 'published one\n' });
  const first = startConsumer();
  await first.until(/numbers\/a b: one\n/);
  expect((await publish('numbers/a b', 'two\nthrée & <four>\n')).code).toBe(0);
  await first.until(/: two\n[\s\S]*: thrée & <four>\n/);
  first.kill();
  await first.ended;

  await publish('more', 'five\n');
  await broker.fetch('/topics/more', { method: 'PUT', body: new Uint8Array([0, 255]) });
  const second = startConsumer();
  const printed = await second.until(/more: five\n[\s\S]*more: b'\\x00\\xff'/);
  // What was printed just before the end may come again, and says so.
  for (const line of printed.split('\n')) if (/one|two|thrée/.test(line)) expect(line).toMatch(/\(again\)$/);
  second.kill();
  await second.ended;
});

testWith(['python3'], 'examples/python say what is wrong', async () => {
  const broker = await startBroker();
  const env = { XMLBLASTER: broker.url };
  const badKey = await runProgram('python3', [PUBLISHER, 'a', '<a'], { env, input: 'x\n' });
  expect(badKey).toMatchObject({ code: 1, stderr: expect.stringContaining('400: <exception') });
  const badXPath = await runProgram('python3', [CONSUMER, 'joe/1', '//a['], { env });
  expect(badXPath).toMatchObject({ code: 1, stderr: expect.stringContaining('user.query.invalid') });
  const noArguments = await runProgram('python3', [CONSUMER], { env });
  expect(noArguments).toMatchObject({ code: 1, stderr: expect.stringContaining('Run: python3') });
});
