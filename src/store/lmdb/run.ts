import { crc32 } from 'node:zlib';
import { apparentRecords, type BlockRecord, BlockWriter, type Damage, soundRecords } from './block.ts';

/** What a queue's entry says, and where its message is. */
export interface RunEntry {
  readonly order: number;
  readonly label: string;
  readonly state: number;
  readonly topicId: number;
  /** Of the content. */
  readonly bytes: number;
  readonly segment: number;
  /** Of the message in its segment. */
  readonly index: number;
}

const LABEL = 1;
const ENTRY = 2;
/** The whole block's checksum: entries are small and many, and this one spares them theirs. */
const SUM_BYTES = 4;
const ENTRY_BYTES = 24;
/** An entry with its header, and a label now and then. */
const ENTRY_GUESS_BYTES = 48;

/** Entries of one lane that follow each other, ascending by order. */
export function encodeRun(entries: readonly RunEntry[], seed: number): Buffer {
  const writer = new BlockWriter(seed, Buffer.alloc(SUM_BYTES), SUM_BYTES + entries.length * ENTRY_GUESS_BYTES);
  const labels = new Map<string, { readonly number: number; isTwice: boolean }>();
  for (const entry of entries) {
    let label = labels.get(entry.label);
    if (!label) {
      label = { number: labels.size, isTwice: false };
      labels.set(entry.label, label);
      writeLabel(writer, label.number, entry.label);
    } else if (!label.isTwice) {
      // What several entries need stands there twice: no damage costs more than one of them.
      label.isTwice = true;
      writeLabel(writer, label.number, entry.label);
    }
    writeEntry(writer, entry, label.number);
  }
  const block = writer.finish();
  block.writeUInt32LE(crc32(block.subarray(SUM_BYTES), seed), 0);
  return block;
}

/** @param onDamage is told of the bytes that cannot be read; the entries in them are left out. */
export function decodeRun(block: Buffer, seed: number, onDamage: (damage: Damage) => void): RunEntry[] {
  const labels: string[] = [];
  const entries: RunEntry[] = [];
  for (const record of recordsOf(block, seed, onDamage)) {
    if (record.kind === LABEL) labels[block.readUInt16LE(record.start)] ??= block.toString('utf8', record.start + 2, record.end);
  }
  for (const record of recordsOf(block, seed, () => {})) {
    if (record.kind !== ENTRY) continue;
    const label = labels[block.readUInt16LE(record.start)];
    if (label === undefined) onDamage(record);
    else entries.push(readEntry(block, record.start, label));
  }
  return entries;
}

function recordsOf(block: Buffer, seed: number, onDamage: (damage: Damage) => void): BlockRecord[] {
  const isWhole = block.length >= SUM_BYTES && crc32(block.subarray(SUM_BYTES), seed) === block.readUInt32LE(0);
  return (isWhole ? apparentRecords(block, SUM_BYTES) : undefined) ?? soundRecords(block, SUM_BYTES, seed, onDamage);
}

function writeLabel(writer: BlockWriter, number: number, label: string): void {
  const at = writer.begin(LABEL, 2 + Buffer.byteLength(label));
  writer.bytes.writeUInt16LE(number, at);
  writer.bytes.write(label, at + 2);
  writer.end();
}

function writeEntry(writer: BlockWriter, entry: RunEntry, label: number): void {
  const at = writer.begin(ENTRY, ENTRY_BYTES);
  const { bytes } = writer;
  bytes.writeUInt16LE(label, at);
  bytes.writeUIntLE(entry.order, at + 2, 6);
  bytes.writeUInt16LE(entry.state, at + 8);
  bytes.writeUInt32LE(entry.topicId, at + 10);
  bytes.writeUInt32LE(entry.bytes, at + 14);
  bytes.writeUInt32LE(entry.segment, at + 18);
  bytes.writeUInt16LE(entry.index, at + 22);
  writer.end();
}

function readEntry(block: Buffer, at: number, label: string): RunEntry {
  return {
    order: block.readUIntLE(at + 2, 6),
    label,
    state: block.readUInt16LE(at + 8),
    topicId: block.readUInt32LE(at + 10),
    bytes: block.readUInt32LE(at + 14),
    segment: block.readUInt32LE(at + 18),
    index: block.readUInt16LE(at + 22),
  };
}
