import { BlockWriter, type Damage, soundRecords } from './block.ts';

const TEXT = 1;

/** A record of the broker is a block of its own. */
export function encodeStateRecord(text: string, seed: number): Buffer {
  const bytes = Buffer.byteLength(text);
  const writer = new BlockWriter(seed, undefined, bytes + 64);
  const at = writer.begin(TEXT, bytes);
  writer.bytes.write(text, at);
  writer.end();
  return writer.finish();
}

/** Undefined: it is damaged, and `onDamage` was told. */
export function decodeStateRecord(block: Buffer, seed: number, onDamage: (damage: Damage) => void): string | undefined {
  const [record] = soundRecords(block, 0, seed, onDamage);
  return record && block.toString('utf8', record.start, record.end);
}
