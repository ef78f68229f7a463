import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from '../base/logger.ts';
import { Listener } from './listener.ts';
import type { Reception } from './reception.ts';
import type { Datagrams } from './socket/datagrams.ts';
import type { TelnetConnections } from './telnet/telnet-connections.ts';

export interface ListenersOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly socketPort: number | 'off';
  readonly xmlrpcPort: number | 'off';
  readonly telnetPort: number | 'off';
  readonly reception: Reception;
  /** Undefined: none are sent. */
  readonly datagrams: Datagrams | undefined;
  readonly telnet: TelnetConnections;
  readonly logger: Logger;
}

/** Where a broker listens. Without `socket` and the like there is no such port, or another program has it. */
export interface Addresses {
  /** Speaks every protocol but telnet, as `socket` and `xmlrpc` do. */
  readonly http: AddressInfo;
  readonly socket?: AddressInfo;
  readonly xmlrpc?: AddressInfo;
  readonly telnet?: AddressInfo;
}

/** The ports of a broker. */
export class Listeners {
  readonly addresses: Addresses;
  readonly #all: readonly Listener[];

  private constructor(addresses: Addresses, all: readonly Listener[]) {
    this.addresses = addresses;
    this.#all = all;
  }

  /** Rejects with the error of the system when the main port cannot be had; the others are not needed. */
  static async start(options: ListenersOptions): Promise<Listeners> {
    const { port, socketPort, xmlrpcPort, telnetPort, telnet } = options;
    const main = await startForAll(port, options);
    const socket = await startSecond(socketPort, '--socket-port', options, () => startForAll(Number(socketPort), options));
    const xmlrpc = await startSecond(xmlrpcPort, '--xmlrpc-port', options, () => startForAll(Number(xmlrpcPort), options));
    const startTelnet = (): Promise<Listener> => start(Number(telnetPort), (stream) => telnet.receive(stream), options);
    const console = await startSecond(telnetPort, '--telnet-port', options, startTelnet);
    const addresses = {
      http: main.address,
      ...(socket && { socket: socket.address }),
      ...(xmlrpc && { xmlrpc: xmlrpc.address }),
      ...(console && { telnet: console.address }),
    };
    return new Listeners(
      addresses,
      [main, socket, xmlrpc, console].filter((listener) => listener !== undefined),
    );
  }

  /** Accepts no more; resolves when the last connection has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#all.map((listener) => listener.stop()));
  }
}

/** A port that speaks what it recognises, and takes datagrams too. */
async function startForAll(port: number, options: ListenersOptions): Promise<Listener> {
  const listener = await start(port, (socket) => options.reception.receive(socket), options);
  await options.datagrams?.open(listener.address).catch((error: unknown) => {
    void listener.stop();
    throw error;
  });
  return listener;
}

function start(port: number, onConnection: (socket: Socket) => void, { host, logger }: ListenersOptions): Promise<Listener> {
  const onError = (error: Error): void => logger.error({ err: error }, 'a connection could not be accepted');
  return Listener.start({ host, port, onConnection, onError });
}

/** Another program may have the port: the main one is enough. */
async function startSecond(
  port: number | 'off',
  option: string,
  { port: mainPort, logger }: ListenersOptions,
  startIt: () => Promise<Listener>,
): Promise<Listener | undefined> {
  if (port === 'off' || (port !== 0 && port === mainPort)) return undefined;
  try {
    return await startIt();
  } catch (error) {
    logger.warn(`Nothing listens on port ${port} (${option}): ${(error as Error).message}`);
    return undefined;
  }
}
