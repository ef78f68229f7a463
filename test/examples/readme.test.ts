import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { helpText, readCommandLine } from '../../src/config/command-line.ts';
import { parsePasswordFile } from '../../src/security/password-entries.ts';
import { startBroker } from '../helpers/broker.ts';
import { runProgram, startProgram, testWith } from './programs.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const firstScreen = readme.slice(0, readme.indexOf('\n## '));

describe('README.md', () => {
  testWith(['curl'], 'the first screen: two terminals of curl, and what they see', async () => {
    const broker = await startBroker();
    const here = (line: string) => line.replace('localhost:3412', `localhost:${broker.port}`);
    const [wait = '', publish = '', ...more] = [...firstScreen.matchAll(/^curl .*$/gm)].map(([line]) => here(line));
    expect(more).toEqual([]);
    const waiting = startProgram('sh', ['-c', `${wait} -sS`]);
    await untilSubscribed(broker.fetch);
    expect((await runProgram('sh', ['-c', `${publish} -sS`])).stdout).toContain("<key oid='w1'/>");
    const shown = /```xml\n([\s\S]*?)```/.exec(firstScreen)?.[1] ?? '';
    expect(anyIds((await waiting.ended).stdout)).toBe(anyIds(shown));
  });

  testWith(['curl'], 'the table without XML: every line works, in its order', async () => {
    const broker = await startBroker();
    const section = /## The same without XML\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
    const lines = [...section.matchAll(/^\| .*? \| `(curl .*?)`/gm)].map(([, line = '']) => line);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      const command = line
        .replace('localhost:3412', `localhost:${broker.port}`)
        .replace('@photo.png', '@package.json')
        .replace(/timeout=\d+/, 'timeout=1')
        .replace('session=joe/1', 'session=joe/1&timeout=1');
      const isStream = line.includes('event-stream');
      const { code, stderr } = await runProgram('sh', ['-c', `${command} -sSf ${isStream ? '--max-time 1' : ''}`], { cwd: root });
      expect(code, `${command}: ${stderr}`).toBe(isStream ? 28 : 0);
    }
  });

  test('the tables of options have what --help has, with its defaults', () => {
    const rows = [...readme.matchAll(/^\| `--([\w-]+)` \| `(\w+)` \| ([^|]*) \|/gm)];
    const documented = rows.map(([, flag = '', , fallback = '']) => [flag, fallback.replaceAll(',', '')]);
    const help = [...helpText().matchAll(/^ {2}--([\w-]+)(?: …)? +(.*?)(?: \(([^() ]*)\))?$/gm)]
      .map(([, flag = '', , fallback = '–']) => [flag, flag === 'max-bytes' ? 'a quarter of the memory' : fallback])
      .filter(([flag = '']) => !['config', 'properties', 'help', 'version'].includes(flag));
    expect(documented).toEqual(help);
    for (const [, flag = '', variable = ''] of rows) {
      expect(variable).toBe(`XMLBLASTER_${flag.replaceAll('-', '_').toUpperCase()}`);
      const value = { host: 'localhost', 'log-level': 'warn', 'cors-origin': 'http://localhost:1' }[flag] ?? '1';
      expect(readCommandLine([], { [variable]: value }).action, variable).toBe('start');
    }
  });

  test('names only files that exist, and every room of src/', () => {
    const links = [...readme.matchAll(/\]\(([\w./-]+)\)/g)].map(([, path = '']) => path);
    const paths = [...readme.matchAll(/`((?:src|protocol|examples|test|bench)\/[\w./-]*)`/g)].map(([, path = '']) => path);
    const missing = [...links, ...paths].filter((path) => path !== 'bench/results' && !existsSync(join(root, path)));
    expect(missing).toEqual([]);
    const rooms = readdirSync(join(root, 'src')).map((name) => (name.endsWith('.ts') ? `src/${name}` : `src/${name}/`));
    expect(rooms.filter((room) => !paths.includes(room))).toEqual([]);
  });

  test('has a module of filters that does what it says', async () => {
    const [, source = ''] = /```js\n(\/\/ my-filters\.mjs[\s\S]*?)```/.exec(readme) ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'readme-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'my-filters.mjs'), source);
    const broker = await startBroker({ filterModule: [join(folder, 'my-filters.mjs')], publishFilter: ['NoEmpty'] });
    await broker.put('/topics/a', 'a fire');
    expect((await broker.put('/topics/a', '')).body).toContain("<state id='EMPTY'/>");
    const answer = (word: string) => broker.get(`/updates?oid=a&timeout=0&filterType=WordFilter&filter=${word}`);
    expect([(await answer('fire')).status, (await answer('fir')).status]).toEqual([200, 204]);
  });

  test('shows a password file that the broker understands', () => {
    const shown = /## Passwords\n[\s\S]*?```\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const warnings: string[] = [];
    const entries = parsePasswordFile(shown, (sentence) => warnings.push(sentence));
    expect([...entries.keys()]).toEqual(['admin', 'joe', 'sensor', 'clerk', 'guest']);
    expect(warnings).toEqual([]);
  });

  test('says of an XPath that is wrong what the broker says', async () => {
    const broker = await startBroker();
    const { body } = await broker.get(`/topics?xpath=${encodeURIComponent('//weather[')}`);
    expect(readme).toContain(body);
  });
});

/** The home page counts subscriptions: the poll waits once there is one. */
async function untilSubscribed(fetchPath: (path: string, init: RequestInit) => Promise<Response>): Promise<void> {
  for (;;) {
    const page = await fetchPath('/', { headers: { Accept: 'text/html' } });
    if (/ 1 subscription,/.test(await page.text())) return;
  }
}

/** Ids, times and the name of the broker differ each time. */
function anyIds(xml: string): string {
  return xml
    .replace(/ack='[^']*'/, 'ack')
    .replace(/\d{10,}/g, 'N')
    .replace(/_\d+\/client/, '_PORT/client');
}
