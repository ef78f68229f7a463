import type { Logger } from '../base/logger.ts';
import type { Slicer } from '../base/slicer.ts';

interface Dispatchable {
  dispatch(): void;
  close(end: 'disconnected'): void;
}

/**
 * Collects the dispatchers that have something to hand out and runs them at the end of the turn of the event loop, so that what
 * was queued together leaves together. Ten thousand of them at once take several turns.
 */
export class DispatchLoop {
  readonly #slicer: Slicer;
  readonly #logger: Logger;
  #due = new Set<Dispatchable>();
  #isRunning = false;

  constructor(slicer: Slicer, logger: Logger) {
    this.#slicer = slicer;
    this.#logger = logger;
  }

  schedule(dispatcher: Dispatchable): void {
    this.#due.add(dispatcher);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    this.#slicer.begin();
    for (const dispatcher of this.#due) {
      this.#due.delete(dispatcher);
      this.#dispatch(dispatcher);
      if (this.#slicer.expired) await this.#slicer.next();
    }
    this.#isRunning = false;
  }

  /** A bug in one channel costs that channel; its session keeps the queue. */
  #dispatch(dispatcher: Dispatchable): void {
    try {
      dispatcher.dispatch();
    } catch (error) {
      this.#logger.error({ err: error }, 'a callback channel failed and was closed');
      dispatcher.close('disconnected');
    }
  }
}
