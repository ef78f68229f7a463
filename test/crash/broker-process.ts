import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Compiled, this file is test/crash/dist/test/crash/broker-process.js. */
export const ROOT = new URL('../../../../../', import.meta.url);

const STARTED = /listens on http:\/\/127\.0\.0\.1:([0-9]+)/;
const MAX_OUTPUT = 20_000;

/** The real broker in a process of its own, on a free port. */
export class BrokerProcess {
  readonly startedAt = performance.now();
  /** What it said so far, its end. */
  output = '';
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #wake: () => void = () => {};

  constructor(dataDir: string, environment: Readonly<Record<string, string>> = {}) {
    const args = [fileURLToPath(new URL('dist/main.js', ROOT)), '--port', '0', '--socket-port', 'off', '--data-dir', dataDir];
    this.#child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment, XMLBLASTER_LOG_LEVEL: 'info' },
    });
    this.#exited = once(this.#child, 'exit').then(() => this.#wake());
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (piece: Buffer) => {
        this.output = (this.output + piece.toString()).slice(-MAX_OUTPUT);
        this.#wake();
      });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** The port, when it listens. @throws when it ends before. */
  async listening(): Promise<number> {
    for (;;) {
      const port = STARTED.exec(this.output)?.[1];
      if (port !== undefined) return Number(port);
      if (this.hasEnded) throw new Error(`The broker ended instead of listening: ${this.output}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when it has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#exited;
  }

  async exited(): Promise<void> {
    await this.#exited;
  }
}
