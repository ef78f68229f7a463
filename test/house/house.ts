import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

/** The project's own directory. */
export const root = join(import.meta.dirname, '../..');

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
export type Where = { readonly cwd: string; readonly env?: NodeJS.ProcessEnv };

/** The environment of a newcomer's shell: without what `npm test` and vitest added to it, and without a broker's settings. */
const plainEnv: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|npm_config_local_prefix$|INIT_CWD$|NODE_ENV$|VITEST|XMLBLASTER_)/.test(name),
  ),
);

/** Why tests that install packages cannot run here, or undefined. They say so themselves: a quiet skip looks like a pass. */
export async function whySkipped(what: string): Promise<string | undefined> {
  const reason = await findReason();
  if (reason) console.warn(`SKIPPED ${what}: ${reason}`);
  return reason;
}

async function findReason(): Promise<string | undefined> {
  const git = await run('git', ['rev-parse', '--is-inside-work-tree'], { cwd: root });
  if (git.code !== 0) return 'this is not a git checkout';
  const ping = await run('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=5000'], { cwd: root });
  return ping.code === 0 ? undefined : 'the npm registry cannot be reached';
}

/** Gives the tests of a file or a `describe` a directory of their own: there before the first of them, gone after the last. */
export function temporaryDirectory(): string {
  const directory = join(tmpdir(), `xmlblaster-house-${randomUUID()}`);
  beforeAll(() => mkdirSync(directory));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What a clone would hold if everything in the working tree were committed. */
export function projectFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

export function copyProject(to: string): void {
  for (const path of projectFiles()) cpSync(join(root, path), join(to, path));
}

export function run(command: string, args: readonly string[], { cwd, env }: Where): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd, env: { ...plainEnv, ...env } }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

/** Like `run`, for a command that has to succeed. */
export async function succeed(command: string, args: readonly string[], where: Where): Promise<Finished> {
  const finished = await run(command, args, where);
  if (finished.code === 0) return finished;
  throw new Error(
    `${command} ${args.join(' ')} in ${where.cwd} ended with ${finished.code}:\n${finished.stdout}${finished.stderr}`,
  );
}

export type Broker = { readonly port: number; signal(name: NodeJS.Signals, to: 'process' | 'group'): Promise<number | null> };

/** Starts a command that becomes a broker and waits until it has logged the port it listens on. */
export async function startBroker(command: string, args: readonly string[], { cwd, env }: Where): Promise<Broker> {
  const child = spawn(command, args, { cwd, env: { ...plainEnv, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const kill = (name: NodeJS.Signals, to: 'process' | 'group'): void => {
    if (child.pid !== undefined) process.kill(to === 'group' ? -child.pid : child.pid, name);
  };
  onTestFinished(() => {
    try {
      kill('SIGKILL', 'group');
    } catch {
      // No process of the group is left, as it should be.
    }
  });
  let output = '';
  const port = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /listens on http:\/\/[0-9.]+:(\d+)/.exec(output);
      if (found) resolve(Number(found[1]));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    void ended.then((code) =>
      reject(new Error(`${command} ${args.join(' ')} ended with ${code} before it listened:\n${output}`)),
    );
  });
  return {
    port,
    signal(name, to) {
      kill(name, to);
      return ended;
    },
  };
}
