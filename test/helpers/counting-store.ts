import { SurvivingStore } from './surviving-store.ts';

/** Knows how much was read from it. */
export class CountingStore extends SurvivingStore {
  /** Entries, since somebody said 0. */
  entriesRead = 0;
  /** Entries in one turn of the event loop, at most. */
  mostInTurn = 0;
  #inTurn = 0;

  override read(...bounds: Parameters<SurvivingStore['read']>): ReturnType<SurvivingStore['read']> {
    const part = super.read(...bounds);
    if (this.#inTurn === 0) {
      setImmediate(() => {
        this.#inTurn = 0;
      });
    }
    this.entriesRead += part.entries.length;
    this.#inTurn += part.entries.length;
    this.mostInTurn = Math.max(this.mostInTurn, this.#inTurn);
    return part;
  }
}
