import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { compareKeys, type Node, nodesOf, PAGE_HEADER_BYTES, Page, PageDamage } from './page.ts';
import { checkFreeList } from './page-free-list.ts';
import { type Meta, readMetas, type Tree } from './page-meta.ts';

export interface PageCounts {
  readonly pageBytes: number;
  /** Of the file, the free ones included. */
  readonly pages: number;
  readonly freePages: number;
  /** See page-meta.ts. */
  readonly isCommitLost: boolean;
}

/** Deeper trees would hold more than any disk. */
const MAX_DEPTH = 20;

/**
 * Looks at all pages of LMDB's file, as LMDB's own code trusts whatever stands there: every page once, in its tree, with its keys in
 * order, and nothing missing. The contents of values are not looked at: they have checksums of their own. No one may write meanwhile.
 *
 * @throws PageDamage, an Error that says in a few words what is wrong.
 */
export function checkPages(path: string): PageCounts {
  const file = openSync(path, 'r');
  try {
    return new PageCheck(file).check();
  } finally {
    closeSync(file);
  }
}

class PageCheck {
  readonly #file: number;
  readonly #meta: Meta;
  readonly #isCommitLost: boolean;
  /** The length of the file. Free pages at its end need not be there, and a power cut may leave a part of one. */
  readonly #fileBytes: number;
  /** One bit for each page. */
  readonly #seen: Uint8Array;

  constructor(file: number) {
    this.#file = file;
    this.#fileBytes = fstatSync(file).size;
    const { newest, isCommitLost } = readMetas((length, position) => this.#read(length, position));
    this.#meta = newest;
    this.#isCommitLost = isCommitLost;
    this.#seen = new Uint8Array(Math.ceil((this.#meta.lastPage + 1) / 8));
    this.#mark(0, 2);
  }

  check(): PageCounts {
    const { free, main, pageBytes, lastPage } = this.#meta;
    const freeLists = this.#walk(free);
    const tables = this.#walk(main).map((node) => this.#tableOf(node));
    for (const table of tables) this.#walk(table);
    const inUse = this.#count();
    const freePages = checkFreeList(
      freeLists.map((node) => this.#valueOf(node)),
      lastPage,
      (first, count) => this.#mark(first, count),
    );
    if (inUse + freePages !== lastPage + 1) throw new PageDamage(`${lastPage + 1 - inUse - freePages} pages are lost`);
    return { pageBytes, pages: lastPage + 1, freePages, isCommitLost: this.#isCommitLost };
  }

  /** Returns the leaf nodes of the free list and the main tree; tables have too many, and nobody needs them. */
  #walk(tree: Tree): Node[] {
    const counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    const kept: Node[] = [];
    let last: Buffer | undefined;
    const visit = (number: number, depth: number, low: Buffer | undefined, high: Buffer | undefined): void => {
      if (depth > tree.depth || depth > MAX_DEPTH) throw new PageDamage(`page ${number} is too deep in its tree`);
      const page = this.#page(number);
      if (page.isLeaf !== (depth === tree.depth)) throw new PageDamage(`page ${number} is of the wrong kind`);
      const nodes = nodesOf(page);
      if (!page.isLeaf) {
        counts.branches++;
        if (nodes.length < 2) throw new PageDamage(`page ${number} has too few branches`);
        nodes.forEach((node, at) => {
          const from = at === 0 ? low : node.key;
          const to = nodes[at + 1]?.key ?? high;
          if (from && to && compareKeys(tree, from, to) >= 0) throw new PageDamage(`the keys of page ${number} are not in order`);
          visit(node.child, depth + 1, from, to);
        });
        return;
      }
      counts.leaves++;
      counts.entries += nodes.length;
      for (const node of nodes) {
        const { key } = node;
        const isOutside = (low && compareKeys(tree, key, low) < 0) || (high && compareKeys(tree, key, high) >= 0);
        if (isOutside || (last && compareKeys(tree, last, key) >= 0))
          throw new PageDamage(`the keys of page ${number} are not in order`);
        last = Buffer.from(key);
        if (node.isSubTree !== tree.hasSubTrees) throw new PageDamage(`page ${number} has a value of the wrong kind`);
        counts.overflows += this.#checkOverflow(node);
        if (tree.isKept) kept.push(node);
      }
    };
    if (tree.root !== undefined) visit(tree.root, 1, undefined, undefined);
    const { branches, leaves, overflows, entries } = tree;
    const expected = { branches, leaves, overflows, entries };
    for (const name of ['branches', 'leaves', 'overflows', 'entries'] as const) {
      if (counts[name] !== expected[name])
        throw new PageDamage(`${tree.name} has ${counts[name]} ${name} instead of ${expected[name]}`);
    }
    return kept;
  }

  #page(number: number): Page {
    this.#mark(number, 1);
    const { pageBytes } = this.#meta;
    return new Page(this.#read(pageBytes, number * pageBytes), number, this.#meta);
  }

  /** Returns how many pages the value has for itself. */
  #checkOverflow({ overflow }: Node): number {
    if (!overflow) return 0;
    const { pageBytes, txnId } = this.#meta;
    this.#mark(overflow.page, overflow.pages);
    if ((overflow.page + overflow.pages) * pageBytes > this.#fileBytes) throw tooShort();
    const header = this.#read(PAGE_HEADER_BYTES, overflow.page * pageBytes);
    const isRight =
      header.readBigUInt64LE(0) === BigInt(overflow.page) &&
      header.readBigUInt64LE(8) <= txnId &&
      header.readUInt16LE(18) === 4 &&
      header.readUInt32LE(20) === overflow.pages;
    if (!isRight) throw new PageDamage(`page ${overflow.page} is not the value that it should be`);
    return overflow.pages;
  }

  #valueOf({ value, overflow, size }: Node): Buffer {
    if (!overflow) return value;
    return this.#read(size, overflow.page * this.#meta.pageBytes + PAGE_HEADER_BYTES);
  }

  #tableOf(node: Node): Tree {
    return this.#meta.tree(node.value, 0, node.key.toString('latin1'));
  }

  #mark(first: number, count: number): void {
    if (first + count - 1 > this.#meta.lastPage) throw new PageDamage(`page ${first} lies behind the last one`);
    for (let page = first; page < first + count; page++) {
      const bit = 1 << (page & 7);
      if ((this.#seen[page >>> 3] as number) & bit) throw new PageDamage(`page ${page} is used twice`);
      this.#seen[page >>> 3] = (this.#seen[page >>> 3] as number) | bit;
    }
  }

  #count(): number {
    let count = 0;
    for (let byte of this.#seen) for (; byte > 0; byte &= byte - 1) count++;
    return count;
  }

  #read(length: number, position: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (position + length > this.#fileBytes || readSync(this.#file, bytes, 0, length, position) < length) throw tooShort();
    return bytes;
  }
}

function tooShort(): PageDamage {
  return new PageDamage('the file is too short');
}
