import type { MessageRecord } from '../store.ts';
import { BlockWriter } from './block.ts';
import { encodeHead, HEAD, type Head, MESSAGE, MESSAGE_BYTES } from './segment-format.ts';

/** Indexes and heads have 16 bits. */
const MAX_MESSAGES = 60_000;

/** Makes a segment: messages that were committed one after the other. */
export class SegmentWriter {
  readonly #writer: BlockWriter;
  readonly #heads: Map<string, { readonly number: number; isTwice: boolean }>;
  /** The head that was last used with each key: mostly the next message has the same. */
  readonly #lastOfKey = new Map<string, UsedHead>();
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

  #headOf(message: MessageRecord): number {
    const last = this.#lastOfKey.get(message.keyXml);
    if (last && isHeadOf(last, message)) return last.number;
    const known = this.#heads.size;
    const number = this.#findHead(message);
    const { topicId, keyXml, sender, qos } = message;
    if (number < known) this.#lastOfKey.set(keyXml, { topicId, sender, qos, number }); // and is written twice
    return number;
  }

  #findHead(message: MessageRecord): number {
    const text = encodeHead(message);
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

/** What differs between heads of one key. */
interface UsedHead extends Omit<Head, 'keyXml'> {
  readonly number: number;
}

function isHeadOf(head: UsedHead, { topicId, sender, qos }: MessageRecord): boolean {
  return head.topicId === topicId && head.sender === sender && head.qos === qos;
}
