import { PageDamage } from './page.ts';

/**
 * Goes through the lists of free pages: a page that is free and in use would be overwritten.
 *
 * @returns how many pages are free.
 */
export function checkFreeList(lists: readonly Buffer[], lastPage: number, mark: (page: number) => void): number {
  let pages = 0;
  for (const list of lists) {
    if (list.length < 8 || list.length % 8 !== 0) throw new PageDamage('the list of free pages is damaged');
    const count = Number(list.readBigUInt64LE());
    if (count > list.length / 8 - 1) throw new PageDamage('the list of free pages is damaged');
    for (let at = 1; at <= count; at++) {
      const page = Number(list.readBigInt64LE(at * 8));
      if (page < 2 || page > lastPage) throw new PageDamage('the list of free pages is damaged');
      mark(page);
      pages++;
    }
  }
  return pages;
}
