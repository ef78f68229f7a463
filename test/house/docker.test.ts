import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { projectFiles, root, run, startBroker, succeed, temporaryDirectory, whySkipped } from './house.ts';

// No container engine is needed: the stages are acted out in directories, with the files that the COPY lines bring and no others.

type Instruction = { readonly name: string; readonly text: string };
type Stage = { readonly name: string; readonly instructions: readonly Instruction[] };
type Copy = { readonly from: string | undefined; readonly sources: readonly string[]; readonly to: string };

const stages = readStages(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const [buildStage, runtimeStage] = stages as [Stage, Stage];

const skipped = await whySkipped('the stages of the Dockerfile');

describe('the Dockerfile', () => {
  test('has a stage that builds and one that runs', () => {
    expect(stages.map(({ name }) => name)).toEqual(['build', '']);
  });

  test.skipIf(skipped)('copies only files that are in git and that .dockerignore lets through', () => {
    const letThrough = readFileSync(join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(letThrough[0]).toBe('*');
    const inGit = projectFiles();
    const sources = stages.flatMap((stage) => copies(stage)).flatMap(({ from, sources }) => (from ? [] : sources));
    for (const source of sources) {
      expect(
        inGit.some((path) => path === source || path.startsWith(`${source}/`)),
        `${source} is in git`,
      ).toBe(true);
      expect(letThrough, '.dockerignore').toContain(`!${source}`);
    }
  });

  test('drops root before it starts anything, and gives /data to whom it becomes', () => {
    const names = runtimeStage.instructions.map(({ name }) => name);
    expect(only(runtimeStage, 'USER')).toBe('node');
    expect(names.lastIndexOf('RUN')).toBeLessThan(names.indexOf('USER'));
    expect(runtimeStage.instructions).toContainEqual({ name: 'RUN', text: 'mkdir /data && chown node:node /data' });
    expect(only(runtimeStage, 'VOLUME')).toBe('/data');
    expect(only(runtimeStage, 'EXPOSE')).toBe('3412');
    expect(JSON.parse(only(runtimeStage, 'CMD'))).toEqual(['--host', '0.0.0.0', '--data-dir', '/data']);
  });
});

describe.skipIf(skipped)('what the Dockerfile builds', () => {
  const filesystems = temporaryDirectory();
  const buildApp = join(filesystems, 'build/app');
  const app = join(filesystems, 'runtime/app');
  const entry = JSON.parse(only(runtimeStage, 'ENTRYPOINT')) as [string, ...string[]];
  const [command, ...entryArgs] = entry;

  beforeAll(async () => {
    // The first stage installs everything; the project's own node_modules is exactly that.
    layOut(buildStage, buildApp, () => root);
    expect(runs(buildStage)).toEqual(['npm ci --ignore-scripts --no-audit --no-fund', 'npx tsc -p tsconfig.build.json']);
    symlinkSync(join(root, 'node_modules'), join(buildApp, 'node_modules'));
    await succeed('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: buildApp });

    layOut(runtimeStage, app, (from) => (from === undefined ? root : join(filesystems, from)));
    const install = runs(runtimeStage)[0]?.split(' && ')[0] ?? '';
    expect(install).toBe('npm ci --omit=dev --ignore-scripts --no-audit --no-fund');
    await succeed('npm', install.split(' ').slice(1), { cwd: app });
  });

  test('starts with the production dependencies alone', async () => {
    expect(() => statSync(join(app, 'node_modules/typescript'))).toThrow('ENOENT');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect((await succeed(command, [...entryArgs, '--version'], { cwd: app })).stdout).toContain(version);
    expect((await succeed(command, [...entryArgs, '--help'], { cwd: app })).stdout).toContain('--data-dir');
  });

  test('is found healthy by its HEALTHCHECK while it runs, unhealthy when it does not, and ends with 0 on SIGTERM', async () => {
    const broker = await startBroker(command, [...entryArgs, '--port', '0', '--data-dir', join(filesystems, 'data')], {
      cwd: app,
    });
    const [, check = ''] = /CMD (.*)$/s.exec(only(runtimeStage, 'HEALTHCHECK')) ?? [];
    const [program, ...args] = JSON.parse(check) as [string, ...string[]];
    const where = { cwd: app, env: { XMLBLASTER_PORT: String(broker.port) } };
    expect(await run(program, args, where)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await broker.signal('SIGTERM', 'process')).toBe(0);
    expect((await run(program, args, where)).code).toBe(1);
  });
});

function readStages(dockerfile: string): Stage[] {
  const stages: { name: string; instructions: Instruction[] }[] = [];
  const lines = dockerfile
    .replace(/^\s*#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n');
  for (const line of lines.filter((line) => line.trim() !== '')) {
    const [, name = '', text = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push({ name: / AS (\S+)$/.exec(text)?.[1] ?? '', instructions: [] });
    else stages.at(-1)?.instructions.push({ name, text });
  }
  return stages;
}

function copies({ instructions }: Stage): Copy[] {
  return instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ text }) => {
      const [, from, paths = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? [];
      const sources = paths.split(' ');
      return { from, to: sources.pop() ?? '', sources };
    });
}

/** Copies as COPY does: a file into a directory (`./`), the content of a directory to the name given. */
function layOut(stage: Stage, app: string, sourceRoot: (from: string | undefined) => string): void {
  expect(only(stage, 'WORKDIR')).toBe('/app');
  mkdirSync(app, { recursive: true });
  for (const { from, sources, to } of copies(stage)) {
    for (const source of sources)
      cpSync(join(sourceRoot(from), source), to === './' ? join(app, source) : join(app, to), { recursive: true });
  }
}

function runs({ instructions }: Stage): string[] {
  return instructions.filter(({ name }) => name === 'RUN').map(({ text }) => text);
}

function only({ instructions }: Stage, wanted: string): string {
  const found = instructions.filter(({ name }) => name === wanted);
  expect(found, `${wanted} lines`).toHaveLength(1);
  return found[0]?.text ?? '';
}
