import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './broker-process.ts';

/** Compiles the library that watches a broker's disk; undefined: there is no C compiler, or this is no Linux. */
export function compileShim(directory: string): string | undefined {
  const library = join(directory, 'disk-shim.so');
  const source = fileURLToPath(new URL('test/crash/disk-shim.c', ROOT));
  const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl', '-lpthread']);
  if (status === 0) return library;
  if (status !== null && process.platform === 'linux') throw new Error(`cc does not compile ${source}: ${stderr}`);
  return undefined;
}

/** What a broker needs in its environment so that what it does to `file` is written to `log`, which is made anew. */
export function watchedBy(library: string, file: string, log: string): Readonly<Record<string, string>> {
  writeFileSync(log, '');
  return { LD_PRELOAD: library, SHIM_FILE: file, SHIM_LOG: log };
}

/** The same for a disk whose faults stand in the file `faults`: the first letter that disk-shim.c knows. */
export function faultyBy(library: string, file: string, faults: string): Readonly<Record<string, string>> {
  return { LD_PRELOAD: library, SHIM_FILE: file, SHIM_FAULT: faults };
}
