import type { Delivery } from './delivery.ts';

/** Deliveries of one lane that are in the store only, in the place where they belong. */
export interface StoredPart {
  readonly isStoredPart: true;
  readonly priority: number;
  /** Of the first one. */
  readonly order: number;
  /** Of the last one. */
  readonly lastOrder: number;
  readonly entries: number;
  /** Their content. */
  readonly bytes: number;
}

/** What became of a stored part: its first deliveries, and what is still in the store behind them. */
export interface LoadedPart {
  readonly deliveries: readonly Delivery[];
  readonly rest: StoredPart | undefined;
}

/** Reads the beginning of a stored part, mostly at least one delivery unless there is no rest; undefined: not in this turn of the event loop. */
export type LoadPart = (part: StoredPart) => LoadedPart | undefined;

/** What was taken out of the beginning of a stored part. */
export interface SweptPart {
  readonly entries: number;
  /** Their content. */
  readonly bytes: number;
  /** The order up to which the part was looked at; undefined: to its end. */
  readonly next: number | undefined;
}
