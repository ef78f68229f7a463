import type { Lru } from '../../base/lru.ts';
import type { MessageRecord } from '../store.ts';
import { apparentRecords, type BlockRecord, type Damage, isSound, RECORD_HEADER_BYTES, soundRecords } from './block.ts';
import { decodeHead, HEAD, type Head, MESSAGE, MESSAGE_BYTES } from './segment-format.ts';

/** Equal heads of any segments, by their text. */
export type Heads = Lru<string, Head>;

/** A segment as it was read. */
export class Segment {
  readonly block: Buffer;
  readonly #seed: number;
  readonly #heads: Heads;
  readonly #messageAt: (BlockRecord | undefined)[] = [];
  readonly #headsAt: BlockRecord[][] = [];
  readonly #known: (Head | undefined)[] = [];
  #isSearched = false;

  constructor(block: Buffer, seed: number, heads: Heads) {
    this.block = block;
    this.#seed = seed;
    this.#heads = heads;
    const records = apparentRecords(block, 0);
    if (records) this.#list(records);
    else this.#search();
  }

  /** Undefined: it is damaged. `stored` is the caller's to say. */
  message(index: number): MessageRecord | undefined {
    const record = this.#sound(this.#messageAt[index]) ?? this.#searched(index);
    const head = record && this.#head(this.block.readUInt16LE(record.start + 2));
    if (!record || !head) return undefined;
    return {
      topicId: head.topicId,
      keyXml: head.keyXml,
      content: this.block.subarray(record.start + MESSAGE_BYTES, record.end),
      qos: head.qos,
      sender: head.sender,
      rcvTimestamp: this.block.readBigInt64LE(record.start + 4),
      expiresAt: this.block.readDoubleLE(record.start + 12),
      stored: undefined,
    };
  }

  /** The same segment with only the messages that `isLive` says, and the heads; without what is damaged. */
  keep(isLive: (index: number) => boolean): Buffer {
    if (!this.#isSearched) this.#search();
    const heads = this.#headsAt.flat();
    const messages = this.#messageAt.filter((record, index) => record !== undefined && isLive(index)) as BlockRecord[];
    const used = new Set(messages.map(({ start }) => this.block.readUInt16LE(start + 2)));
    const kept = [...heads.filter(({ start }) => used.has(this.block.readUInt16LE(start))), ...messages];
    return Buffer.concat(kept.map(({ start, end }) => this.block.subarray(start - RECORD_HEADER_BYTES, end)));
  }

  #list(records: readonly BlockRecord[]): void {
    this.#messageAt.length = 0;
    this.#headsAt.length = 0;
    for (const record of records) {
      if (record.start + 2 > record.end) continue;
      const number = this.block.readUInt16LE(record.start);
      if (record.kind === HEAD) {
        const copies = this.#headsAt[number] ?? [];
        copies.push(record);
        this.#headsAt[number] = copies;
      }
      if (record.kind === MESSAGE) this.#messageAt[number] = record;
    }
  }

  /** Looks at every byte: headers may lead astray. */
  #search(): void {
    this.#isSearched = true;
    this.#list(soundRecords(this.block, 0, this.#seed, () => {}));
  }

  #searched(index: number): BlockRecord | undefined {
    if (!this.#isSearched) this.#search();
    return this.#messageAt[index];
  }

  #sound(record: BlockRecord | undefined): BlockRecord | undefined {
    return record && (this.#isSearched || isSound(this.block, record, this.#seed)) ? record : undefined;
  }

  #head(number: number): Head | undefined {
    this.#known[number] ??= this.#readHead(number);
    return this.#known[number];
  }

  #readHead(number: number): Head | undefined {
    const record = this.#headsAt[number]?.find((copy) => this.#sound(copy));
    if (!record) {
      if (this.#isSearched) return undefined;
      this.#search();
      return this.#readHead(number);
    }
    const text = this.block.toString('utf8', record.start + 2, record.end);
    let head = this.#heads.get(text);
    if (!head) {
      head = decodeHead(text);
      this.#heads.set(text, head, text.length);
    }
    return head;
  }
}

/** The damaged places of a segment, and the indexes of the messages that are whole. */
export function checkSegment(
  block: Buffer,
  seed: number,
): { readonly damages: readonly Damage[]; readonly messages: readonly number[] } {
  const damages: Damage[] = [];
  const records = soundRecords(block, 0, seed, (damage) => damages.push(damage));
  const messages = records.filter(({ kind }) => kind === MESSAGE).map(({ start }) => block.readUInt16LE(start));
  return { damages, messages };
}
