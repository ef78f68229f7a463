import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface ListenerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly onConnection: (socket: Socket) => void;
  /** The system could not hand out a connection, for example for want of file descriptors. */
  readonly onError: (error: Error) => void;
}

/** Ms of silence after which the system asks whether a peer is still there. */
const KEEP_ALIVE_MS = 60_000;

/** One port for every protocol. */
export class Listener {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Rejects with the error of `listen`, for example EADDRINUSE. */
  static async start({ host, port, onConnection, onError }: ListenerOptions): Promise<Listener> {
    // Half open: a client that has said all it wants to say still gets its answer.
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const server = createServer(options, onConnection);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, () => {
        server.off('error', reject).on('error', onError);
        resolve();
      });
    });
    return new Listener(server);
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /** Accepts no more; resolves when the last connection has ended. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
