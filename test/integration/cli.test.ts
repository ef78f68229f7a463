import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { version } from '../../src/server.ts';
import { RawClient } from '../helpers/raw.ts';
import { TelnetClient } from '../helpers/telnet.ts';

const root = join(import.meta.dirname, '../..');

beforeAll(() => void execFileSync(process.execPath, ['scripts/ready.mjs'], { cwd: root, stdio: 'ignore' }), 60_000);

/** A broker as its user starts it. */
class Program {
  readonly #child;
  #stdout = '';
  #stderr = '';
  #wake: () => void = () => {};

  constructor(args: readonly string[], environment: Record<string, string> = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('XMLBLASTER_'));
    const env = { ...Object.fromEntries(inherited), XMLBLASTER_SOCKET_PORT: 'off', XMLBLASTER_MEMORY: 'true', ...environment };
    this.#child = spawn(process.execPath, [join(root, 'dist/main.js'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk;
      this.#wake();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk;
    });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  /** Resolves with the first port of that scheme once the log names it. */
  async port(scheme = 'http'): Promise<number> {
    for (;;) {
      const port = new RegExp(`listens on .*?${scheme}://[^ "]+:(\\d+)`).exec(this.#stdout)?.[1];
      if (port !== undefined) return Number(port);
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#child.once('exit', () => resolve());
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<{ code: number | null; stdout: string; stderr: string }> {
    if (this.#child.exitCode === null) await once(this.#child, 'close');
    return { code: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** The texts of log lines; each line must be JSON. */
function messagesOf(log: string): string[] {
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg);
}

describe('xmlblaster', () => {
  test('--help and --version say so and start nothing', async () => {
    expect(await new Program(['--version']).ended()).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await new Program(['--help']).ended();
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/^Usage: xmlblaster/);
  });

  test('logs one JSON line per event, where it listens, and that nothing survives', async () => {
    const program = new Program(['--port', '0']);
    const port = await program.port();
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe('ok\n');
    program.signal('SIGTERM');
    const { code, stdout, stderr } = await program.ended();
    expect([code, stderr]).toEqual([0, '']);
    expect(messagesOf(stdout).join('\n')).toMatch(
      /nothing survives a restart\n.*listens on http:\/\/127\.0\.0\.1:\d+\n.*SIGTERM/s,
    );
  });

  test('refuses what its heap cannot hold, before Node gives up', async () => {
    const program = new Program(['--port', '0', '--max-queue-entries', '1000000'], { NODE_OPTIONS: '--max-old-space-size=128' });
    const address = `http://127.0.0.1:${await program.port()}`;
    await fetch(`${address}/updates?session=joe/1&oid=a&timeout=0`);
    const body = `<xmlBlaster>${"<publish><key oid='a'/><content>x</content></publish>".repeat(1_000)}</xmlBlaster>`;
    let status = 200;
    for (let i = 0; status === 200 && i < 300; i++) {
      const answer = await fetch(address, { method: 'POST', body });
      await answer.text();
      status = answer.status;
    }
    expect(status).toBe(503);
    expect(await (await fetch(`${address}/healthz`)).text()).toBe('ok\n');
  }, 60_000);

  test('ends when an administrator says so, with the exit code that was asked for, and the answer arrives', async () => {
    const program = new Program(['--port', '0']);
    const address = `http://127.0.0.1:${await program.port()}/admin/?exit=3`;
    expect((await fetch(address, { method: 'POST' })).status).toBe(403);
    const headers = { Authorization: `Basic ${btoa('admin:')}` };
    const answer = await fetch(address, { method: 'POST', headers });
    expect([answer.status, await answer.text()]).toEqual([200, 'OK\n']);
    const { code, stdout } = await program.ended();
    expect(code).toBe(3);
    expect(messagesOf(stdout).at(-1)).toContain('?exit');
  });

  test('shows lines of a level that is set while it runs', async () => {
    const program = new Program(['--port', '0', '--log-level', 'info']);
    const address = `http://127.0.0.1:${await program.port()}`;
    const headers = { Authorization: `Basic ${btoa('admin:')}` };
    for (const level of ['warn', 'ALL', 'org.xmlBlaster']) {
      const path = level === 'org.xmlBlaster' ? '?org.xmlBlaster=FINE' : `?level=${level}`;
      expect((await fetch(`${address}/admin/logging/${path}`, { method: 'POST', headers })).status).toBe(200);
    }
    expect(await (await fetch(`${address}/admin/logging/?level`)).text()).toBe('debug\n');
    expect((await fetch(`${address}/admin/logging/?level=loud`, { method: 'POST', headers })).status).toBe(400);
    await fetch(`${address}/admin/logging/?level=warn`, { method: 'POST', headers });
    program.signal('SIGTERM');
    const { stdout } = await program.ended();
    expect(stdout).not.toContain('SIGTERM');
  });

  test.each<[args: string[], environment: Record<string, string>, sentence: RegExp]>([
    [['--colour', 'red'], {}, /^xmlblaster: .*--colour.*--help\n$/],
    [['--event', 'coffee'], {}, /^xmlblaster: --event: "coffee" is not an event; known are .*\n$/],
    [['--startup-script', '/nowhere'], {}, /^xmlblaster: --startup-script \/nowhere cannot be read: ENOENT.*\n$/],
    [['--port', 'x'], {}, /^xmlblaster: --port must be a whole number.*\n$/],
    [['--tls-cert', 'cert.pem'], {}, /^xmlblaster: --tls-cert and --tls-key go together\n$/],
    [['--tls-cert', '/nowhere', '--tls-key', '/nowhere'], {}, /^xmlblaster: --tls-cert \/nowhere and .*ENOENT.*\n$/],
    [['-session.timeout', 'x'], {}, /^xmlblaster: -session.timeout must be a whole number .*"x"\n$/],
    [['--properties', '/nowhere'], {}, /^xmlblaster: The properties file \/nowhere cannot be read: .*\n$/],
    [[], { XMLBLASTER_COLOUR: 'red' }, /^xmlblaster: .*XMLBLASTER_COLOUR.*\n$/],
    [['--password-file', '/nowhere'], {}, /^xmlblaster: The password file \/nowhere cannot be read \(ENOENT\)\n$/],
    [['--host', '0.0.0.0'], {}, /^xmlblaster: .*-e XMLBLASTER_ALLOW_ANONYMOUS=1 -e XMLBLASTER_ALLOWED_HOST=.*\n$/],
  ])('%j %j ends with a sentence and 2', async (args, environment, sentence) => {
    const { code, stdout, stderr } = await new Program(args, environment).ended();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
  });

  test('takes settings of the original, as flags and from a file, and names once what it ignores', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-cli-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'xmlBlaster.properties');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the original
    const node = 'cluster.node.id=${bird}\nbird=heron\n';
    writeFileSync(path, `${node}bootstrapPort=1\nqueue/callback/defaultPlugin=RAM,1.0\nuseKeyboard=false\n`);
    const program = new Program([
      '--properties',
      path,
      '-bootstrapPort',
      '0',
      '-useKeyboard',
      'true',
      '-session.maxSessions',
      '1',
    ]);
    const url = `http://127.0.0.1:${await program.port()}`;
    const connect = () => fetch(url, { method: 'POST', body: '<connect/>', headers: { Authorization: `Basic ${btoa('joe:')}` } });
    expect(await (await connect()).text()).toContain('/node/heron/client/joe/');
    expect((await connect()).status).toBe(429);
    program.signal('SIGTERM');
    const warnings = messagesOf((await program.ended()).stdout).filter((message) => message.includes('ignored'));
    expect(warnings).toEqual([expect.stringMatching(/: queue\/callback\/defaultPlugin, useKeyboard$/)]);
  });

  test('on a busy port ends with 1, and says which and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const { code, stdout } = await new Program(['--port', String(port)]).ended();
    expect(code).toBe(1);
    expect(messagesOf(stdout).at(-1)).toMatch(new RegExp(`Another program listens on port ${port}.*--port`));
  });

  test('on a busy second port starts without it, and says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const program = new Program(['--port', '0', '--socket-port', String(port)]);
    await program.port();
    program.signal('SIGTERM');
    const { code, stdout } = await program.ended();
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Nothing listens on port ${port} \\(--socket-port\\)`));
    expect(stdout).not.toContain('socket://');
  });

  test('says where its ports are', async () => {
    const program = new Program(['--socket-port', '--xmlrpc-port', '--telnet-port', '--port'].flatMap((flag) => [flag, '0']));
    await program.port();
    program.signal('SIGTERM');
    const places = ['http', 'socket', 'http', 'telnet'].map((scheme) => `${scheme}://127\\.0\\.0\\.1:\\d+`);
    expect((await program.ended()).stdout).toMatch(new RegExp(`listens on ${places.join(' and ')}"`));
  });

  test('ends when somebody at the console wants it', async () => {
    const program = new Program(['--port', '0', '--telnet-port', '0']);
    const port = await program.port('telnet');
    const client = await TelnetClient.open(port);
    await client.say('connect admin secret');
    await client.say('exit');
    client.raw.write('yes\r\n');
    expect(await client.raw.closed()).toMatch(/yes\r\nOK\r\n(127\.0\.0\.1 << )?Bye\n$/);
    expect((await program.ended()).code).toBe(0);
  });

  test('on an address that the machine does not have ends with 1 and a sentence', async () => {
    const { code, stdout } = await new Program(['--port', '0', '--host', '192.0.2.1', '--allow-anonymous']).ended();
    expect(code).toBe(1);
    expect(messagesOf(stdout).at(-1)).toContain('has no address 192.0.2.1; choose one of its own with --host');
  });

  test('with permission listens everywhere and answers to its allowed names', async () => {
    const program = new Program([], {
      XMLBLASTER_HOST: '0.0.0.0',
      XMLBLASTER_PORT: '0',
      XMLBLASTER_ALLOW_ANONYMOUS: '1',
      XMLBLASTER_ALLOWED_HOST: 'broker.example',
    });
    const client = await RawClient.connect(await program.port());
    client.write('GET /healthz HTTP/1.1\r\nHost: broker.example:3412\r\n\r\n');
    await client.until(/200 OK[\s\S]*ok\n$/);
    client.destroy();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('at %s releases every poll, ends the streams, exits 0 at once', async (signal) => {
    const program = new Program(['--port', '0', '--log-level', 'warn', '--log-level', 'info']);
    const port = await program.port();
    const url = `http://127.0.0.1:${port}`;
    const polls = Array.from({ length: 50 }, (_, i) => fetch(`${url}/updates?session=joe${i}/1&oid=a`));
    const streamClient = await RawClient.connect(port);
    streamClient.write('GET /updates?oid=a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
    await streamClient.until(/xmlBlaster/);
    const silent = await RawClient.connect(port);
    let home = '';
    while (!home.includes('51 subscriptions')) home = await (await fetch(url, { headers: { Accept: 'text/html' } })).text();
    const start = performance.now();
    program.signal(signal);
    for (const poll of polls) expect((await poll).status).toBe(204);
    expect(await streamClient.closed()).toMatch(/\r\n0\r\n\r\n$/);
    await silent.closed();
    expect((await program.ended()).code).toBe(0);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

describe('a store on disk', () => {
  function dataDir(): string {
    const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-cli-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    return directory;
  }

  const onDisk = (directory: string): Program => {
    return new Program(['--port', '0', '--data-dir', directory], { XMLBLASTER_MEMORY: 'false' });
  };

  test('is named at the start, and belongs to one broker at a time, until that is killed', async () => {
    const directory = dataDir();
    const first = onDisk(directory);
    await first.port();
    const second = await onDisk(directory).ended();
    expect(second.code).toBe(1);
    expect(messagesOf(second.stdout).join()).toMatch(
      /^The store in \S+ is in use by process \d+: stop that broker, or choose another /,
    );
    first.signal('SIGKILL');
    expect(messagesOf((await first.ended()).stdout).join('\n')).toContain(`persistent messages are kept in ${directory}`);
    await onDisk(directory).port();
  });

  test('that cannot be made is told in one sentence', async () => {
    const { code, stdout } = await onDisk('/dev/null/x').ended();
    expect([code, messagesOf(stdout)]).toEqual([
      1,
      [expect.stringMatching(/^Cannot use \/dev\/null\/x for the store: .*--data-dir$/)],
    ]);
  });

  test('that is damaged is told in one sentence, and by `store check`', async () => {
    const directory = dataDir();
    const broker = onDisk(directory);
    const url = `http://127.0.0.1:${await broker.port()}`;
    await fetch(`${url}/topics/a?persistent=true`, { method: 'PUT', body: 'x' });
    broker.signal('SIGTERM');
    await broker.ended();
    expect(await new Program(['store', 'check', directory]).ended()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/1 messages.*all sound/),
    });
    const file = openSync(join(directory, 'data.mdb'), 'r+');
    writeSync(file, Buffer.alloc(4_096, 7), 0, 4_096, 4_096);
    closeSync(file);
    const { code, stdout } = await onDisk(directory).ended();
    expect([code, messagesOf(stdout)]).toEqual([
      1,
      [expect.stringMatching(/^The store in \S+ is damaged \(.*\): restore a backup/)],
    ]);
    expect((await new Program(['store', 'check', directory]).ended()).code).toBe(1);
  });
});
