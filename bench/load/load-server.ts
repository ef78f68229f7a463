import type { Socket } from 'node:net';
import { ServerProcess } from '../harness/server-process.ts';
import { type Address, dial, type LoadClient } from './load-client.ts';
import { SocketLoadClient } from './socket-load-client.ts';

export type CreateClient = (socket: Socket) => LoadClient;

/** A server under load. */
export interface LoadServer {
  readonly name: string;
  /** Undefined: it is not ours to look into. */
  readonly pid?: number;
  /** A connection without login. */
  dial(): Promise<LoadClient>;
  /** A connection of another kind. */
  dialAs<Client extends LoadClient>(create: (socket: Socket) => Client): Promise<Client>;
  stop(): Promise<void>;
}

export async function startBroker(): Promise<LoadServer & { readonly process: ServerProcess }> {
  const process = await ServerProcess.startBroker();
  return { ...brokerAt(process), process };
}

/** A broker that runs already; its clients are what `create` makes. */
export function brokerAt(process: ServerProcess, create: CreateClient = speakSocket): LoadServer {
  const address = { host: '127.0.0.1', port: process.port };
  return { ...serverAt('this broker', address, create), pid: process.pid, stop: () => process.stop() };
}

/** A server that runs already, at `target` (`host:port`), and speaks SOCKET. */
export function targetServer(target: string, create: CreateClient = speakSocket): LoadServer {
  const colon = target.lastIndexOf(':');
  return serverAt(target, { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) }, create);
}

export function serverAt(name: string, address: Address, createClient: CreateClient): LoadServer {
  return {
    name,
    dial: () => dial(address, createClient),
    dialAs: (create) => dial(address, create),
    stop: async () => {},
  };
}

function speakSocket(socket: Socket): LoadClient {
  return new SocketLoadClient(socket);
}
