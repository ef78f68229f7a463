import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { startServer } from '../../src/server.ts';
import { textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { hurriedClock } from '../helpers/clock.ts';
import { basic, logIn, passwordFile, SECRET, type TestPasswordFile } from '../helpers/passwords.ts';
import { SocketClient } from '../helpers/socket.ts';

const OTHER = '{SHA}Ys23Ag/5IOWqZCw9QGaVDdHwH00='; // the password bar

/** The lines of a log, as they come. */
class Log {
  readonly lines: string[] = [];
  readonly logger = createLogger(
    'info',
    new Writable({
      write: (chunk, _encoding, done) => {
        this.lines.push(JSON.parse(String(chunk)).msg);
        this.#wake();
        done();
      },
    }),
  );
  #wake = (): void => {};

  async until(pattern: RegExp): Promise<void> {
    while (!this.lines.some((line) => pattern.test(line))) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

interface Setup {
  readonly broker: TestBroker;
  readonly file: TestPasswordFile;
  readonly log: Log;
}

async function start(text: string): Promise<Setup> {
  const file = passwordFile(text);
  const log = new Log();
  const broker = await startBroker({ passwordFile: file.path }, { clock: hurriedClock(), logger: log.logger });
  return { broker, file, log };
}

const statusOf = async (broker: TestBroker, user: string, password = 'secret') =>
  (await broker.get('/topics', basic(user, password))).status;

describe('a password file that is replaced while it is in use', () => {
  test('counts at once for those who log in', async () => {
    const { broker, file } = await start(`joe:${SECRET}`);
    expect(await statusOf(broker, 'sue', 'bar')).toBe(401);
    file.replace(`joe:${SECRET}\nsue:${OTHER}`);
    expect(await statusOf(broker, 'sue', 'bar')).toBe(200);
    file.replace(`joe:${OTHER}\nsue:${OTHER}`);
    expect(await statusOf(broker, 'joe', 'bar')).toBe(200);
    expect(await statusOf(broker, 'joe', 'secret'), 'the old password, remembered or not').toBe(401);
  });

  test('counts within a second for those who are there: what they lost they lost, subscriptions too', async () => {
    const { broker, file, log } = await start(`joe:${SECRET}\nboss:${SECRET}`);
    const client = await SocketClient.open(broker.port);
    await logIn(client, 'joe', 'secret', 'joe/1');
    const session = { Authorization: `Bearer ${client.session}` };
    const key = (oid: string) => `<key oid='${oid}'/>`;
    const filtered = `<subscribe>${key('a')}<qos><filter type='GnuRegexFilter'>a</filter></qos></subscribe>`;
    for (const command of [`<subscribe>${key('a')}</subscribe>`, `<subscribe>${key('b')}</subscribe>`, filtered]) {
      expect((await broker.post(command, '/', session)).status).toBe(200);
    }
    file.replace(`joe:${SECRET}:subscribe(b),get(b)\nboss:${SECRET}`);
    await log.until(/has changed and is in use$/);
    expect((await broker.post("<get><key oid='a'/></get>", '/', session)).status).toBe(403);
    for (const oid of ['a', 'b']) await broker.put(`/topics/${oid}`, oid, basic('boss'));
    expect(textsOf((await broker.get('/updates?timeout=0', session)).body)).toEqual(['b']);
    expect((await broker.get('/updates?oid=a&timeout=0', session)).status).toBe(403);
  });

  test('leaves nothing to do to those whom it does not name any more', async () => {
    const { broker, file, log } = await start(`joe:${SECRET}\nboss:${SECRET}`);
    const client = await SocketClient.open(broker.port);
    await logIn(client, 'joe');
    file.replace(`boss:${SECRET}`);
    await log.until(/has changed/);
    const publish = await broker.post("<publish><key oid='a'/></publish>", '/', { Authorization: `Bearer ${client.session}` });
    expect(publish.status).toBe(403);
  });

  test.each([
    ['empty', ''],
    ['cut off', `joe:${SECRET}\nsue:${OTHER.slice(0, 12)}`],
    ['no password file', '\0\u0001\n<html>'],
  ])('counts as before when it is %s, and one line of the log says why', async (_what, text) => {
    const { broker, file, log } = await start(`joe:${SECRET}`);
    writeFileSync(file.path, text);
    await log.until(/is not in use: .*; what it said before still counts$/);
    expect(await statusOf(broker, 'joe')).toBe(200);
    expect(await statusOf(broker, 'sue', 'bar')).toBe(401);
    file.replace(`sue:${OTHER}`);
    await log.until(/has changed and is in use/);
    expect(await statusOf(broker, 'sue', 'bar')).toBe(200);
    expect(log.lines.filter((line) => line.includes('is not in use'))).toHaveLength(1);
    expect(log.lines.join('\n')).not.toContain(SECRET);
  });

  test('counts as before when it is away, until it is back', async () => {
    const { broker, file, log } = await start(`joe:${SECRET}`);
    rmSync(file.path);
    await log.until(/cannot be read \(ENOENT\); what it said before still counts$/);
    expect(await statusOf(broker, 'joe')).toBe(200);
    file.replace(`sue:${OTHER}`);
    await log.until(/has changed/);
    expect([await statusOf(broker, 'sue', 'bar'), await statusOf(broker, 'joe')]).toEqual([200, 401]);
    expect(log.lines.filter((line) => line.includes('ENOENT'))).toHaveLength(1);
  });
});

describe('a broker with a password file', () => {
  test('says at the start when the file lets everybody in, and what it does not understand', async () => {
    const { log } = await start('*::get,fly');
    expect(log.lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/line 1: "fly" is no method: it allows nothing$/),
        expect.stringMatching(/the line "\*" lets everybody in without a password$/),
      ]),
    );
  });

  test('may listen on every address, unless the file lets everybody in', async () => {
    const settings = { port: 0, socketPort: 'off', host: '0.0.0.0', logLevel: 'silent', memory: true } as const;
    const server = await startServer({ ...settings, passwordFile: passwordFile(`joe:${SECRET}`).path });
    await server.close();
    const open = { ...settings, passwordFile: passwordFile('*').path };
    await expect(startServer(open)).rejects.toThrow(/without a password.*--allow-anonymous/);
    await (await startServer({ ...open, allowAnonymous: true })).close();
  });

  test.each([
    ['that is not there', undefined, /cannot be read \(ENOENT\)$/],
    ['that is wrong', 'joe:secret', /is not in use: line 1: the password of "joe" is not a hash/],
    ['that is empty', '', /is not in use: it names no user$/],
  ])('does not start with one %s', async (_what, text, sentence) => {
    const { path } = passwordFile(text ?? '');
    if (text === undefined) rmSync(path);
    await expect(startServer({ port: 0, socketPort: 'off', passwordFile: path })).rejects.toThrow(sentence);
  });

  test.skipIf(process.getuid?.() === 0)('does not start with one that it may not read', async () => {
    const { path } = passwordFile(`joe:${SECRET}`);
    chmodSync(path, 0);
    await expect(startServer({ port: 0, socketPort: 'off', passwordFile: path })).rejects.toThrow(/EACCES/);
  });
});
