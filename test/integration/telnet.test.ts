import { describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { hurriedClock, ManualClock } from '../helpers/clock.ts';
import { passwordFile, SECRET } from '../helpers/passwords.ts';
import { RawClient, untilSocketCloses } from '../helpers/raw.ts';
import { TelnetClient } from '../helpers/telnet.ts';

const SETTINGS = { telnetPort: 0, nodeId: 'heron' } as const;
const LOGIN_FIRST =
  "ERROR-XmlBlaster telnet server: Please login first with 'connect <loginName> <password>'\r\nTry 'help'\r\n\r\n";
const NOT_AUTHORIZED = /^\r\nerrorCode=user\.security\.authorization\.notAuthorized message=.*\r\n\r\n$/;
const DENIED = /^\r\nerrorCode=user\.security\.authentication\.accessDenied message=.*\r\n\r\n$/;

async function openConsole(broker: TestBroker, ...login: readonly [user: string, password?: string] | []): Promise<TelnetClient> {
  const client = await TelnetClient.open(broker.telnetPort);
  const [user, password = 'secret'] = login;
  if (user !== undefined) expect(await client.say(`connect ${user} ${password}`)).toMatch(/^Successful login for user /);
  return client;
}

async function startWithPasswords(): Promise<TestBroker> {
  const { path } = passwordFile(`root:${SECRET}:admin\njoe:${SECRET}\npicky:${SECRET}:get("exact:__cmd:?nodeId")\n`);
  return startBroker({ ...SETTINGS, passwordFile: path }, { clock: hurriedClock() });
}

describe('the console', () => {
  test('reads and changes what the other ways do', async () => {
    const broker = await startBroker(SETTINGS);
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    await broker.put('/topics/a', 'hello');
    const client = await openConsole(broker, 'admin');
    expect(await client.say('get ?nodeId')).toBe('heron\r\n\r\n');
    expect(await client.say('GET  /node/heron/client/joe/1/?cbQueueNumMsgs ')).toBe('1\r\n\r\n');
    expect(await client.say('get ?nodeId, numTopics')).toBe('heron\r\n1\r\n\r\n');
    expect(await client.say('get topic/a/?peekHistoryMessages=1')).toMatch(
      /^<qos>\n.*\n<\/qos>\n<key oid='a'.*\/>\n<content>hello<\/content>\r\n\r\n$/s,
    );
    expect(await client.say('set client/joe/?maxSessions=7')).toBe('/node/heron/client/joe/?maxSessions=7\r\n');
    expect((await broker.get('/admin/client/joe/?maxSessions')).body).toBe('7\n');
    expect(await client.say('gc')).toBe('OK\r\n');
    expect(await client.say('get topic/a/?clearHistoryQueue')).toBe('1\r\n\r\n');
    expect(await client.say('get topic/a/?peekHistoryMessages=1')).toBe('NO ENTRY FOUND: get topic/a/?peekHistoryMessages=1\r\n');
    expect(await client.say('get client/jim/?uptime')).toMatch(
      /^\r\nerrorCode=user\.illegalArgument message=The client "jim" is unknown.*\r\n\r\n$/,
    );
    expect(await client.say('get')).toMatch(/^ERROR-XmlBlaster telnet server: Get what\?.*\r\nTry 'help'\r\n\r\n$/);
    expect(await client.say('frobnicate now')).toMatch(/^ERROR-XmlBlaster telnet server: There is no command 'frobnicate'\r\n/);
  });

  test('does little for those who have not logged in', async () => {
    const broker = await startBroker(SETTINGS, { clock: new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5)) });
    const client = await openConsole(broker);
    for (const line of ['get ?nodeId', 'set sysprop/?a=b', 'gc', 'exit', 'yes', 'frobnicate']) {
      expect(await client.say(line), line).toBe(LOGIN_FIRST);
    }
    expect(await client.say('time')).toBe('Fri Jan 02 03:04:05 UTC 2026\r\n');
    expect(await client.say('mem')).toMatch(/^[0-9]+\/[0-9]+\r\n$/);
    expect(await client.say('help')).toMatch(/\r\n {2}connect NAME PASSWORD {2}log in\r\n/);
    expect(await client.say('')).toMatch(/^ERROR-XmlBlaster telnet server: The line is empty\r\n/);
    expect(await client.say('connect joe')).toMatch(/^ERROR-XmlBlaster telnet server: Say 'connect joe PASSWORD'\r\n/);
    expect(await client.say('connect joe/1 secret')).toMatch(/'joe\/1' is a session; connect as the user 'joe'\r\n/);
  });

  test('says what is typed, until that is switched off', async () => {
    const client = await openConsole(await startBroker(SETTINGS));
    client.raw.write('mem');
    await client.raw.until(/<< mem$/);
    expect(await client.exchange('\r\n')).toMatch(/^\r\n[0-9]+\/[0-9]+\r\n$/);
    expect(await client.say('echo')).toBe('Echo is off\r\n');
    expect(await client.exchange('mem\r\n')).toMatch(/^[0-9]+\/[0-9]+\r\n$/);
    expect(await client.exchange('echo\r\n')).toBe('Echo is on\r\n');
    expect(await client.say('mem')).toMatch(/^[0-9]+\/[0-9]+\r\n$/);
  });

  test.each(['\n', '\r\n', '\r\0'])('takes lines that end with %j, in UTF-8', async (end) => {
    const client = await openConsole(await startBroker(SETTINGS), 'admin');
    await client.exchange(`set sysprop/?motto=Grüße €${end}`);
    expect(await client.exchange(`get sysprop/?motto${end}`)).toContain('\nGrüße €\r\n\r\n');
  });

  test('answers lines that come at once one after the other, and then the end', async () => {
    const raw = (await openConsole(await startBroker(SETTINGS))).raw;
    raw.socket.end('connect admin x\nset sysprop/?a=1\nget sysprop/?a\n');
    expect(await raw.closed()).toMatch(
      /<< connect admin x\nSuccessful .*\r\n.* << set .*\n\/node\/heron\/sysprop\/\?a=1\r\n.* << get .*\n1\r\n\r\n127\.0\.0\.1 << $/,
    );
  });

  test('refuses options of telnet, and hears what else is said', async () => {
    const client = await openConsole(await startBroker(SETTINGS));
    const bytes = Buffer.concat([
      Buffer.from([255, 253, 6, 255, 251, 31, 255, 250, 31, 0, 80, 0, 24, 255, 240]),
      Buffer.from('mem\r\n'),
    ]);
    client.raw.write(bytes);
    const refusals = Buffer.from([255, 252, 6, 255, 254, 31]).toString('latin1');
    expect(await client.raw.until(/[0-9]\r\n127\.0\.0\.1 << $/)).toContain(`<< ${refusals}mem\r\n`);
  });

  test('says Bye to those who quit, and when the broker ends', async () => {
    const broker = await startBroker(SETTINGS);
    const [one, two] = [await openConsole(broker), await openConsole(broker, 'joe')];
    one.raw.write('quit\r\n');
    expect(await one.raw.closed()).toMatch(/<< quit\r\nBye\n$/);
    await broker.close();
    expect(await two.raw.closed()).toMatch(/<< Bye\n$/);
  });

  test('keeps what clients have published from commanding the terminal', async () => {
    const broker = await startBroker(SETTINGS);
    const client = await openConsole(broker, 'admin');
    await broker.post(Buffer.from("<publish><key oid='a\u009b2J'/><content>\u009b31m</content></publish>"));
    const answer = await client.say('get topic/a\u009b2J/?peekHistoryMessages=1');
    expect(answer).toContain('>??31m<');
    expect(await client.say('get ?topicList')).toBe('a??2J\r\n\r\n');
  });
});

describe('rights at the console', () => {
  test('are those of the password file', async () => {
    const broker = await startWithPasswords();
    const client = await openConsole(broker);
    expect(await client.say('connect joe wrong')).toMatch(DENIED);
    expect(await client.say('connect nobody secret')).toMatch(DENIED);
    expect(await client.say('get ?nodeId')).toBe(LOGIN_FIRST);
    expect(await client.say('connect joe secret')).toBe(
      'Successful login for user joe, session timeout is  [ 1 h 0 millis ]\r\n',
    );
    expect(await client.say('get ?nodeId')).toBe('heron\r\n\r\n');
    for (const line of ['set sysprop/?a=b', 'gc', 'get ?clearLastError'])
      expect(await client.say(line), line).toMatch(NOT_AUTHORIZED);
    expect(await client.say('connect picky secret')).toMatch(/^Successful/);
    expect(await client.say('get ?nodeId')).toBe('heron\r\n\r\n');
    expect(await client.say('get ?uptime')).toMatch(NOT_AUTHORIZED);
    expect(await client.say('connect root secret')).toMatch(/^Successful/);
    expect(await client.say('set sysprop/?a=b')).toBe('/node/heron/sysprop/?a=b\r\n');
    expect(await client.say('connect joe wrong')).toMatch(DENIED);
    expect(await client.say('set sysprop/?a=c'), 'still root').toBe('/node/heron/sysprop/?a=c\r\n');
  });

  test('a wrong password is answered late, and nothing is read meanwhile', async () => {
    const { path } = passwordFile(`root:${SECRET}:admin\n`);
    const clock = new ManualClock();
    const broker = await startBroker({ ...SETTINGS, passwordFile: path }, { clock });
    const client = await openConsole(broker);
    const other = await openConsole(broker, 'root');
    client.raw.write('connect root wrong\r\nmem\r\n');
    await client.raw.until(/wrong\r\n$/);
    expect(await other.say('time'), 'others do not wait').toMatch(/UTC/);
    expect(client.raw.text).toMatch(/wrong\r\n$/);
    const tick = setInterval(() => clock.advance(10), 1);
    await client.raw.until(/errorCode=user\.security\.authentication\.accessDenied .*<< mem\r\n[0-9]+\/[0-9]+\r\n/s);
    clearInterval(tick);
    expect(clock.now()).toBeGreaterThanOrEqual(1_700_000_000_250);
  });

  test('exit ends the broker, after a question, for those who may', async () => {
    const broker = await startWithPasswords();
    const joe = await openConsole(broker, 'joe');
    expect(await joe.say('exit')).toMatch(/\(yes\/no\): $/);
    expect(await joe.say('yes')).toMatch(NOT_AUTHORIZED);
    const root = await openConsole(broker, 'root');
    expect(await root.say('yes')).toMatch(/There is no command 'yes'/);
    expect(await root.say('exit')).toMatch(/\(yes\/no\): $/);
    expect(await root.say('no')).toBe('\r\n');
    await root.say('exit');
    expect(await root.say('maybe'), 'no answer is no').toMatch(/There is no command 'maybe'/);
    expect(await root.say('yes')).toMatch(/There is no command 'yes'/);
    await root.say('exit');
    expect(await root.say('yes')).toBe('OK\r\n');
    expect(await broker.exitRequested).toBe(0);
  });

  test('to end the console of somebody else takes the right admin', async () => {
    const broker = await startWithPasswords();
    const [stranger, joe, root] = [
      await openConsole(broker),
      await openConsole(broker, 'joe'),
      await openConsole(broker, 'root'),
    ];
    expect(await root.say('who')).toMatch(/^\r\nother: 0\. 127\.0\.0\.1:[0-9]+\r\nother: 1\. .*\r\nthis: {2}2\. .*\r\n$/);
    for (const client of [stranger, joe]) expect(await client.say('close 2')).toMatch(NOT_AUTHORIZED);
    for (const wrong of ['close', 'close 7', 'close x', 'close -1'])
      expect(await root.say(wrong)).toMatch(/no console of that number/);
    expect(await root.say('close 1')).toMatch(/^closing 127\.0\.0\.1:[0-9]+ \.\.\. OK\r\n$/);
    expect(await joe.raw.closed()).toMatch(/Bye\n$/);
    stranger.raw.write('close 0\r\n');
    expect(await stranger.raw.closed(), 'its own').toMatch(/Bye\n$/);
  });
});

describe('bounds of the console', () => {
  test('a line that is too long ends the connection', async () => {
    const client = await openConsole(await startBroker(SETTINGS));
    client.raw.write('x'.repeat(30_000));
    await client.raw.closed();
  });

  test('what a page of a browser sends is not run', async () => {
    const broker = await startBroker(SETTINGS);
    const body = 'connect admin x\nset sysprop/?a=b\n';
    const raw = (await openConsole(broker)).raw;
    raw.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(await raw.closed()).not.toContain('Successful');
    expect((await broker.get('/admin/sysprop/?a')).status).toBe(404);
  });

  test('many lines at once leave others their turn', async () => {
    const broker = await startBroker(SETTINGS);
    const client = await openConsole(broker, 'admin');
    await client.say('echo');
    client.raw.write(Array.from({ length: 3_000 }, (_, i) => `set sysprop/?n=${i}\n`).join(''));
    let seen = await broker.get('/admin/sysprop/?n');
    while (seen.status === 404) seen = await broker.get('/admin/sysprop/?n');
    expect(Number(seen.body)).toBeLessThan(2_999);
    await client.raw.until(/n=2999\r\n127\.0\.0\.1 << $/);
  });

  test('there are 50 consoles at most', async () => {
    const broker = await startBroker(SETTINGS);
    const clients = await Promise.all(Array.from({ length: 50 }, () => openConsole(broker)));
    const excess = await RawClient.connect(broker.telnetPort as number);
    expect(await excess.closed()).toMatch(/^\r\nerrorCode=resource\.exhaust message=/);
    clients[7]?.raw.write('quit\n');
    // Its place is free once the broker has seen it go.
    await expect.poll(() => openConsole(broker).then(() => 'open', String)).toBe('open');
  });

  test('who says nothing is sent away, sooner before a login', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ ...SETTINGS, telnetTimeout: 600_000 }, { clock });
    const [stranger, joe] = [await openConsole(broker), await openConsole(broker, 'joe')];
    clock.advance(119_000);
    await stranger.say('time');
    clock.advance(121_000);
    expect(await stranger.raw.closed()).toMatch(/<< Bye\n$/);
    clock.advance(350_000);
    expect(await joe.say('get ?nodeId')).toBe('heron\r\n\r\n');
    clock.advance(601_000);
    expect(await joe.raw.closed()).toMatch(/<< Bye\n$/);
  });

  test('who does not read what is answered is cut off', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ ...SETTINGS, writeTimeout: 5_000 }, { clock });
    await broker.put('/topics/a', 'x'.repeat(9_000_000));
    const client = await openConsole(broker, 'admin');
    client.raw.socket.pause();
    client.raw.write('get topic/a/?peekHistoryMessages=1\r\nset sysprop/?a=b\r\n');
    const isClosed = untilSocketCloses();
    const tick = setInterval(() => clock.advance(100), 1);
    await isClosed;
    clearInterval(tick);
    expect((await broker.get('/admin/sysprop/?a')).status, 'and the next command is not read').toBe(404);
  });
});

test('there is no console unless it is asked for, and then over no other protocol', async () => {
  expect((await startBroker()).telnetPort).toBeUndefined();
  const broker = await startBroker(SETTINGS);
  await openConsole(broker);
  expect((await broker.get('/metrics')).body).toContain('xmlblaster_connections{protocol="telnet"} 1\n');
});
