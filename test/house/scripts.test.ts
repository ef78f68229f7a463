import { appendFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { copyProject, root, run, startBroker, succeed, temporaryDirectory, whySkipped } from './house.ts';

const ready = ['scripts/ready.mjs'];

describe.skipIf(await whySkipped('npm start in a fresh clone'))('in a fresh clone', () => {
  const clone = temporaryDirectory();
  beforeAll(() => copyProject(clone));
  const start = ['start', '--', '--port', '0', '--data-dir', join(clone, 'data')];

  test('npm start, as the very first command, installs, builds and starts; SIGTERM to npm ends it all with 0', async () => {
    const broker = await startBroker('npm', start, { cwd: clone });
    expect((await fetch(`http://127.0.0.1:${broker.port}/healthz`)).status).toBe(200);
    const before = performance.now();
    expect(await broker.signal('SIGTERM', 'process')).toBe(0);
    expect(performance.now() - before).toBeLessThan(5000);
    await expect(fetch(`http://127.0.0.1:${broker.port}/healthz`)).rejects.toThrow('fetch failed');
  });

  test('a second npm start has nothing to install or build', async () => {
    const before = performance.now();
    expect(await succeed('node', ready, { cwd: clone })).toMatchObject({ stdout: '', stderr: '' });
    expect(performance.now() - before).toBeLessThan(1000);
  });

  // A terminal sends Ctrl-C to the whole group and npm passes it on: the broker gets each signal twice.
  test.each(['SIGINT', 'SIGTERM'] as const)('%s to the process group of npm start ends it with 0', async (signal) => {
    const broker = await startBroker('npm', start, { cwd: clone });
    expect(await broker.signal(signal, 'group')).toBe(0);
  });

  test('after a change in src, two starts at once build once', async () => {
    appendFileSync(join(clone, 'src/main.ts'), '// a change\n');
    const both = await Promise.all([succeed('node', ready, { cwd: clone }), succeed('node', ready, { cwd: clone })]);
    const said = both.map(({ stderr }) => stderr).join('');
    expect(said.match(/^xmlblaster: building \(src changed\) …$/gm)).toHaveLength(1);
  });

  test('a build that fails says so and leaves the last good one in place', async () => {
    appendFileSync(join(clone, 'src/main.ts'), 'const broken: number = "text";\n');
    const { code, stderr } = await run('node', ready, { cwd: clone });
    expect(code).toBe(1);
    expect(stderr).toContain('src/main.ts');
    expect(stderr).toContain('xmlblaster: the build failed (exit code ');
    await succeed('node', ['dist/main.js', '--version'], { cwd: clone });
  });
});

describe('a checkout that cannot be made ready', () => {
  const checkout = temporaryDirectory();
  const bin = join(checkout, 'bin');

  beforeAll(() => {
    for (const path of ['scripts', 'package.json', 'package-lock.json'])
      cpSync(join(root, path), join(checkout, path), { recursive: true });
    for (const path of ['src', 'bin']) mkdirSync(join(checkout, path));
    symlinkSync(process.execPath, join(bin, 'node'));
  });

  test('without npm', async () => {
    const { code, stderr } = await run('node', ready, { cwd: checkout, env: { PATH: bin } });
    expect(code).toBe(1);
    expect(stderr).toContain('xmlblaster: cannot install dependencies: there is no "npm" on the PATH');
  });

  test('when npm ci fails, and the lock of a process that was killed does not keep it from trying', async () => {
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho no network >&2\nexit 7\n', { mode: 0o755 });
    mkdirSync(join(checkout, '.ready'));
    writeFileSync(join(checkout, '.ready/pid'), String(2 ** 30)); // above every system's largest process id
    const { code, stderr } = await run('node', ready, { cwd: checkout, env: { PATH: `${bin}:/bin` } });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'xmlblaster: installing dependencies (first start) …\nno network\nxmlblaster: npm ci failed (exit code 7); what it printed above says why\n',
    );
  });
});

describe('an installed package', () => {
  const installed = temporaryDirectory();

  test('has no src and is ready as it is', async () => {
    cpSync(join(root, 'scripts'), join(installed, 'scripts'), { recursive: true });
    expect(await succeed('node', ready, { cwd: installed })).toMatchObject({ stdout: '', stderr: '' });
  });
});
