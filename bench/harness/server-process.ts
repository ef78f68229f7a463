import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HeapUse } from '../heap-probe.ts';

/** Compiled, this file is bench/dist/bench/harness/server-process.js. */
export const ROOT = new URL('../../../../', import.meta.url);

const STARTED = /http:\/\/127\.0\.0\.1:([0-9]+)/;

/** A server in a process of its own, on a free port. It ends with this process at the latest. */
export class ServerProcess {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    this.pid = child.pid as number;
  }

  /** The broker as `npm start` runs it, with defaults, and in memory unless `options` say otherwise; a probe is loaded into it that tells of its heap when asked. */
  static startBroker(options: readonly string[] = ['--memory']): Promise<ServerProcess> {
    return ServerProcess.#start([
      '--expose-gc',
      '--import',
      PROBE,
      fileURLToPath(new URL('dist/main.js', ROOT)),
      '--port',
      '0',
      ...options,
    ]);
  }

  /** The yardstick: `node:http` alone, which answers 204, or what is given. */
  static startBareServer(answer: readonly string[] = []): Promise<ServerProcess> {
    return ServerProcess.#start([fileURLToPath(new URL('bench/dist/bench/bare-server.js', ROOT)), ...answer]);
  }

  static async #start(args: readonly string[]): Promise<ServerProcess> {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    let output = '';
    for await (const piece of child.stdout as AsyncIterable<Buffer>) {
      output += piece.toString();
      const port = STARTED.exec(output)?.[1];
      if (port === undefined) continue;
      return new ServerProcess(child, Number(port));
    }
    throw new Error(`The server did not start: ${output}`);
  }

  /** What lives on its heap: it collects all garbage first. Only of a broker. */
  async heapUse(): Promise<HeapUse> {
    this.#child.send('heap');
    const [use] = await once(this.#child, 'message');
    return use as HeapUse;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}

const PROBE = new URL('bench/dist/bench/heap-probe.js', ROOT).href;
