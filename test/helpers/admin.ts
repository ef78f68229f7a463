import { parseXml } from './answers.ts';
import type { Answer, TestBroker } from './broker.ts';
import { basic } from './passwords.ts';
import { contentsOf, type SocketClient, type WireFrame } from './socket.ts';

/** What `GET /admin/…` answers, without its last line end. */
export async function ask(broker: TestBroker, path: string, headers: Record<string, string> = {}): Promise<string> {
  const { status, body } = await broker.get(`/admin/${path}`, headers);
  return status === 200 ? body.replace(/\n$/, '') : `${status} ${body}`;
}

/** `POST /admin/…` as somebody who may. */
export const change = (broker: TestBroker, path: string, body = ''): Promise<Answer> =>
  broker.post(body, `/admin/${path}`, basic('admin'));

/** A get of `__cmd:…`. */
export function getCommand(client: SocketClient, path: string): Promise<WireFrame> {
  return client.call('get', `<qos/>\0<key oid='__cmd:${path}'/>\0`);
}

/** What a get of `__cmd:…` says. */
export async function command(client: SocketClient, path: string): Promise<string[]> {
  return contentsOf(await getCommand(client, path));
}

/** A publish on `__cmd:…`. */
export function setCommand(client: SocketClient, path: string, content = ''): Promise<WireFrame> {
  return client.call('publish', `<qos/>\0<key oid='__cmd:${path}'/>\0${content.length}\0${content}`);
}

/** The oids of `GET /topics`. */
export async function topicsOf(broker: TestBroker): Promise<(string | null)[]> {
  const root = parseXml((await broker.get('/topics')).body);
  return [...root.getElementsByTagName('key')].map((key) => key.getAttribute('oid'));
}
