import type { Delivery, DeliveryParts } from './delivery.ts';
import type { LoadedEntry } from './stored-queue.ts';

/** How a delivery stands in the store: what never changes is its label, what changes its state. */

const MAX_REDELIVER = 0x7fff;

/** A digit for its flags, and the id of its subscription. */
export function labelOf({ subscriptionId, parts, isInitial }: Delivery): string {
  const { content, meta, updateOneway, newestOnly } = parts;
  const flags = Number(content) | (Number(meta) << 1) | (Number(updateOneway) << 2) | (Number(newestOnly) << 3);
  return `${(flags | (Number(isInitial) << 4)).toString(32)}${subscriptionId}`;
}

export function stateOf({ redeliver, isMarked }: Delivery): number {
  return (Math.min(redeliver, MAX_REDELIVER) << 1) | (isMarked ? 1 : 0);
}

/** What may have been handed out before the broker ended is a repetition. */
export function toDelivery({ order, message, label, state, isRecovered }: LoadedEntry): Delivery {
  const isMarked = (state & 1) === 1;
  const redeliver = state >> 1;
  const flags = Number.parseInt(label.slice(0, 1), 32);
  return {
    message,
    subscriptionId: label.slice(1),
    parts: partsOf(flags),
    isInitial: (flags & 16) !== 0,
    order,
    redeliver: isRecovered && isMarked ? Math.max(1, redeliver) : redeliver,
    cursor: 0,
    job: undefined,
    isStored: true,
    isMarked,
  };
}

function partsOf(flags: number): DeliveryParts {
  const known = PARTS[flags & 15];
  if (known) return known;
  const isSet = (bit: number): boolean => (flags & (1 << bit)) !== 0;
  const parts = { content: isSet(0), meta: isSet(1), updateOneway: isSet(2), newestOnly: isSet(3) };
  PARTS[flags & 15] = parts;
  return parts;
}

/** Shared by all deliveries: there are sixteen. */
const PARTS: (DeliveryParts | undefined)[] = [];
