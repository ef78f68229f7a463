import type { ReceivedMessage } from '../model/message.ts';

/** One place in a queue, as a query shows it. */
export interface QueueEntry {
  readonly message: ReceivedMessage;
  /** Undefined in a history: nobody has subscribed what waits there. */
  readonly subscriptionId: string | undefined;
  readonly redeliver: number;
  readonly isInitial: boolean;
}

/** Entries that were taken out of a queue. */
export interface Taken {
  readonly entries: readonly QueueEntry[];
  /** To be called once: whether they arrived. Those that did not return to their places, if they may still be there. */
  settle(hasArrived: boolean): void;
}

/** A queue that may be looked into and taken from beside its ordinary way out: of a session, a subject, a topic. */
export interface QueriedQueue {
  /** How many entries there are. */
  readonly size: number;
  /** Whose queue it was is gone; nothing will ever come. */
  readonly isClosed: boolean;
  /** Called whenever entries came, and when the queue closes. */
  onChange: (() => void) | undefined;
  /** To be awaited before `peek` and `take` if it is a promise: so many of the first ones are not in memory yet. */
  load(maxEntries: number, maxBytes: number): Promise<void> | undefined;
  /** The first ones in their order: at most `maxEntries`, and `maxBytes` of content, the first one aside. */
  peek(maxEntries: number, maxBytes: number): readonly QueueEntry[];
  /**
   * The same, and takes them out of everybody's sight at once. Resolves when the store knows that they may be handed out, so that after a
   * crash they are repetitions, or when it cannot know. Rejects when the broker ends.
   */
  take(maxEntries: number, maxBytes: number): Promise<Taken>;
}
