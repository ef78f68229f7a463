import type { Lane } from '../store.ts';
import { laneNumber } from './changes.ts';

export const RUN_KEY_BYTES = 11;
export const NUMBER_KEY_BYTES = 4;
/** Orders are below this. */
const MAX_ORDER = 2 ** 48 - 1;

/** Which runs every lane consists of: for each, an order from which on its entries are, up to the next run's. Ascending. */
export class LaneTable {
  readonly #lanes = new Map<number, number[]>();

  /** The caller must not change them. */
  runs(lane: Lane): readonly number[] {
    return this.#lanes.get(laneNumber(lane)) ?? [];
  }

  /** In ascending order the cheapest. */
  insert(lane: Lane, firstOrder: number): void {
    const number = laneNumber(lane);
    const runs = this.#lanes.get(number) ?? [];
    this.#lanes.set(number, runs);
    const at = floorOf(runs, firstOrder);
    if (runs[at] !== firstOrder) runs.splice(at + 1, 0, firstOrder);
  }

  delete(lane: Lane, firstOrder: number): void {
    const number = laneNumber(lane);
    const runs = this.#lanes.get(number);
    const at = runs ? floorOf(runs, firstOrder) : -1;
    if (runs?.[at] === firstOrder) runs.splice(at, 1);
    if (runs?.length === 0) this.#lanes.delete(number);
  }
}

/** The place of the last one that is not above `order`, or -1. */
export function floorOf(ascending: readonly number[], order: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= order) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Keys sort by queue, the highest priority first, then by order. */
export function runKey({ queueId, priority }: Lane, firstOrder: number): Buffer {
  if (!(firstOrder >= 0 && firstOrder <= MAX_ORDER))
    throw new RangeError(`${firstOrder} is no order: it must be from 0 to 2^48 - 1`);
  const key = Buffer.allocUnsafe(RUN_KEY_BYTES);
  key.writeUInt32BE(queueId, 0);
  key[4] = 9 - priority;
  key.writeUIntBE(firstOrder, 5, 6);
  return key;
}

export function parseRunKey(key: Buffer): { readonly lane: Lane; readonly firstOrder: number } {
  return { lane: { queueId: key.readUInt32BE(0), priority: 9 - key.readUInt8(4) }, firstOrder: key.readUIntBE(5, 6) };
}

/** The key of a record or a segment. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(NUMBER_KEY_BYTES);
  key.writeUInt32BE(number);
  return key;
}
