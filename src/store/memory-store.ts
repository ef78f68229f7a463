import type {
  Lane,
  LanePart,
  LaneSummary,
  MessageCount,
  MessageRecord,
  Recovery,
  StateRecord,
  Store,
  StoredEntry,
} from './store.ts';

/** Keeps everything in memory: nothing survives the end of the process. */
export class MemoryStore implements Store {
  readonly isDurable: boolean = false;
  readonly #records = new Map<number, string>();
  readonly #lanes = new Map<string, { readonly lane: Lane; readonly entries: Map<number, StoredEntry> }>();
  #changes: (() => void)[] = [];
  #places = 0;

  recover(): Recovery {
    const records = [...this.#records].map(([id, text]): StateRecord => ({ id, text })).sort((a, b) => a.id - b.id);
    const lanes = [...this.#lanes.values()]
      .filter(({ entries }) => entries.size > 0)
      .map(({ lane, entries }) => summaryOf(lane, [...entries.values()]));
    return { records, lanes, topics: countMessages([...new Set(this.#messages())]) };
  }

  putRecord({ id, text }: StateRecord): void {
    this.#changes.push(() => this.#records.set(id, text));
  }

  deleteRecord(id: number): void {
    this.#changes.push(() => this.#records.delete(id));
  }

  add(lane: Lane, entry: StoredEntry): void {
    this.#changes.push(() => {
      entry.message.stored ??= ++this.#places;
      this.#laneOf(lane).set(entry.order, entry);
    });
  }

  setState(lane: Lane, order: number, state: number): void {
    this.#changes.push(() => {
      const entries = this.#laneOf(lane);
      const entry = entries.get(order);
      if (entry) entries.set(order, { ...entry, state });
    });
  }

  remove(lane: Lane, order: number): void {
    this.#changes.push(() => this.#laneOf(lane).delete(order));
  }

  read(lane: Lane, fromOrder: number, maxEntries: number, maxBytes: number): LanePart {
    const all = [...this.#laneOf(lane).values()].filter(({ order }) => order >= fromOrder).sort((a, b) => a.order - b.order);
    let bytes = 0;
    const entries: StoredEntry[] = [];
    for (const entry of all) {
      bytes += entry.message.content.length;
      if (entries.length >= maxEntries || (entries.length > 0 && bytes > maxBytes))
        return { entries, damaged: [], next: entry.order };
      entries.push(entry);
    }
    return { entries, damaged: [], next: undefined };
  }

  references(stored: unknown): number {
    return this.#messages().filter((message) => message.stored === stored).length;
  }

  async commit(): Promise<void> {
    const changes = this.#changes;
    this.#changes = [];
    for (const change of changes) change();
  }

  close(): Promise<void> {
    return this.commit();
  }

  /** Of every entry. */
  #messages(): MessageRecord[] {
    return [...this.#lanes.values()].flatMap(({ entries }) => [...entries.values()].map(({ message }) => message));
  }

  #laneOf(lane: Lane): Map<number, StoredEntry> {
    const key = `${lane.queueId} ${lane.priority}`;
    const known = this.#lanes.get(key) ?? { lane, entries: new Map() };
    this.#lanes.set(key, known);
    return known.entries;
  }
}

function countMessages(messages: readonly MessageRecord[]): Map<number, MessageCount> {
  const topics = new Map<number, MessageCount>();
  for (const { topicId, content } of messages) {
    const known = topics.get(topicId);
    topics.set(topicId, { messages: (known?.messages ?? 0) + 1, bytes: (known?.bytes ?? 0) + content.length });
  }
  return topics;
}

function summaryOf({ queueId, priority }: Lane, entries: readonly StoredEntry[]): LaneSummary {
  const topics = new Map<number, number>();
  for (const { message } of entries) topics.set(message.topicId, (topics.get(message.topicId) ?? 0) + 1);
  const orders = entries.map(({ order }) => order);
  const bytes = entries.reduce((sum, { message }) => sum + message.content.length, 0);
  return {
    queueId,
    priority,
    entries: entries.length,
    bytes,
    topics,
    firstOrder: Math.min(...orders),
    lastOrder: Math.max(...orders),
  };
}
