import { readFileSync } from 'node:fs';
import type { Random } from './random.ts';

/** What a disk writes at once: each of them is there after a power cut, or not. */
const SECTOR_BYTES = 512;
const MARK = 0x584d4c42;
const HEADER_BYTES = 24;
const [WRITE, WRITE_THROUGH, SYNC, TRUNCATE] = [1, 2, 3, 4];

/** One call, as disk-shim.c wrote it down. */
interface LogRecord {
  readonly kind: number;
  /** Of a truncation: the new length. */
  readonly offset: number;
  readonly bytes: Buffer;
  /** How long the log was when it had happened. */
  readonly end: number;
}

/** What a broker did to its file, from `base` on. */
export class WriteLog {
  readonly #base: Buffer;
  readonly #records: readonly LogRecord[];

  /** A record that the end of the broker cut off is left out. */
  constructor(base: Buffer, path: string) {
    this.#base = base;
    this.#records = readRecords(readFileSync(path));
  }

  get syncs(): number {
    return this.#records.filter(({ kind }) => kind === SYNC).length;
  }

  get writes(): number {
    return this.#records.filter(({ kind }) => kind === WRITE || kind === WRITE_THROUGH).length;
  }

  /** A moment between two calls, as the length of the log. */
  pickMoment(random: Random): number {
    const after = random.between(0, this.#records.length);
    return after === 0 ? 0 : (this.#records[after - 1] as LogRecord).end;
  }

  /**
   * The file as it may be when the power fails at `moment`: what was synced is there; of what was written since, and of the call that is
   * under way, any sectors, each as it was before or as it became.
   */
  fileAfterPowerCut(moment: number, random: Random): Buffer {
    const image = new Image(this.#base);
    let unsynced: LogRecord[] = [];
    for (const record of this.#records) {
      if (record.end > moment) {
        unsynced.push(record);
        break;
      }
      if (record.kind === WRITE) unsynced.push(record);
      else image.apply(record);
      if (record.kind !== SYNC) continue;
      for (const write of unsynced) image.apply(write);
      unsynced = [];
    }
    const survives = random.pick(SURVIVALS);
    for (const record of unsynced) for (const sector of sectorsOf(record)) if (random.chance(survives)) image.apply(sector);
    return image.bytes;
  }
}

/** How likely one sector is to have got to the disk by itself. */
const SURVIVALS: readonly number[] = [0, 0.1, 0.5, 0.9, 1];

/** A file that grows as it is written. */
class Image {
  bytes: Buffer;

  constructor(base: Buffer) {
    this.bytes = Buffer.from(base);
  }

  apply({ kind, offset, bytes }: LogRecord): void {
    if (kind === SYNC) return;
    const length = kind === TRUNCATE ? offset : Math.max(this.bytes.length, offset + bytes.length);
    if (length < this.bytes.length) this.bytes = this.bytes.subarray(0, length);
    else if (length > this.bytes.length) this.bytes = Buffer.concat([this.bytes, Buffer.alloc(length - this.bytes.length)]);
    bytes.copy(this.bytes, offset);
  }
}

function sectorsOf(record: LogRecord): LogRecord[] {
  if (record.kind !== WRITE && record.kind !== WRITE_THROUGH) return [record];
  const sectors: LogRecord[] = [];
  for (let at = 0; at < record.bytes.length; ) {
    const offset = record.offset + at;
    const length = SECTOR_BYTES - (offset % SECTOR_BYTES);
    sectors.push({ ...record, offset, bytes: record.bytes.subarray(at, at + length) });
    at += length;
  }
  return sectors;
}

function readRecords(log: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  for (let at = 0; at + HEADER_BYTES <= log.length; ) {
    if (log.readUInt32LE(at) !== MARK) throw new Error(`The log of writes has no record at ${at}`);
    const kind = log.readUInt32LE(at + 4);
    const offset = log.readUInt32LE(at + 8) + log.readUInt32LE(at + 12) * 2 ** 32;
    const end = at + HEADER_BYTES + log.readUInt32LE(at + 16);
    if (end > log.length) break;
    records.push({ kind, offset, bytes: log.subarray(at + HEADER_BYTES, end), end });
    at = end;
  }
  return records;
}
