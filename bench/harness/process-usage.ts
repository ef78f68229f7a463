import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

// What the kernel says about a process (Linux).

const CHECK_MS = 250;
/** A process that used less of a core than this since the last check is at rest. */
const REST_SHARE = 0.05;
const MAX_SETTLE_MS = 20_000;

const msPerTick = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU time of all its threads, in user and system mode, ms; the kernel counts in steps of 10 ms. */
export function readCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** Resident memory in bytes. It holds garbage that was not collected yet and pages that were not given back. */
export function readRssBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** Resolves when the process has done nothing for a second. */
export async function settle(pid: number): Promise<void> {
  const giveUpAt = performance.now() + MAX_SETTLE_MS;
  let calmChecks = 0;
  for (let before = readCpuMs(pid); calmChecks < 4; ) {
    if (performance.now() > giveUpAt) throw new Error(`Process ${pid} does not come to rest`);
    await delay(CHECK_MS);
    const now = readCpuMs(pid);
    calmChecks = now - before <= CHECK_MS * REST_SHARE ? calmChecks + 1 : 0;
    before = now;
  }
}

/** How many files this process may open; Node has raised its soft limit to the hard one. */
export function maxOpenFiles(): number {
  return Number(/^Max open files\s+([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}
