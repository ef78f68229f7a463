import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BrokerError, shuttingDown } from '../model/error.ts';

/** Comparisons that wait for their turn; beyond, logins are refused. */
const MAX_WAITING = 1_000;

interface Comparison {
  readonly password: string;
  readonly hash: string;
  /** Throws when the comparison is not wanted any more. */
  readonly admit: () => void;
  readonly resolve: (isRight: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Compares passwords with hashes on one thread beside the broker's, one after the other: so hashing takes at most one core, and no
 * turn of the event loop.
 */
export class PasswordHasher {
  readonly #waiting: Comparison[] = [];
  #worker: Worker | undefined;
  #isWorking = false;
  #isClosed = false;

  /**
   * Whether `password` is that of `hash`. `admit` is called when its turn has come: what it throws ends the comparison.
   *
   * @throws BrokerError `resource.exhaust` when too many wait already; `communication.noConnection.serverDeny` after `close`.
   */
  verify(password: string, hash: string, admit: () => void): Promise<boolean> {
    if (this.#isClosed) throw shuttingDown();
    if (this.#waiting.length >= MAX_WAITING) {
      throw new BrokerError('resource.exhaust', `${MAX_WAITING} logins wait to be checked; try again in a moment`);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ password, hash, admit, resolve, reject });
      if (!this.#isWorking) void this.#work();
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(shuttingDown());
    void this.#worker?.terminate();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        next.admit();
        next.resolve(await this.#compare(next));
      } catch (error) {
        next.reject(error);
      }
    }
    this.#isWorking = false;
  }

  async #compare({ password, hash }: Comparison): Promise<boolean> {
    const worker = this.#start();
    worker.postMessage({ password, hash });
    const ended = new AbortController();
    const exit = (): void => ended.abort(shuttingDown());
    worker.once('exit', exit);
    try {
      const [isRight] = await once(worker, 'message', { signal: ended.signal });
      return isRight === true;
    } catch (error) {
      this.#worker = undefined; // the next comparison starts another one
      throw ended.signal.aborted ? ended.signal.reason : error;
    } finally {
      worker.off('exit', exit);
    }
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./hash-worker.js', import.meta.url));
    worker.unref();
    this.#worker = worker;
    return worker;
  }
}
