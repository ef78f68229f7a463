import type { Meta, Tree } from './page-meta.ts';

/** A page of LMDB is not what it must be. */
export class PageDamage extends Error {}

/** Number (8), transaction (8), padding (2), flags (2), lower and upper end of the free room (2, 2). */
export const PAGE_HEADER_BYTES = 24;
const NODE_HEADER_BYTES = 8;
const OVERFLOW_BYTES = 24;
export const TREE_BYTES = 48;
/** Of a page of 4 kB; ours have at most 11 bytes. */
const MAX_KEY_BYTES = 64;

const BRANCH = 1;
const LEAF = 2;
const IS_OVERFLOW = 1;
const IS_TREE = 2;

/** A branch or leaf page whose header is right. */
export class Page {
  readonly bytes: Buffer;
  readonly number: number;
  readonly isLeaf: boolean;
  readonly lower: number;
  readonly upper: number;
  readonly meta: Meta;

  constructor(bytes: Buffer, number: number, meta: Meta) {
    const flags = bytes.readUInt16LE(18);
    this.bytes = bytes;
    this.number = number;
    this.meta = meta;
    this.isLeaf = flags === LEAF;
    this.lower = bytes.readUInt16LE(20);
    this.upper = bytes.readUInt16LE(22);
    const isRight =
      bytes.readBigUInt64LE(0) === BigInt(number) &&
      bytes.readBigUInt64LE(8) <= meta.txnId &&
      (flags === LEAF || flags === BRANCH) &&
      this.lower % 2 === 0 &&
      this.lower <= this.upper &&
      this.upper <= bytes.length - PAGE_HEADER_BYTES;
    if (!isRight) throw new PageDamage(`the head of page ${number} is damaged`);
  }
}

export interface Node {
  readonly key: Buffer;
  /** Of a branch. */
  readonly child: number;
  readonly isSubTree: boolean;
  /** Of a leaf, unless it has pages of its own. */
  readonly value: Buffer;
  /** Of the value. */
  readonly size: number;
  readonly overflow: { readonly page: number; readonly pages: number } | undefined;
}

export function nodesOf(page: Page): Node[] {
  const nodes: Node[] = [];
  let used = 0;
  for (let at = 0; at < page.lower; at += 2) {
    const offset = page.bytes.readUInt16LE(PAGE_HEADER_BYTES + at);
    const { node, length } = readNode(page, offset + PAGE_HEADER_BYTES, at === 0);
    if (offset < page.upper) throw new PageDamage(`page ${page.number} has a value in its free room`);
    used += length;
    nodes.push(node);
  }
  if (used !== page.bytes.length - PAGE_HEADER_BYTES - page.upper)
    throw new PageDamage(`the values of page ${page.number} overlap`);
  return nodes;
}

function readNode(
  { bytes, number, isLeaf, meta }: Page,
  at: number,
  isFirst: boolean,
): { readonly node: Node; readonly length: number } {
  const damaged = () => new PageDamage(`page ${number} has a damaged entry`);
  if (at + NODE_HEADER_BYTES > bytes.length) throw damaged();
  const low = bytes.readUInt32LE(at);
  const flags = bytes.readUInt16LE(at + 4);
  const keyBytes = bytes.readUInt16LE(at + 6);
  const keyAt = at + NODE_HEADER_BYTES;
  const valueAt = keyAt + keyBytes;
  if (keyBytes > MAX_KEY_BYTES || valueAt > bytes.length || (keyBytes === 0 && (isLeaf || !isFirst))) throw damaged();
  const key = bytes.subarray(keyAt, valueAt);
  const none = bytes.subarray(0, 0);
  if (!isLeaf) {
    const node = { key, child: low + flags * 2 ** 32, isSubTree: false, value: none, size: 0, overflow: undefined };
    return { node, length: even(valueAt - at) };
  }
  if (flags !== 0 && flags !== IS_OVERFLOW && flags !== IS_TREE) throw damaged();
  const inPage = flags === IS_OVERFLOW ? OVERFLOW_BYTES : low;
  if (valueAt + inPage > bytes.length || (flags === IS_TREE && low !== TREE_BYTES)) throw damaged();
  const value = bytes.subarray(valueAt, valueAt + inPage);
  const overflow = flags === IS_OVERFLOW ? overflowOf(value, low, meta, damaged) : undefined;
  return {
    node: { key, child: 0, isSubTree: flags === IS_TREE, value, size: low, overflow },
    length: even(valueAt + inPage - at),
  };
}

function overflowOf(value: Buffer, size: number, meta: Meta, damaged: () => Error): Node['overflow'] {
  const page = Number(value.readBigUInt64LE(0));
  const pages = Number(value.readBigUInt64LE(16));
  const isRight =
    value.readBigUInt64LE(8) <= meta.txnId && pages === Math.floor((PAGE_HEADER_BYTES - 1 + size) / meta.pageBytes) + 1;
  if (!isRight || page > meta.lastPage) throw damaged();
  return { page, pages };
}

function even(length: number): number {
  return length + (length % 2);
}

export function compareKeys({ hasNumericKeys }: Tree, a: Buffer, b: Buffer): number {
  if (!hasNumericKeys) return Buffer.compare(a, b);
  if (a.length !== 8 || b.length !== 8) throw new PageDamage('the free list has a damaged key');
  const difference = a.readBigUInt64LE() - b.readBigUInt64LE();
  return difference < 0n ? -1 : Number(difference > 0n);
}
