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

export interface Metas {
  readonly newest: Meta;
  /**
   * There was one more commit. Its page could not be written, which LMDB takes back in part, or what says that it is the newer one was
   * damaged since: the two look the same.
   */
  readonly isCommitLost: boolean;
}

/** Both meta pages; the newer one counts. */
export function readMetas(read: Read): Metas {
  const first = metaOf(read(META_BYTES, 0), 0);
  const second = metaOf(read(META_BYTES, first.pageBytes), 1);
  const [older, newest] = first.txnId <= second.txnId ? [first, second] : [second, first];
  if (first.pageBytes === second.pageBytes) {
    if (isCopy(first, second)) return { newest, isCommitLost: false };
    const olderRoot = rootTxnId(older, read);
    const isCommitLost = olderRoot === newest.txnId + 1n;
    const isInTurn = older.txnId === newest.txnId - 1n && (newest.txnId & 1n) === BigInt(newest === second);
    // The root of the main tree is written with every commit, and that of the older page is still there.
    if (isInTurn && rootTxnId(newest, read) === newest.txnId && (olderRoot <= older.txnId || isCommitLost))
      return { newest, isCommitLost };
  }
  throw new PageDamage('its first two pages contradict each other');
}

/** A file that is new, or a copy: there, the first page is as of a file that is new, and the number of the second is made odd. */
function isCopy(first: Meta, second: Meta): boolean {
  return isNew(first) && (isNew(second) || second.txnId % 2n === 1n);
}

/** Which commit wrote the root of the main tree; 0: there is none. */
function rootTxnId({ main, pageBytes }: Meta, read: Read): bigint {
  return main.root === undefined ? 0n : read(8, main.root * pageBytes + 8).readBigUInt64LE();
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
