import { join } from 'node:path';
import { expect } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { runProgram, testWith } from './programs.ts';

const folder = join(import.meta.dirname, '../../examples/telnet');

testWith(['nc'], 'examples/telnet/console.sh does what it says', async () => {
  const { telnetPort } = await startBroker({ telnetPort: 0, nodeId: 'heron' });
  const { code, stdout, stderr } = await runProgram('sh', [join(folder, 'console.sh')], {
    env: { TELNET_PORT: `${telnetPort}` },
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(
    /<< Successful login for user admin.*\n.*<< heron\n0\n\n.*<< \/node\/heron\/sysprop\/\?lastBackup=monday\n.*<< monday\n\n.*<< \nerrorCode=user\.illegalArgument message=The topic "nothing" is unknown.*\n\n.*<< Bye\n$/,
  );
  expect(code).toBe(0);
});
