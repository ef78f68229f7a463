import { PAGE_HEADER_BYTES, PageDamage, TREE_BYTES } from './page.ts';

/** Where one tree of pages begins, and what it must consist of. */
export interface Tree {
  readonly name: string;
  /** Undefined: it is empty. */
  readonly root: number | undefined;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
  /** Keys are numbers of 8 bytes, in the machine's order. */
  readonly hasNumericKeys: boolean;
  /** Its values are trees. */
  readonly hasSubTrees: boolean;
  /** Whether its values are of interest: those of small trees. */
  readonly isKept: boolean;
}

/** The newest state of the file. */
export interface Meta {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly txnId: bigint;
  readonly free: Tree;
  readonly main: Tree;
  tree(bytes: Buffer, at: number, name: string): Tree;
}

const META_FLAG = 8;
const MAGIC = 0xbeefc0de;
/** Of the format of LMDB that the package `lmdb` 3 writes. */
const DATA_VERSION = 2;
const META_BYTES = 176;
const MAX_MAP_BYTES = 2 ** 47;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
/** Keys are integers; the flags of the environment stand there, too: the data file is given by its name. */
const FREE_FLAGS = 0x4008;

type Read = (length: number, position: number) => Buffer;

/** Both meta pages; the newer one counts. */
export function readMetas(read: Read): Meta {
  const first = metaOf(read(META_BYTES, 0), 0);
  const second = metaOf(read(META_BYTES, first.pageBytes), 1);
  if (first.pageBytes !== second.pageBytes) throw new PageDamage('its first two pages contradict each other');
  const [older, newer] = first.txnId <= second.txnId ? [first, second] : [second, first];
  if (!isCopy(first, second) && !isInTurn(older, newer, newer === second, read)) {
    throw new PageDamage('its first two pages contradict each other');
  }
  return newer;
}

/** A file that is new, or a copy: there, the first page is as of a file that is new, and the number of the second is made odd. */
function isCopy(first: Meta, second: Meta): boolean {
  return isNew(first) && (isNew(second) || second.txnId % 2n === 1n);
}

/**
 * Every commit has the next number, the two pages take turns, and the root of the main tree is written each time, with the number; what
 * the older page refers to is still there.
 */
function isInTurn(older: Meta, newer: Meta, isSecond: boolean, read: Read): boolean {
  const rootTxnId = ({ main, pageBytes }: Meta) =>
    main.root === undefined ? 0n : read(8, main.root * pageBytes + 8).readBigUInt64LE();
  const isNext = older.txnId === newer.txnId - 1n && (newer.txnId & 1n) === BigInt(isSecond);
  return isNext && rootTxnId(newer) === newer.txnId && rootTxnId(older) <= older.txnId;
}

function isNew({ txnId, free, main }: Meta): boolean {
  return txnId === 0n && free.root === undefined && main.root === undefined;
}

function metaOf(bytes: Buffer, number: number): Meta {
  const at = PAGE_HEADER_BYTES;
  const pageBytes = bytes.readUInt32LE(at + 24);
  const lastPage = Number(bytes.readBigUInt64LE(at + 24 + 2 * TREE_BYTES));
  const txnId = bytes.readBigUInt64LE(at + 32 + 2 * TREE_BYTES);
  const mapBytes = Number(bytes.readBigUInt64LE(at + 16));
  const isRight =
    bytes.readBigUInt64LE(0) === BigInt(number) &&
    bytes.readUInt16LE(18) === META_FLAG &&
    bytes.readUInt32LE(at) === MAGIC &&
    (bytes.readUInt32LE(at + 4) & 0xffff) === DATA_VERSION &&
    bytes.readBigUInt64LE(at + 8) === 0n &&
    pageBytes >= 512 &&
    pageBytes <= 65_536 &&
    (pageBytes & (pageBytes - 1)) === 0 &&
    mapBytes <= MAX_MAP_BYTES &&
    (lastPage + 1) * pageBytes <= mapBytes;
  if (!isRight) throw new PageDamage(`meta page ${number} is damaged`);
  const tree = (from: Buffer, place: number, name: string) => treeOf(from, place, name);
  return {
    pageBytes,
    lastPage,
    txnId,
    free: treeOf(bytes, at + 24, 'free'),
    main: treeOf(bytes, at + 24 + TREE_BYTES, 'main'),
    tree,
  };
}

function treeOf(bytes: Buffer, at: number, name: string): Tree {
  const root = bytes.readBigUInt64LE(at + 40);
  const number = (place: number) => Number(bytes.readBigUInt64LE(at + place));
  const flags = bytes.readUInt16LE(at + 4);
  const isFree = name === 'free';
  if (flags !== (isFree ? FREE_FLAGS : 0)) throw new PageDamage(`the flags of the tree "${name}" are damaged (${flags})`);
  const depth = bytes.readUInt16LE(at + 6);
  if ((root === NO_PAGE) !== (depth === 0)) throw new PageDamage(`the root of the tree "${name}" is damaged`);
  return {
    name,
    root: root === NO_PAGE ? undefined : Number(root),
    depth,
    branches: number(8),
    leaves: number(16),
    overflows: number(24),
    entries: number(32),
    hasNumericKeys: isFree,
    hasSubTrees: name === 'main',
    isKept: isFree || name === 'main',
  };
}
