import { SortedList } from '../../../base/sorted-list.ts';

/** Something that is indexed; later ones have greater numbers. */
export interface Ordered {
  readonly keyOrder: number;
}

/** Those that have something in common, in their order: none, one or many. */
export type Posting<T extends Ordered> = T | SortedList<T> | undefined;

export function withPosting<T extends Ordered>(posting: Posting<T>, item: T): Posting<T> {
  if (posting === undefined || posting === item) return item;
  if (posting instanceof SortedList) {
    if (!posting.has(item.keyOrder)) posting.add(item);
    return posting;
  }
  const list = new SortedList<T>(orderOf);
  list.add(posting);
  list.add(item);
  return list;
}

export function withoutPosting<T extends Ordered>(posting: Posting<T>, item: T): Posting<T> {
  if (!(posting instanceof SortedList)) return posting === item ? undefined : posting;
  posting.delete(item.keyOrder, (other) => other === item);
  return posting.size > 1 ? posting : posting.after(Number.NEGATIVE_INFINITY)[0];
}

export function sizeOfPosting<T extends Ordered>(posting: Posting<T>): number {
  if (posting === undefined) return 0;
  return posting instanceof SortedList ? posting.size : 1;
}

export function holds<T extends Ordered>(posting: Posting<T>, item: T): boolean {
  return posting instanceof SortedList ? posting.has(item.keyOrder) : posting === item;
}

function orderOf({ keyOrder }: Ordered): number {
  return keyOrder;
}
