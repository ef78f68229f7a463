import type { Slicer } from '../base/slicer.ts';
import type { Sessions } from './sessions.ts';

/** A broker that stays full does not look at all its queues for every request that it refuses; ms. */
const EVERY_MS = 1_000;

export interface ReclaimerContext {
  readonly sessions: Sessions;
  readonly slicer: Slicer;
  readonly now: () => number;
}

/**
 * Makes room in a broker that is full: drops the deliveries that nobody may get any more (erased with forceDestroy, expired) from
 * queues that nobody reads, and those whom nothing but such deliveries kept. Until then they cost nothing but memory.
 */
export class Reclaimer {
  readonly #context: ReclaimerContext;
  #isWorking = false;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(context: ReclaimerContext) {
    this.#context = context;
  }

  /** The broker is full: begins, unless it is at work or has been just now. */
  start(): void {
    const { now } = this.#context;
    if (this.#isWorking || now() < this.#notBefore) return;
    this.#isWorking = true;
    void this.#sweep().finally(() => {
      this.#isWorking = false;
      this.#notBefore = now() + EVERY_MS;
    });
  }

  async #sweep(): Promise<void> {
    const { sessions, slicer } = this.#context;
    for (const session of sessions.all()) {
      await slicer.breathe();
      session.dispatcher.sweep();
      sessions.forgetUnused(session);
    }
    for (const subject of sessions.subjects) {
      await slicer.breathe();
      subject.sweep();
      sessions.subjects.forgetUnneeded(subject);
    }
  }
}
