import fc from 'fast-check';
import type { FilledStore, RecordPlace } from './filled-stores.ts';

export interface Flip {
  readonly at: number;
  readonly xor: number;
}

/** What happens to a file; places are numbers that count on from its beginning when they are beyond its end. */
export type Damage =
  | { readonly kind: 'record'; readonly pick: number; readonly at: number; readonly xor: number }
  | { readonly kind: 'flips'; readonly flips: readonly Flip[] }
  | { readonly kind: 'page'; readonly pick: number; readonly flips: readonly Flip[] }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'zeroed'; readonly sectors: readonly number[] };

/** The damaged file, and for people what was done to it. */
export interface DamagedFile {
  readonly file: Buffer;
  readonly what: string;
  /** How many bytes that mean something were hit, each by itself; undefined: whole sectors, or the end of the file. */
  readonly flips: number | undefined;
  /** The record that alone was hit, by one byte. */
  readonly record: RecordPlace | undefined;
}

/** What a disk writes at once. */
const SECTOR_BYTES = 512;
const PAGE_BYTES = 4_096;
const META_BYTES = 176;
const HEADER_BYTES = 24;
const FLAGS_AT = 18;
const BRANCH_OR_LEAF = 3;

const place = fc.nat(2 ** 31 - 1);
/** Of all bits, or one alone: that often leaves something that looks right. */
const xor = fc.oneof(
  fc.integer({ min: 1, max: 255 }),
  fc.nat(7).map((bit) => 1 << bit),
);
const flips = (maxLength: number) => fc.array(fc.record({ at: place, xor }), { minLength: 1, maxLength });

export const damages: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('record' as const), pick: place, at: fc.oneof(place, fc.nat(40)), xor }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flips' as const), flips: flips(20) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('page' as const), pick: place, flips: flips(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at: place }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('zeroed' as const), sectors: fc.array(place, { minLength: 1, maxLength: 4 }) }),
  },
);

export function damage(store: FilledStore, how: Damage): DamagedFile {
  const { file, records } = store;
  if (how.kind === 'flips') return flipped(store, how.flips);
  if (how.kind === 'page') {
    const pages = pagesOf(file);
    const used = usedBytes(file, pages[how.pick % pages.length] as number);
    return flipped(
      store,
      how.flips.map(({ at, xor }) => ({ at: used[at % used.length] as number, xor })),
    );
  }
  if (how.kind === 'record') {
    const record = records[how.pick % records.length] as RecordPlace;
    const places = record.starts.map((start) => ({ at: start + (how.at % record.length), xor: how.xor }));
    return { ...flipped(store, places), flips: 1, record };
  }
  if (how.kind === 'zeroed') return zeroed(file, how.sectors);
  const length = how.at % file.length;
  return { file: file.subarray(0, length), what: `cut off at ${length}`, flips: undefined, record: undefined };
}

/** Some bytes are others. */
export function flipped({ file: sound }: FilledStore, flips: readonly Flip[]): DamagedFile {
  const file = Buffer.from(sound);
  const what = flips.map(({ at, xor }) => {
    const place = at % file.length;
    file[place] = (file[place] as number) ^ xor;
    return `byte ${place} ^ ${xor}`;
  });
  return { file, what: what.join(', '), flips: flips.length, record: undefined };
}

function zeroed(sound: Buffer, sectors: readonly number[]): DamagedFile {
  const file = Buffer.from(sound);
  const places = sectors.map((sector) => (sector % Math.ceil(file.length / SECTOR_BYTES)) * SECTOR_BYTES);
  for (const at of places) file.fill(0, at, at + SECTOR_BYTES);
  return { file, what: `zeroed sectors at ${places}`, flips: undefined, record: undefined };
}

/** Where the pages of LMDB's own begin: the first two, and those that look like a part of a tree. */
function pagesOf(file: Buffer): number[] {
  const pages: number[] = [];
  for (let at = 0; at < file.length; at += PAGE_BYTES) {
    const isOfTree =
      file.readBigUInt64LE(at) === BigInt(at / PAGE_BYTES) && (file.readUInt16LE(at + FLAGS_AT) & BRANCH_OR_LEAF) > 0;
    if (at < 2 * PAGE_BYTES || isOfTree) pages.push(at);
  }
  return pages;
}

/** The bytes of a page that mean something: of the first two the beginning, of the others all but the free room in their middle. */
function usedBytes(file: Buffer, page: number): number[] {
  if (page < 2 * PAGE_BYTES) return range(page, page + META_BYTES);
  const [lower, upper] = [file.readUInt16LE(page + FLAGS_AT + 2), file.readUInt16LE(page + FLAGS_AT + 4)];
  return [...range(page, page + HEADER_BYTES + lower), ...range(page + HEADER_BYTES + upper, page + PAGE_BYTES)];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}
