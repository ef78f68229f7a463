import { crc32 } from 'node:zlib';

/** A part of a block: where its payload lies, and what it is. */
export interface BlockRecord {
  readonly kind: number;
  /** Of the payload. */
  readonly start: number;
  readonly end: number;
}

/** Bytes of a block that hold no record: something damaged them. */
export interface Damage {
  readonly start: number;
  readonly end: number;
}

/** Magic (2), CRC-32 of what follows (4), kind (2), payload length (4). */
export const RECORD_HEADER_BYTES = 12;
const MAGIC = 0xb70d;
const CRC_AT = 2;
const KIND_AT = 6;
const LENGTH_AT = 8;

/**
 * A block is one value of LMDB: records one after the other, each with its own checksum, so that a flipped byte costs one record. The
 * checksums begin with a seed that only this store and this block have: no content that a client sends can look like a record.
 */
export class BlockWriter {
  readonly #seed: number;
  #bytes: Buffer;
  #length = 0;
  #recordAt = 0;

  /** `before`: a block to go on with. */
  constructor(seed: number, before: Buffer | undefined, capacity: number) {
    this.#seed = seed;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(64, capacity, before?.length ?? 0));
    if (before) this.#length = before.copy(this.#bytes);
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes for a payload; to be filled before `end`. Returns where it begins in `bytes`. */
  begin(kind: number, payloadBytes: number): number {
    const needed = this.#length + RECORD_HEADER_BYTES + payloadBytes;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#recordAt = this.#length;
    this.#bytes.writeUInt16LE(MAGIC, this.#recordAt);
    this.#bytes.writeUInt16LE(kind, this.#recordAt + KIND_AT);
    this.#bytes.writeUInt32LE(payloadBytes, this.#recordAt + LENGTH_AT);
    this.#length = needed;
    return this.#recordAt + RECORD_HEADER_BYTES;
  }

  /** Where payloads are written to; another one after each `begin`. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Seals what `begin` began. */
  end(): void {
    const sealed = this.#bytes.subarray(this.#recordAt + KIND_AT, this.#length);
    this.#bytes.writeUInt32LE(crc32(sealed, this.#seed), this.#recordAt + CRC_AT);
  }

  /** The block so far. Writing on does not change what was returned. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** The record that begins at `at`, by its header alone; undefined: there is none. */
function recordAt(block: Buffer, at: number): BlockRecord | undefined {
  if (at + RECORD_HEADER_BYTES > block.length || block.readUInt16LE(at) !== MAGIC) return undefined;
  const start = at + RECORD_HEADER_BYTES;
  const end = start + block.readUInt32LE(at + LENGTH_AT);
  return end <= block.length ? { kind: block.readUInt16LE(at + KIND_AT), start, end } : undefined;
}

/** Whether the record is what was written. */
export function isSound(block: Buffer, { start, end }: BlockRecord, seed: number): boolean {
  const at = start - RECORD_HEADER_BYTES;
  return crc32(block.subarray(at + KIND_AT, end), seed) === block.readUInt32LE(at + CRC_AT);
}

/**
 * What looks like a record and is none may be so long altogether, in blocks: a content may be full of it. What comes behind is given up;
 * a content as long as that has a block to itself.
 */
const MAX_SEARCHED_BLOCKS = 8;

/** All records that check out, in their order; what lies between goes to `onDamage`. `from`: where the first one begins. */
export function soundRecords(block: Buffer, from: number, seed: number, onDamage: (damage: Damage) => void): BlockRecord[] {
  const sound: BlockRecord[] = [];
  let searchable = MAX_SEARCHED_BLOCKS * block.length;
  let at = from;
  let damagedFrom: number | undefined;
  while (at < block.length) {
    const record = recordAt(block, at);
    if (record && isSound(block, record, seed)) {
      if (damagedFrom !== undefined) onDamage({ start: damagedFrom, end: at });
      damagedFrom = undefined;
      sound.push(record);
      at = record.end;
    } else {
      damagedFrom ??= at;
      if (record) searchable -= record.end - at;
      at = searchable > 0 ? nextMagic(block, at + 1) : block.length;
    }
  }
  if (damagedFrom !== undefined) onDamage({ start: damagedFrom, end: block.length });
  return sound;
}

/** All records, by their headers alone; undefined when they do not fill the block. */
export function apparentRecords(block: Buffer, from: number): BlockRecord[] | undefined {
  const records: BlockRecord[] = [];
  for (let at = from; at < block.length; ) {
    const record = recordAt(block, at);
    if (!record) return undefined;
    records.push(record);
    at = record.end;
  }
  return records;
}

/** The seed of a block's checksums: the store's own number and the block's key. */
export function seedOf(salt: number, key: Buffer): number {
  return crc32(key, salt);
}

const MAGIC_BYTES = Buffer.from([MAGIC & 0xff, MAGIC >> 8]);

function nextMagic(block: Buffer, from: number): number {
  const at = block.indexOf(MAGIC_BYTES, from);
  return at < 0 ? block.length : at;
}
