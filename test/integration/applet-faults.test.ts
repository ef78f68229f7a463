import { describe, expect, test } from 'vitest';
import { readMessages } from '../helpers/answers.ts';
import { AppletClient, type AppletStream } from '../helpers/applet.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { passwordFile, SECRET } from '../helpers/passwords.ts';
import { exchange, RawClient, untilSocketCloses } from '../helpers/raw.ts';
import { readStatistics, untilStatistics } from '../helpers/statistics.ts';

// What goes wrong between applets and the broker.

/** An applet that has subscribed HELLO as joe/1. */
async function subscribed(broker: TestBroker): Promise<{ applet: AppletClient; stream: AppletStream }> {
  const applet = new AppletClient(broker);
  const stream = await applet.connect("<qos><session name='joe/1'/></qos>");
  await applet.call('subscribe', { oid: 'HELLO' });
  return { applet, stream };
}

async function publish(broker: TestBroker, ...contents: (string | Uint8Array)[]): Promise<void> {
  for (const content of contents) await broker.put('/topics/HELLO', content);
}

describe('an applet is told what was wrong', () => {
  test.each<[action: string, unit: object, problem: RegExp]>([
    ['publish', { key: '<key' }, /user\.illegalArgument.*line 1/],
    ['publish', { key: "<key oid='__sys__a'/>" }, /notAuthorized/],
    ['publish', { key: '<!DOCTYPE a><key/>' }, /DTD/],
    ['subscribe', { key: "<key queryType='XPATH'>//[</key>" }, /user\.query\.invalid/],
    ['subscribe', {}, /user\.illegalArgument/],
    ['get', { key: "<key oid='a'/>", qos: '<qos' }, /user\.illegalArgument/],
    ['connectAgain', {}, /"connectAgain" is unknown/],
    ['publishArr', { key: '<key' }, /user\.illegalArgument/],
    ['xmlScript', { key: '<xmlBlaster><connect/></xmlBlaster>' }, /leave the connect out/],
    ['xmlScript', { key: 'get' }, /user\.illegalArgument/],
    ['xmlScript', {}, /user\.illegalArgument/],
  ])('%s with %o', async (action, unit, problem) => {
    const broker = await startBroker();
    const { applet, stream } = await subscribed(broker);
    await expect(applet.call(action, unit)).rejects.toThrow(problem);
    await publish(broker, 'still there');
    expect(await stream.contents(1)).toEqual(['still there']);
  });

  test('whose script fails, what came before has happened', async () => {
    const broker = await startBroker();
    const { applet } = await subscribed(broker);
    const script =
      "<xmlBlaster><publish><key oid='b'/><content>1</content></publish><subscribe><key oid=''/></subscribe><ping/></xmlBlaster>";
    expect(await applet.call('xmlScript', { key: script })).toMatch(
      /<publish>[\s\S]*<exception errorCode='user\.illegalArgument'>[\s\S]*<\/exception>\n<\/xmlBlasterResponse>\n$/,
    );
    expect((await broker.get('/topics/b')).body).toBe('1');
  });

  test.each(['pong', 'ping', 'publish', 'subscribe', 'unSubscribe', 'get', 'erase', 'xmlScript', 'disconnect'])(
    '%s without a cookie, with one that nobody knows, and with that of a browser that is not connected',
    async (action) => {
      const broker = await startBroker();
      await subscribed(broker);
      const applet = new AppletClient(broker);
      for (const cookie of [undefined, 'JSESSIONID=x', `JSESSIONID=${'a'.repeat(32)}`]) {
        applet.cookie = cookie;
        await expect(applet.call(action, { key: "<key oid='a'/>" }), String(cookie)).rejects.toThrow('user.notConnected');
      }
      applet.cookie = undefined;
      await applet.call('dummyToCreateASessionId');
      await expect(applet.call(action, { key: "<key oid='a'/>" })).rejects.toThrow('user.notConnected');
      expect((await readStatistics(broker)).sessions).toBe(1);
    },
  );

  test.each(['-1', 'x', '', '1e3', '0x1', '12345678901', "1'", '__proto__'])('whose number is %j', async (number) => {
    const broker = await startBroker();
    const applet = new AppletClient(broker, `/AppletServlet?appletInstanceCount=${number}`);
    await expect(applet.connect()).rejects.toThrow(/no number of an applet/);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('who sends no ActionType, or does not speak the binary protocol', async () => {
    const broker = await startBroker();
    const { applet } = await subscribed(broker);
    for (const [headers, problem] of [
      [{ ...applet.headers('ping'), ActionType: '' }, 'The header ActionType is missing'],
      [{ ...applet.headers('ping'), BinaryProtocol: 'false' }, 'BinaryProtocol: true'],
    ] as const) {
      const { body, status } = await broker.post('', '/AppletServlet?appletInstanceCount=1', headers);
      expect([status, Buffer.from(body, 'base64').toString()]).toEqual([200, expect.stringContaining(problem)]);
    }
  });

  test('whose password is wrong', async () => {
    const broker = await startBroker({ passwordFile: passwordFile(`joe:${SECRET}\n`).path });
    const login = (password: string) =>
      `<qos><securityService type='htpasswd' version='1.0'><user>joe</user><passwd>${password}</passwd></securityService></qos>`;
    const applet = new AppletClient(broker);
    await expect(applet.connect(login('wrong'))).rejects.toThrow(/exception.*authentication\.accessDenied/);
    await expect(applet.connect('<qos/>')).rejects.toThrow(/accessDenied/);
    await expect(applet.connect('<qos')).rejects.toThrow(/user\.illegalArgument/);
    await applet.connect(login('secret'));
    expect((await readStatistics(broker)).sessions).toBe(1);
  });
});

describe('a body', () => {
  test('without its NULs is refused', async () => {
    const broker = await startBroker();
    const { applet } = await subscribed(broker);
    const { body } = await broker.post('no NUL in it', applet.path, applet.headers('publish'));
    expect(Buffer.from(body, 'base64').toString()).toContain('each with a NUL behind it');
  });

  test('is as long as HTTP says, whatever Data-Length says', async () => {
    const broker = await startBroker();
    const { applet, stream } = await subscribed(broker);
    for (const length of ['0', '5', '99999999999', '-1', 'x']) {
      const headers = { ...applet.headers('publish'), 'Data-Length': length };
      await broker.post("\0<key oid='HELLO'/>\0\0grüße", applet.path, headers);
      expect(await stream.contents(1)).toEqual(['grüße']);
    }
  });

  test('that is too large is refused before it is read', async () => {
    const broker = await startBroker({ maxBodyBytes: 100_000 });
    const header = 'POST /AppletServlet HTTP/1.1\r\nHost: localhost\r\nActionType: publish\r\nBinaryProtocol: true\r\n';
    const answer = await exchange(broker.port, `${header}Content-Length: 100001\r\nConnection: close\r\n\r\n\0\0`);
    expect(answer.status).toBe(413);
  });

  test('that never comes leaves nothing behind', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    const isClosed = untilSocketCloses();
    client.write(
      'POST /AppletServlet HTTP/1.1\r\nHost: localhost\r\nActionType: connect\r\nBinaryProtocol: true\r\nContent-Length: 9\r\n\r\n\0\0<q',
    );
    client.destroy();
    await isClosed;
    expect((await readStatistics(broker)).sessions).toBe(0);
  });
});

describe('what does not fit into a text of Java', () => {
  test('is no update but a dead message; the applet is told, and gets what comes behind it', async () => {
    const broker = await startBroker();
    const dead = broker.get('/updates?oid=__sys__deadMessage&timeout=20');
    await untilStatistics(broker, ({ subscriptions }) => subscriptions === 1);
    const { stream } = await subscribed(broker);
    await publish(broker, new Uint8Array(49_149), new Uint8Array(49_150), 'next');
    expect((await stream.update())?.[4]).toBe(Buffer.alloc(49_149).toString('base64'));
    expect(await stream.update()).toEqual(['exception', expect.stringContaining('has 49150 bytes')]);
    expect(await stream.contents(1)).toEqual(['next']);
    const [message] = readMessages((await dead).body);
    expect(message?.content.length).toBe(49_150);
  });

  test('is no answer either, and what was consumed returns to its queue', async () => {
    const broker = await startBroker();
    const { applet } = await subscribed(broker);
    const qos = `<qos><clientProperty name='n'>${'x'.repeat(65_536)}</clientProperty></qos>`;
    await broker.post(`<publish><key oid='jobs'/><qos>${qos.slice(5, -6)}</qos><content>1</content></publish>`);
    const key = "<key oid='__cmd:topic/jobs/?historyQueueEntries'/>";
    const querySpec = "<qos><querySpec type='QueueQuery'>consumable=true</querySpec></qos>";
    await expect(applet.call('get', { key, qos: querySpec })).rejects.toThrow(/user\.maxSizeExceed/);
    expect((await broker.get('/topics/jobs')).body).toBe('1');
    const script = `<xmlBlaster><get>${key}${querySpec}</get></xmlBlaster>`;
    await expect(applet.call('xmlScript', { key: script })).rejects.toThrow(/user\.maxSizeExceed/);
    expect((await broker.get('/topics/jobs')).body).toBe('1');
  });
});

describe('an applet that does not read its stream', () => {
  async function unread(broker: TestBroker): Promise<RawClient> {
    const client = await RawClient.connect(broker.port);
    const qos = "\0\0<qos><session name='joe/1'/></qos>\0";
    client.write(
      `POST /AppletServlet?appletInstanceCount=1 HTTP/1.1\r\nHost: localhost\r\nActionType: connect\r\nBinaryProtocol: true\r\nContent-Length: ${qos.length}\r\n\r\n${qos}`,
    );
    const text = await client.until(/(--End[\s\S]*){3}/);
    client.socket.pause();
    const applet = new AppletClient(broker);
    applet.cookie = /JSESSIONID=[\w-]+/.exec(text)?.[0];
    await applet.call('subscribe', { oid: 'HELLO' });
    return client;
  }

  test('is cut off after writeTimeout, and loses nothing that was not written', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ writeTimeout: 5_000 }, { clock });
    const client = await unread(broker);
    const large = new Uint8Array(49_000);
    for (let i = 0; i < 300; i++) await publish(broker, large);
    const isClosed = untilSocketCloses();
    clock.advance(5_100);
    await isClosed;
    await publish(broker, 'last');
    const next = new AppletClient(broker);
    const stream = await next.connect("<qos><session name='joe/1'/></qos>");
    let count = 0;
    for (let text = ''; text !== 'last'; count++) text = (await stream.contents(1))[0] ?? '';
    expect(count, 'of 301 updates').toBeGreaterThan(100);
    client.destroy();
  });

  test('holds a bounded number of updates in the broker', async () => {
    const broker = await startBroker();
    const client = await unread(broker);
    for (let i = 0; i < 500; i++) await publish(broker, new Uint8Array(49_000));
    const waiting = Number((await broker.get('/admin/client/joe/1/?cbQueueNumMsgs')).body);
    expect(waiting, 'of 500 updates').toBeGreaterThan(200);
    client.destroy();
  });
});

describe('somebody else', () => {
  test('can not answer the pings of an applet, nor log it out', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { applet, stream } = await subscribed(broker);
    const other = new AppletClient(broker, applet.path);
    await other.connect("<qos><session name='eve/1'/></qos>");
    for (let n = 1; n <= 4; n++) {
      await other.call('pong');
      clock.advance(10_100);
    }
    while (await stream.next());
    await expect(applet.call('ping')).rejects.toThrow('user.notConnected');
    await other.call('disconnect');
    await expect(other.call('disconnect')).rejects.toThrow('user.notConnected');
  });

  test('can not make pages connect: cross-site requests, foreign hosts and origins are refused', async () => {
    const broker = await startBroker();
    const foreign: readonly Record<string, string>[] = [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site' },
    ];
    for (const headers of foreign) {
      const { status } = await broker.post('\0\0<qos/>\0', '/AppletServlet', {
        ActionType: 'connect',
        BinaryProtocol: 'true',
        ...headers,
      });
      expect(status).toBe(403);
    }
    expect((await broker.get('/AppletServlet')).status).toBe(405);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });
});

test('streams end with the broker', async () => {
  const broker = await startBroker();
  const { stream } = await subscribed(broker);
  await broker.close();
  expect(await stream.next()).toBeUndefined();
});

test('a client that connects and goes away at once leaves nothing behind for long', async () => {
  const clock = new ManualClock();
  const broker = await startBroker({}, { clock });
  for (let i = 0; i < 20; i++) {
    const client = await RawClient.connect(broker.port);
    client.write(
      `POST /AppletServlet HTTP/1.1\r\nHost: localhost\r\nActionType: connect\r\nBinaryProtocol: true\r\nContent-Length: 9\r\n\r\n\0\0<qos/>\0`,
    );
    client.destroy();
  }
  await broker.get('/healthz');
  for (let i = 0; i < 5; i++) {
    clock.advance(10_100);
    await broker.get('/healthz');
  }
  await untilStatistics(broker, ({ sessions }) => sessions === 0);
});
