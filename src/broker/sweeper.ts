import type { Slicer } from '../base/slicer.ts';
import type { Sessions } from './sessions.ts';
import type { Topic } from './topic.ts';

/**
 * Takes out of all queues, in the background, what topics that were erased with forceDestroy have left there in the store. Until its turn
 * comes, or the broker runs again, it would stand there and fill them.
 */
export class Sweeper {
  readonly #sessions: Sessions;
  readonly #slicer: Slicer;
  /** Whose messages are to go. */
  #topics = new Set<Topic>();
  #isWorking = false;

  constructor(sessions: Sessions, slicer: Slicer) {
    this.#sessions = sessions;
    this.#slicer = slicer;
  }

  /** Begins, unless nothing of the topic is stored; those that come meanwhile share the next round. */
  start(topic: Topic): void {
    if (!topic.isStored) return;
    this.#topics.add(topic);
    if (this.#isWorking) return;
    this.#isWorking = true;
    void this.#work().finally(() => {
      this.#isWorking = false;
    });
  }

  async #work(): Promise<void> {
    while (this.#topics.size > 0) {
      const topics = this.#topics;
      this.#topics = new Set();
      await this.#sweep(topics);
    }
  }

  /** Until nothing is left of these topics, or all queues have been seen. */
  async #sweep(topics: Set<Topic>): Promise<void> {
    for (const session of this.#sessions.all()) {
      if (!areStored(topics)) return;
      session.dispatcher.sweep();
      await session.dispatcher.queue.sweepStored();
      this.#sessions.forgetUnused(session);
      await this.#slicer.breathe();
    }
    for (const subject of this.#sessions.subjects) {
      if (!areStored(topics)) return;
      subject.sweep();
      await subject.sweepStored();
      this.#sessions.subjects.forgetUnneeded(subject);
      await this.#slicer.breathe();
    }
  }
}

/** Whether any is; drops those that are not. */
function areStored(topics: Set<Topic>): boolean {
  for (const topic of topics) {
    if (topic.isStored) return true;
    topics.delete(topic);
  }
  return false;
}
