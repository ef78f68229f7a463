import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CreateClient, type LoadServer, serverAt } from './load-server.ts';

/** Another broker, and how it is to run. */
export interface Peer {
  readonly name: string;
  /** It takes its settings with `-c FILE`. */
  readonly program: string;
  /** Of the machine's own addresses it uses 127.0.0.1 only; `directory` is empty, and gone afterwards. */
  settings(port: number, directory: string): string;
  readonly createClient: CreateClient;
}

/** Says why when it cannot be had. */
export async function startPeer(peer: Peer, say: (progress: string) => void): Promise<LoadServer | undefined> {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
  if (spawnSync('sh', ['-c', `command -v ${peer.program}`], { env }).status !== 0) {
    say(`SKIPPED ${peer.name}: it is not installed (apt-get install ${peer.program})`);
    return undefined;
  }
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), `bench-${peer.program}-`));
  const [settings, log] = [join(directory, 'settings'), join(directory, 'log')];
  writeFileSync(settings, peer.settings(port, directory));
  const child = spawn(peer.program, ['-c', settings], { stdio: ['ignore', 'ignore', openSync(log, 'w')], env });
  const server = serverAt(peer.name, { host: '127.0.0.1', port }, peer.createClient);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
    rmSync(directory, { recursive: true });
  };
  if (await listens(server, child)) return { ...server, pid: child.pid as number, stop };
  say(`SKIPPED ${peer.name}: it does not start: ${readFileSync(log, 'latin1').trim().slice(0, 500)}`);
  await stop();
  return undefined;
}

/** Waits until it does. */
async function listens(server: LoadServer, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 50 && child.exitCode === null; tries++) {
    try {
      const client = await server.dial();
      await client.login('probe');
      await client.close();
      return true;
    } catch {
      await delay(100);
    }
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
