import { PageDamage } from './page.ts';

/**
 * Goes through the lists of free pages: a page that is free and in use would be overwritten.
 *
 * @returns how many pages are free.
 */
export function checkFreeList(lists: readonly Buffer[], lastPage: number, mark: (first: number, count: number) => void): number {
  let pages = 0;
  for (const list of lists) {
    if (list.length < 8 || list.length % 8 !== 0) throw new PageDamage('the list of free pages is damaged');
    const count = Number(list.readBigUInt64LE());
    if (count > list.length / 8 - 1) throw new PageDamage('the list of free pages is damaged');
    for (let at = 1; at <= count; at++) {
      const number = Number(list.readBigInt64LE(at * 8));
      // 0: an empty place. Below 0: so many pages from the next number on.
      if (number === 0) continue;
      const isRange = number < 0;
      if (isRange) at++;
      const first = isRange && at <= count ? Number(list.readBigInt64LE(at * 8)) : number;
      const length = isRange ? -number : 1;
      if (first < 2 || length > lastPage) throw new PageDamage('the list of free pages is damaged');
      mark(first, length);
      pages += length;
    }
  }
  return pages;
}
