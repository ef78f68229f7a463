import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { ask, topicsOf } from '../helpers/admin.ts';
import { startBroker } from '../helpers/broker.ts';
import { passwordFile, SECRET } from '../helpers/passwords.ts';

function script(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-script-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'start.xml');
  writeFileSync(path, text);
  return path;
}

const PUBLISH = "<publish><key oid='motd'><day/></key><content>welcome</content></publish>";

test('a script runs before anybody comes, and may do everything', async () => {
  const startupScript = script(`<xmlBlaster>${PUBLISH}<publish><key oid="__cmd:sysprop/?colour=blue"/></publish></xmlBlaster>`);
  const broker = await startBroker({ startupScript });
  expect((await broker.get('/topics/motd')).body).toBe('welcome');
  expect(await ask(broker, 'sysprop/?colour')).toBe('blue');
  expect(await ask(broker, '?clientList')).toBe('');
});

test('passwords are for those who come from outside', async () => {
  const { path } = passwordFile(`joe:${SECRET}\n`);
  const broker = await startBroker({ startupScript: script(PUBLISH), passwordFile: path });
  const { body } = await broker.get('/topics/motd', { Authorization: `Basic ${btoa('joe:secret')}` });
  expect(body).toBe('welcome');
});

test.each([
  [
    `<xmlBlaster>${PUBLISH}<publish><key oid='__sys__x'/></publish>${PUBLISH.replace('motd', 'late')}</xmlBlaster>`,
    ['motd'],
    'after 1 commands',
  ],
  ['<xmlBlaster>', [], 'after 0 commands'],
  ['', [], 'after 0 commands'],
])('a script that goes wrong is a warning, and the broker starts', async (text, topics, sentence) => {
  const lines: string[] = [];
  const logger = createLogger('warn', { write: (line) => void lines.push(line) });
  const broker = await startBroker({ startupScript: script(text) }, { logger });
  expect(await topicsOf(broker)).toEqual(topics);
  expect(lines.join('')).toContain(sentence);
});

test('a script that is not there is a mistake of the command line', async () => {
  await expect(startBroker({ startupScript: '/nowhere/start.xml' })).rejects.toThrow('--startup-script /nowhere/start.xml');
});
