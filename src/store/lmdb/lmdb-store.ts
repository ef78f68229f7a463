import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { Logger } from '../../base/logger.ts';
import { BrokerError } from '../../model/error.ts';
import { DEFAULT_PUBLISH_QOS } from '../../model/message.ts';
import type { Lane, LanePart, LaneSummary, MessageRecord, Recovery, StateRecord, Store, StoredEntry } from '../store.ts';
import { StoreError } from '../store-error.ts';

/**
 * Opens the store in `directory`, which is made when it is not there.
 *
 * @throws StoreError when it is not writable, locked by another broker, damaged, or of a newer version.
 */
export async function openLmdbStore(directory: string, logger: Logger): Promise<LmdbStore> {
  try {
    mkdirSync(directory, { recursive: true });
    return new LmdbStore(directory, logger);
  } catch (error) {
    throw new StoreError(`Cannot open the store in ${directory}: ${(error as Error).message}`, { cause: error });
  }
}

interface Placed {
  readonly lane: Lane;
  readonly order: number;
}

/** Keeps everything in one LMDB environment. */
export class LmdbStore implements Store {
  readonly isDurable = true;
  readonly #directory: string;
  readonly #environment: RootDatabase<Buffer, Buffer>;
  readonly #records: Database<Buffer, number>;
  readonly #entries: Database<Buffer, Buffer>;
  readonly #messages: Database<Buffer, number>;
  readonly #references = new Map<number, number>();
  #changes: (() => void)[] = [];
  #nextMessage = 1;
  #underWay: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(directory: string, _logger: Logger) {
    this.#directory = directory;
    this.#environment = open<Buffer, Buffer>({
      path: join(directory, 'data.mdb'),
      noSubdir: true,
      overlappingSync: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: 4,
    });
    this.#records = this.#environment.openDB<Buffer, number>({ name: 'records', encoding: 'binary', keyEncoding: 'uint32' });
    this.#entries = this.#environment.openDB<Buffer, Buffer>({ name: 'entries', encoding: 'binary', keyEncoding: 'binary' });
    this.#messages = this.#environment.openDB<Buffer, number>({ name: 'messages', encoding: 'binary', keyEncoding: 'uint32' });
  }

  recover(): Recovery {
    const records = [...this.#records.getRange()].map(({ key, value }): StateRecord => ({ id: key, text: value.toString() }));
    const lanes = new Map<
      string,
      LaneSummary & { topics: Map<number, number>; entries: number; bytes: number; lastOrder: number }
    >();
    for (const { key, value } of this.#entries.getRange()) {
      const { lane, order } = placeOf(key);
      const { message: id } = decodeEntry(value);
      const message = this.#message(id);
      this.#nextMessage = Math.max(this.#nextMessage, id + 1);
      this.#references.set(id, (this.#references.get(id) ?? 0) + 1);
      const name = `${lane.queueId} ${lane.priority}`;
      const summary = lanes.get(name) ?? {
        ...lane,
        entries: 0,
        bytes: 0,
        firstOrder: order,
        lastOrder: order,
        topics: new Map(),
      };
      summary.entries += 1;
      summary.bytes += message.content.length;
      summary.lastOrder = order;
      summary.topics.set(message.topicId, (summary.topics.get(message.topicId) ?? 0) + 1);
      lanes.set(name, summary);
    }
    return { records, lanes: [...lanes.values()] };
  }

  putRecord({ id, text }: StateRecord): void {
    this.#changes.push(() => this.#records.put(id, Buffer.from(text)));
  }

  deleteRecord(id: number): void {
    this.#changes.push(() => this.#records.remove(id));
  }

  add(lane: Lane, entry: StoredEntry): void {
    this.#changes.push(() => {
      const { message } = entry;
      const id = (message.stored as number | undefined) ?? this.#nextMessage++;
      message.stored = id;
      const references = this.#references.get(id) ?? 0;
      if (references === 0) this.#messages.put(id, encodeMessage(message));
      this.#references.set(id, references + 1);
      const key = keyOf(lane, entry.order);
      const value = encodeEntry({ label: entry.label, state: entry.state, message: id });
      this.#entries.put(key, value);
      this.#written.set(key.toString('hex'), value);
    });
  }

  readonly #written = new Map<string, Buffer | undefined>();

  #entry(key: Buffer): EntryValue | undefined {
    const name = key.toString('hex');
    const value = this.#written.has(name) ? this.#written.get(name) : this.#entries.getBinary(key);
    return value && decodeEntry(value);
  }

  setState(lane: Lane, order: number, state: number): void {
    this.#changes.push(() => {
      const key = keyOf(lane, order);
      const entry = this.#entry(key);
      if (!entry) return;
      const value = encodeEntry({ ...entry, state });
      this.#entries.put(key, value);
      this.#written.set(key.toString('hex'), value);
    });
  }

  remove(lane: Lane, order: number): void {
    this.#changes.push(() => {
      const key = keyOf(lane, order);
      const entry = this.#entry(key);
      if (!entry) return;
      this.#entries.remove(key);
      this.#written.set(key.toString('hex'), undefined);
      const references = (this.#references.get(entry.message) ?? 1) - 1;
      if (references > 0) {
        this.#references.set(entry.message, references);
      } else {
        this.#references.delete(entry.message);
        this.#messages.remove(entry.message);
      }
    });
  }

  read(lane: Lane, fromOrder: number, maxEntries: number, maxBytes: number): LanePart {
    const entries: StoredEntry[] = [];
    let bytes = 0;
    const end = keyOf(lane, 2 ** 48);
    end[10] = (end[10] as number) + 1;
    for (const { key, value } of this.#entries.getRange({ start: keyOf(lane, fromOrder), end })) {
      const { order } = placeOf(key);
      const { label, state, message: id } = decodeEntry(value);
      const message = this.#message(id);
      bytes += message.content.length;
      if (entries.length >= maxEntries || (entries.length > 0 && bytes > maxBytes)) return { entries, next: order };
      entries.push({ order, label, state, message });
    }
    return { entries, next: undefined };
  }

  commit(): Promise<void> {
    this.#next ??= this.#commitNext(this.#underWay);
    return this.#next;
  }

  async close(): Promise<void> {
    await this.commit();
    await this.#environment.close();
  }

  #commitNext(underWay: Promise<void>): Promise<void> {
    const commit = underWay
      .catch(() => {})
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => {
        this.#next = undefined;
        return this.#write();
      });
    this.#underWay = commit;
    return commit;
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length === 0) return;
    try {
      await this.#environment.batch(() => {
        for (const change of changes) change();
      });
    } catch (error) {
      this.#changes = [...changes, ...this.#changes];
      const reason = (error as Error).message;
      throw new BrokerError('resource.exhaust', `Cannot write to the store in ${this.#directory}: ${reason}`, { cause: error });
    } finally {
      this.#written.clear();
    }
  }

  #message(id: number): MessageRecord {
    const value = this.#messages.getBinary(id);
    if (!value) throw new Error(`Message ${id} is missing`);
    return { ...decodeMessage(value), stored: id };
  }
}

interface EntryValue {
  readonly label: string;
  readonly state: number;
  readonly message: number;
}

function keyOf({ queueId, priority }: Lane, order: number): Buffer {
  const key = Buffer.alloc(12);
  key.writeUInt32BE(queueId, 0);
  key[4] = 9 - priority;
  key.writeUInt8(Math.floor(order / 2 ** 48), 5);
  key.writeUIntBE(order % 2 ** 48, 6, 6);
  return key;
}

function placeOf(key: Buffer): Placed {
  return {
    lane: { queueId: key.readUInt32BE(0), priority: 9 - (key[4] as number) },
    order: key.readUInt8(5) * 2 ** 48 + key.readUIntBE(6, 6),
  };
}

function encodeEntry(entry: EntryValue): Buffer {
  return Buffer.from(JSON.stringify(entry));
}

function decodeEntry(value: Buffer): EntryValue {
  return JSON.parse(value.toString()) as EntryValue;
}

function encodeMessage(message: MessageRecord): Buffer {
  const { content, rcvTimestamp, expiresAt, qos, topicId, keyXml, sender } = message;
  const finite = Number.isFinite(expiresAt) ? expiresAt : null;
  const head = Buffer.from(JSON.stringify({ topicId, keyXml, sender, qos, rcvTimestamp: `${rcvTimestamp}`, expiresAt: finite }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, content]);
}

function decodeMessage(value: Buffer): Omit<MessageRecord, 'stored'> {
  const end = 4 + value.readUInt32BE();
  const head = JSON.parse(value.toString('utf8', 4, end));
  return {
    ...head,
    qos: { ...DEFAULT_PUBLISH_QOS, ...head.qos },
    rcvTimestamp: BigInt(head.rcvTimestamp),
    expiresAt: head.expiresAt ?? Number.POSITIVE_INFINITY,
    content: value.subarray(end),
  };
}
