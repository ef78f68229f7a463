import type { Lru } from '../../base/lru.ts';
import { DEFAULT_PUBLISH_QOS, type PublishQos } from '../../model/message.ts';
import type { MessageRecord } from '../store.ts';
import {
  apparentRecords,
  type BlockRecord,
  BlockWriter,
  type Damage,
  isSound,
  RECORD_HEADER_BYTES,
  soundRecords,
} from './block.ts';

/** What many messages have in common. */
export interface Head {
  readonly topicId: number;
  readonly keyXml: string;
  readonly sender: string;
  readonly qos: PublishQos;
}

/** Equal heads of any segments, by their text. */
export type Heads = Lru<string, Head>;

const HEAD = 1;
const MESSAGE = 2;
/** Index (2), head (2), rcvTimestamp (8), expiresAt (8); then the content. */
const MESSAGE_BYTES = 20;
/** Indexes and heads have 16 bits. */
const MAX_MESSAGES = 60_000;

/** Makes a segment: messages that were committed one after the other. */
export class SegmentWriter {
  readonly #writer: BlockWriter;
  readonly #heads: Map<string, { readonly number: number; isTwice: boolean }>;
  readonly #qosTexts = new Map<PublishQos, string>();
  #messages: number;

  /** @param before a segment to go on with: it is left as it is. */
  constructor(seed: number, before: SegmentWriter | undefined, capacity: number) {
    this.#writer = new BlockWriter(seed, before?.finish(), capacity);
    this.#heads = new Map([...(before ? before.#heads : [])].map(([text, head]) => [text, { ...head }]));
    this.#messages = before ? before.#messages : 0;
  }

  get length(): number {
    return this.#writer.length;
  }

  get isFull(): boolean {
    return this.#messages >= MAX_MESSAGES;
  }

  /** Returns its index. */
  add(message: MessageRecord): number {
    const head = this.#headOf(message);
    const index = this.#messages++;
    const at = this.#writer.begin(MESSAGE, MESSAGE_BYTES + message.content.length);
    const { bytes } = this.#writer;
    bytes.writeUInt16LE(index, at);
    bytes.writeUInt16LE(head, at + 2);
    bytes.writeBigInt64LE(message.rcvTimestamp, at + 4);
    bytes.writeDoubleLE(message.expiresAt, at + 12);
    message.content.copy(bytes, at + MESSAGE_BYTES);
    this.#writer.end();
    return index;
  }

  finish(): Buffer {
    return this.#writer.finish();
  }

  #headOf({ topicId, keyXml, sender, qos }: MessageRecord): number {
    let qosText = this.#qosTexts.get(qos);
    if (qosText === undefined) {
      qosText = toJson(qos);
      this.#qosTexts.set(qos, qosText);
    }
    const text = `[${topicId},${JSON.stringify(sender)},${qosText},${JSON.stringify(keyXml)}]`;
    const head = this.#heads.get(text);
    if (!head) {
      const number = this.#heads.size;
      this.#heads.set(text, { number, isTwice: false });
      this.#writeHead(number, text);
      return number;
    }
    if (!head.isTwice) {
      // What several messages need stands there twice: no damage costs more than one of them.
      head.isTwice = true;
      this.#writeHead(head.number, text);
    }
    return head.number;
  }

  #writeHead(number: number, text: string): void {
    const at = this.#writer.begin(HEAD, 2 + Buffer.byteLength(text));
    this.#writer.bytes.writeUInt16LE(number, at);
    this.#writer.bytes.write(text, at + 2);
    this.#writer.end();
  }
}

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
      content: Buffer.from(this.block.subarray(record.start + MESSAGE_BYTES, record.end)),
      qos: head.qos,
      sender: head.sender,
      rcvTimestamp: this.block.readBigInt64LE(record.start + 4),
      expiresAt: this.block.readDoubleLE(record.start + 12),
      stored: undefined,
    };
  }

  /** The same segment with only the messages that `isLive` says, and the heads. */
  keep(isLive: (index: number) => boolean): Buffer {
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

  /** Looks at every byte: the headers lead astray. */
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
      head = parseHead(text);
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

function parseHead(text: string): Head {
  const [topicId, sender, qos, keyXml] = fromJson(text) as [number, string, Partial<PublishQos>, string];
  return { topicId, keyXml, sender, qos: { ...DEFAULT_PUBLISH_QOS, ...qos } };
}

/** JSON has no Infinity. */
const NOT_FINITE = '\u0000number';

function toJson(qos: PublishQos): string {
  return JSON.stringify(qos, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { [NOT_FINITE]: String(value) } : value,
  );
}

function fromJson(text: string): unknown {
  if (!text.includes('\\u0000number')) return JSON.parse(text);
  return JSON.parse(text, (_, value: unknown) =>
    value && typeof value === 'object' && NOT_FINITE in value ? Number(value[NOT_FINITE]) : value,
  );
}
