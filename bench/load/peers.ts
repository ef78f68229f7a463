import type { LoadServer } from './load-server.ts';
import { MqttLoadClient } from './mqtt-load-client.ts';
import { NatsLoadClient } from './nats-load-client.ts';
import { type Peer, startPeer } from './peer-process.ts';

/** Windows as this broker's, no bound on its queues. */
const MOSQUITTO_SETTINGS = 'allow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 100\nmax_queued_messages 0\n';

export const MOSQUITTO: Peer = {
  name: 'mosquitto',
  program: 'mosquitto',
  settings: (port) => `listener ${port} 127.0.0.1\n${MOSQUITTO_SETTINGS}`,
  createClient: (socket) => new MqttLoadClient(socket),
};

export const NATS: Peer = {
  name: 'nats-server',
  program: 'nats-server',
  settings: (port) => `host: 127.0.0.1\nport: ${port}\n`,
  createClient: (socket) => new NatsLoadClient(socket),
};

/** Those other brokers that are installed here, with what they need to keep up; says which are missing. */
export async function startPeers(say: (progress: string) => void): Promise<LoadServer[]> {
  const servers: LoadServer[] = [];
  for (const peer of [MOSQUITTO, NATS]) {
    const server = await startPeer(peer, say);
    if (server !== undefined) servers.push(server);
  }
  return servers;
}
