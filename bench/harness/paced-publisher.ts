import { encodeRequest, type HttpConnection, isSuccess, openConnections } from './http-connection.ts';

/** So many publishes can be under way before one has to wait for a connection. */
const CONNECTIONS = 100;

/**
 * Publishes at a fixed rate, whether or not earlier ones have been answered, so that a slow moment of the broker does not make
 * the load wait (and the latency look better than it is).
 */
export class PacedPublisher {
  readonly startedAt = performance.now();
  /** When each publish was written, by its number; ms of `performance.now()`. */
  readonly sentAt: number[] = [];
  /** What each acknowledged publish took; ms. */
  readonly acknowledgedAfter: number[] = [];
  /** Publishes that found no idle connection and were left out. */
  skipped = 0;
  readonly #connections: readonly HttpConnection[];
  readonly #path: string;
  readonly #ratePerS: number;
  #error: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;

  private constructor(connections: readonly HttpConnection[], path: string, ratePerS: number) {
    this.#connections = connections;
    this.#path = path;
    this.#ratePerS = ratePerS;
  }

  /** `path` as in `/topics/x`. The content of every publish is its number, filled up to 100 bytes. */
  static async start(port: number, path: string, ratePerS: number): Promise<PacedPublisher> {
    const publisher = new PacedPublisher(await openConnections(port, CONNECTIONS), path, ratePerS);
    publisher.#timer = setInterval(() => publisher.#publishDue(), 1);
    return publisher;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @throws the first error there was. */
  close(): void {
    this.stop();
    for (const connection of this.#connections) connection.close();
    if (this.#error) throw this.#error;
  }

  #publishDue(): void {
    const due = Math.floor(((performance.now() - this.startedAt) / 1000) * this.#ratePerS);
    for (; this.#due < due; this.#due++) {
      const idle = this.#connections.find((connection) => connection.isIdle);
      if (idle) this.#publish(idle);
      else this.skipped++;
    }
  }

  #publish(connection: HttpConnection): void {
    const number = this.sentAt.length;
    const request = encodeRequest('PUT', this.#path, `#${number}#`.padEnd(100, '.'));
    const sentAt = performance.now();
    this.sentAt.push(sentAt);
    connection.send(
      request,
      (reply) => {
        if (isSuccess(reply)) this.acknowledgedAfter.push(performance.now() - sentAt);
        else this.#fail(new Error(`The broker answered: ${reply.text.slice(0, 500)}`));
      },
      (error) => this.#fail(error),
    );
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.stop();
  }
}
