import type { Socket } from 'node:net';
import { userInfo } from 'node:os';
import type { BenchOptions } from '../harness/measurement.ts';
import type { ServerProcess } from '../harness/server-process.ts';
import { JetStreamLoadClient } from '../load/jetstream-load-client.ts';
import { brokerAt, type CreateClient, type LoadServer, targetServer } from '../load/load-server.ts';
import { MqttLoadClient } from '../load/mqtt-load-client.ts';
import { type Peer, startPeer } from '../load/peer-process.ts';
import { MOSQUITTO, NATS } from '../load/peers.ts';
import { SocketLoadClient } from '../load/socket-load-client.ts';
import { SocketSleeper } from '../load/socket-sleeper.ts';

/** A server that keeps what its own clients publish, for a durable subscriber that is away. */
export interface DurableServer extends LoadServer {
  /** How many times its rate ours must be at least, by the number of publishes in flight. */
  readonly targets?: Readonly<Record<number, number>> | undefined;
}

const SLEEPER = 'sleeper/1';

export async function durableBroker(process: ServerProcess, topic: string): Promise<DurableServer> {
  const server = brokerAt(process, publishPersistently);
  await leaveSleeper(server, sleepOnSocket, topic);
  return server;
}

/** Messages that wait in it for the sleeper. */
export async function countWaiting({ port }: ServerProcess): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/admin/client/${SLEEPER.replace('/', '/session/')}/?cbQueueNumMsgs`);
  return Number(await answer.text());
}

/** Those that are asked for and can be had; says which cannot. */
export async function startOthers(
  { target, peers }: BenchOptions,
  topic: string,
  say: (progress: string) => void,
): Promise<DurableServer[]> {
  const xmlBlasters = target === undefined ? [] : [await durableTarget(target, topic)];
  const others: DurableServer[] = [];
  for (const { createSleeper, targets, ...peer } of peers ? PEERS : []) {
    const server = await startPeer(peer, say);
    if (server === undefined) continue;
    await leaveSleeper(server, createSleeper, topic);
    others.push({ ...server, targets });
  }
  return [...others, ...xmlBlasters];
}

let sessions = 0;

/** Another xmlBlaster. The original ends a session a second after it has said so: none is used twice. */
async function durableTarget(target: string, topic: string): Promise<DurableServer> {
  const server = targetServer(target, publishPersistently);
  const name = `sleeper/${++sessions}`;
  await leaveSleeper(server, sleepOnSocket, topic, name);
  const stop = async (): Promise<void> => {
    const sleeper = await server.dialAs(sleepOnSocket);
    await sleeper.login(name);
    await sleeper.disconnect();
    await sleeper.close();
  };
  return { ...server, targets: { 256: 20 }, stop };
}

async function leaveSleeper(server: LoadServer, create: CreateClient, topic: string, name = SLEEPER): Promise<void> {
  const sleeper = await server.dialAs(create);
  await sleeper.login(name);
  await sleeper.subscribe(topic);
  await sleeper.close();
}

const publishPersistently: CreateClient = (socket) => new SocketLoadClient(socket, '<qos><persistent/></qos>');
const sleepOnSocket = (socket: Socket): SocketSleeper => new SocketSleeper(socket);

interface DurablePeer extends Peer {
  readonly createSleeper: CreateClient;
  readonly targets?: DurableServer['targets'];
}

/** Streams in files, one consumer that asks for nothing. */
function jetStream(setting: string): Omit<DurablePeer, 'name' | 'targets'> {
  const speak: CreateClient = (socket) => new JetStreamLoadClient(socket);
  return {
    ...NATS,
    settings: (port, directory) => `${NATS.settings(port, directory)}jetstream { store_dir: "${directory}"\n${setting} }\n`,
    createClient: speak,
    createSleeper: speak,
  };
}

/** As root it would become a user who may not write into the directory. */
function persistentMosquitto(setting: string): Omit<DurablePeer, 'name' | 'targets'> {
  const persistence = (directory: string) =>
    `user ${userInfo().username}\npersistence true\npersistence_location ${directory}/\n`;
  return {
    ...MOSQUITTO,
    settings: (port, directory) => `${MOSQUITTO.settings(port, directory)}${persistence(directory)}${setting}\n`,
    createSleeper: (socket) => new MqttLoadClient(socket, false),
  };
}

/** `strace` shows what each does before and after it acknowledges; only those that sync before have targets. */
const PEERS: readonly DurablePeer[] = [
  { ...jetStream(''), name: 'JetStream: acknowledged when written, synced minutes later' },
  {
    ...jetStream('sync_interval: always'),
    name: 'JetStream, sync_interval always: each message synced, then acknowledged',
    targets: { 1: 1, 16: 1, 256: 1 },
  },
  { ...persistentMosquitto(''), name: 'mosquitto: acknowledged, kept in memory, saved every half an hour' },
  {
    ...persistentMosquitto('autosave_on_changes true\nautosave_interval 1'),
    name: 'mosquitto, saved on each change: acknowledged, then all of it written and synced',
  },
];
