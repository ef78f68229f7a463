import { spawn, spawnSync } from 'node:child_process';
import { onTestFinished, test } from 'vitest';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program by its name, or a command that succeeds where the program is, with the libraries that it takes. */
type Requirement = string | readonly [program: string, ...args: string[]];

/** `test`, or where something that it takes is missing, a skipped test whose name says so. */
export function testWith(requirements: readonly Requirement[], name: string, run: () => Promise<void>): void {
  const missing = requirements.filter((requirement) => !isInstalled(requirement)).map(String);
  if (missing.length === 0) test(name, run);
  else test.skip(`${name} (SKIPPED: ${missing.join(', ')} not installed)`, run);
}

/** Runs a program to its end; kills it with the test. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly input?: string; readonly cwd?: string } = {},
): Promise<Outcome> {
  return startProgram(program, args, options).ended;
}

/** A program that runs on: what it has printed so far, and its end. */
export interface Running {
  readonly ended: Promise<Outcome>;
  /** Resolves with stdout once it matches; rejects when the program ends before. */
  until(pattern: RegExp): Promise<string>;
  kill(): void;
}

export function startProgram(
  program: string,
  args: readonly string[],
  { env = {}, input, cwd }: { readonly env?: Record<string, string>; readonly input?: string; readonly cwd?: string } = {},
): Running {
  // A group of its own: a shell script dies with the programs that it has started.
  const child = spawn(program, [...args], { env: { ...process.env, ...env }, detached: true, ...(cwd ? { cwd } : {}) });
  const kill = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, 'SIGKILL');
  };
  onTestFinished(kill);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {}); // whoever does not read its input
  child.stdin.end(input);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const until = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = () => pattern.test(stdout) && resolve(stdout);
      child.stdout.on('data', look);
      look();
      ended.then(() => reject(new Error(`${program} ended before ${pattern}; it printed: ${stdout}${stderr}`)), reject);
    });
  return { ended, until, kill };
}

function isInstalled(requirement: Requirement): boolean {
  const options = { stdio: 'ignore', timeout: 10_000 } as const;
  if (typeof requirement === 'string') return spawnSync(requirement, ['--version'], options).error === undefined;
  const [program, ...args] = requirement;
  return spawnSync(program, args, options).status === 0;
}
