import type { Socket } from 'node:net';
import { BrokerError } from '../../model/error.ts';
import type { Connections } from '../connections.ts';
import { formatError } from './telnet-commands.ts';
import { TelnetConnection, type TelnetContext } from './telnet-connection.ts';

export interface TelnetOptions extends Omit<TelnetContext, 'neighbours'> {
  readonly connections: Connections;
}

/** Consoles at a time; who comes then is told so. */
const MAX_CONSOLES = 50;

/** All consoles of the broker, by numbers that are never used again. */
export class TelnetConnections {
  readonly #options: TelnetOptions;
  readonly #open = new Map<number, TelnetConnection>();
  #nextNumber = 0;

  constructor(options: TelnetOptions) {
    this.#options = options;
  }

  receive(socket: Socket): void {
    const { connections } = this.#options;
    if (!connections.add(socket)) return;
    connections.recognised(socket, 'telnet');
    if (this.#open.size >= MAX_CONSOLES || connections.isTooMany(socket)) {
      socket.on('error', () => {}).resume();
      socket.end(formatError(TOO_MANY));
      return;
    }
    const number = this.#nextNumber++;
    this.#open.set(number, new TelnetConnection(socket, { ...this.#options, neighbours: this.#open }));
    socket.once('close', () => this.#open.delete(number));
  }

  close(): void {
    for (const connection of this.#open.values()) connection.close();
  }
}

const TOO_MANY = new BrokerError(
  'resource.exhaust',
  `There are ${MAX_CONSOLES} consoles already, or --max-connections; quit one`,
);
