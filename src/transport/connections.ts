import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** So many more than allowed are kept open until they have been told why they are not served; what comes then is dropped. */
const MAX_EXCESS = 1_000;

/** Ms for the peer to close its side of a connection after the broker has closed its own. */
const LINGER_MS = 2_000;

/** The connections of all listeners: how many there may be, and that none stays behind. */
export class Connections {
  readonly max: number;
  readonly #open = new Set<Socket>();
  readonly #excess = new WeakSet<Duplex>();
  readonly #protocols = new Map<string, number>();

  constructor(max: number) {
    this.max = max;
  }

  /** Counts a new connection; false when there are by far too many: it is cut off, and nobody is told anything. */
  add(socket: Socket): boolean {
    if (this.#open.size >= this.max + MAX_EXCESS) {
      socket.destroy();
      return false;
    }
    if (this.#open.size >= this.max) this.#excess.add(socket);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    lingerBriefly(socket);
    return true;
  }

  /** `inner` is what `outer` carries, for example inside TLS. */
  addInner(inner: Duplex, outer: Duplex): void {
    if (this.#excess.has(outer)) this.#excess.add(inner);
    lingerBriefly(inner);
  }

  /** It has turned out what `stream` speaks. */
  recognised(stream: Duplex, protocol: string): void {
    const count = (by: number): unknown => this.#protocols.set(protocol, (this.#protocols.get(protocol) ?? 0) + by);
    count(1);
    stream.once('close', () => count(-1));
  }

  /** The connections now by what they speak; those that have said nothing yet are left out. */
  get byProtocol(): ReadonlyMap<string, number> {
    return this.#protocols;
  }

  /** Whether `stream` was one too many and is one too many still. */
  isTooMany(stream: Duplex): boolean {
    return this.#excess.has(stream) && this.#open.size > this.max;
  }

  /** Cuts off every connection. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** Half-open connections are for clients that wait for an answer; when it is out, they have no more reason to stay. */
function lingerBriefly(stream: Duplex): void {
  stream.once('finish', () => {
    const timer = setTimeout(() => stream.destroy(), LINGER_MS);
    timer.unref();
    stream.once('close', () => clearTimeout(timer));
  });
}
