import type { Server, Socket } from 'node:net';
import { HttpError } from './http-error.ts';

/** So many more than allowed are kept open until they have been told why they are not served; what comes then is dropped. */
const MAX_EXCESS = 1_000;

/** The connections of one server: how many there may be, and which of them nobody has used yet. */
export class Connections {
  readonly #maxConnections: number;
  readonly #open = new Set<Socket>();
  readonly #excess = new WeakSet<Socket>();

  constructor(server: Server, maxConnections: number) {
    this.#maxConnections = maxConnections;
    server.on('connection', (socket: Socket) => this.#add(socket));
  }

  /** @throws HttpError 503 when `socket` was one too many and is one too many still; before its request has done anything. */
  check(socket: Socket): void {
    if (!this.#excess.has(socket) || this.#open.size <= this.#maxConnections) return;
    const message = `The broker has ${this.#maxConnections} connections (--max-connections); close some, or try later`;
    throw new HttpError(503, message, { Connection: 'close' }, 'resource.exhaust');
  }

  /** Ends those that have not sent a byte: for Node they are about to send a request, and it would wait for them. */
  closeUnused(): void {
    for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy();
  }

  #add(socket: Socket): void {
    if (this.#open.size >= this.#maxConnections + MAX_EXCESS) {
      socket.destroy();
      return;
    }
    if (this.#open.size >= this.#maxConnections) this.#excess.add(socket);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }
}
