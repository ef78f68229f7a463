import { MemoryStore } from '../../src/store/memory-store.ts';

/** A store that one broker after the other may have: what a disk is, without the disk. */
export class SurvivingStore extends MemoryStore {
  override readonly isDurable: boolean = true;
}
