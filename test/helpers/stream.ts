import type { TestBroker } from './broker.ts';

export interface StreamEvent {
  /** What the stream's reader would send as Last-Event-ID. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Reads Server-Sent Events as an EventSource does, block by block. */
export class EventStream {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #abort: AbortController;
  readonly #decoder = new TextDecoder();
  #text = '';
  /** The id that a reconnect would send. */
  lastId = '';

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    if (!response.body) throw new Error('a stream without a body');
    this.#reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  static async open(broker: TestBroker, path: string, headers: Record<string, string> = {}): Promise<EventStream> {
    const abort = new AbortController();
    const response = await broker.fetch(path, {
      headers: { Accept: 'text/event-stream', ...headers },
      signal: abort.signal,
    });
    return new EventStream(response, abort);
  }

  /** The next block between empty lines, comments and id-only blocks too; undefined at the end of the stream. */
  async block(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        this.lastId = /^id: (.*)$/m.exec(block)?.[1] ?? this.lastId;
        return block;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next event that carries data; undefined at the end of the stream. */
  async next(): Promise<StreamEvent | undefined> {
    for (let block = await this.block(); block !== undefined; block = await this.block()) {
      const lines = block.split('\n');
      const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
      if (data.length === 0) continue;
      const event = lines.find((line) => line.startsWith('event: '))?.slice(7) ?? 'message';
      return { id: this.lastId, event, data: data.join('\n') };
    }
    return undefined;
  }

  /** The next `count` events. */
  async take(count: number): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (!event) throw new Error(`the stream ended after ${events.length} of ${count} events`);
      events.push(event);
    }
    return events;
  }

  /** The client goes away. */
  abort(): void {
    this.#abort.abort();
  }
}
