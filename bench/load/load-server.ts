import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerProcess } from '../harness/server-process.ts';
import { type Address, dial, type LoadClient } from './load-client.ts';
import { MqttLoadClient } from './mqtt-load-client.ts';
import { NatsLoadClient } from './nats-load-client.ts';
import { SocketLoadClient } from './socket-load-client.ts';

/** A server under load. */
export interface LoadServer {
  readonly name: string;
  /** Undefined: it is not ours to look into. */
  readonly pid?: number;
  /** A connection without login. */
  dial(): Promise<LoadClient>;
  stop(): Promise<void>;
}

type LoadClientClass = new (socket: Socket) => LoadClient;

export async function startBroker(): Promise<LoadServer & { readonly process: ServerProcess }> {
  const process = await ServerProcess.startBroker();
  const address = { host: '127.0.0.1', port: process.port };
  return { ...serverAt('this broker', address, SocketLoadClient), process, pid: process.pid, stop: () => process.stop() };
}

/** A server that runs already, at `target` (`host:port`), and speaks SOCKET. */
export function targetServer(target: string): LoadServer {
  const colon = target.lastIndexOf(':');
  return serverAt(target, { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) }, SocketLoadClient);
}

/** Those other brokers that are installed here, with what they need to keep up; says which are missing. */
export async function startPeers(say: (progress: string) => void): Promise<LoadServer[]> {
  const peers: LoadServer[] = [];
  for (const start of [startMosquitto, startNats]) {
    const peer = await start();
    if (typeof peer === 'string') say(`SKIPPED ${peer}: it is not installed (apt-get install ${peer})`);
    else peers.push(peer);
  }
  return peers;
}

/** Windows as this broker's, no bound on its queues. */
const MOSQUITTO_SETTINGS = 'allow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 100\nmax_queued_messages 0\n';

async function startMosquitto(): Promise<LoadServer | string> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'bench-mosquitto-'));
  const file = join(directory, 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\n${MOSQUITTO_SETTINGS}`);
  const peer = await startPeer('mosquitto', ['-c', file], port, MqttLoadClient);
  rmSync(directory, { recursive: true });
  return peer;
}

async function startNats(): Promise<LoadServer | string> {
  const port = await freePort();
  return startPeer('nats-server', ['-a', '127.0.0.1', '-p', String(port)], port, NatsLoadClient);
}

/** The program's name when it is not installed. */
async function startPeer(program: string, args: string[], port: number, client: LoadClientClass): Promise<LoadServer | string> {
  const path = `${process.env['PATH']}:/usr/sbin`;
  if (spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH: path } }).status !== 0) return program;
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, PATH: path } });
  const server = serverAt(program, { host: '127.0.0.1', port }, client);
  await untilItListens(server, child);
  return {
    ...server,
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function serverAt(name: string, address: Address, Client: LoadClientClass): LoadServer {
  return { name, dial: () => dial(address, (socket) => new Client(socket)), stop: async () => {} };
}

async function untilItListens(server: LoadServer, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 50 && child.exitCode === null; tries++) {
    try {
      const client = await server.dial();
      await client.login('probe');
      await client.close();
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error(`${server.name} did not start`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
