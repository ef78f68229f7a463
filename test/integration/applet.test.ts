import { describe, expect, test } from 'vitest';
import { AppletClient, type AppletStream } from '../helpers/applet.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { RawClient } from '../helpers/raw.ts';
import { readStatistics, untilStatistics } from '../helpers/statistics.ts';

// Applets and J2ME: protocol/http-legacy.md, "Applets".

const HELLO = "<key oid='HELLO' contentMime='text/xml'><a b='é'/></key>";
const TIME = /^2\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/;
const STAMP = {
  '/qos/rcvTimestamp/@nanos': expect.stringMatching(TIME),
  '/qos/rcvTimestamp/text()': expect.stringMatching(TIME),
};
const SUBSCRIPTION = { '/qos/subscribe/@id': expect.stringMatching(/^__subId:/) };

/** An applet that has subscribed HELLO, as joe/1 unless `name` says something else. */
async function subscribed(broker: TestBroker, name = 'joe/1'): Promise<{ applet: AppletClient; stream: AppletStream }> {
  const applet = new AppletClient(broker);
  const stream = await applet.connect(`<qos><session name='${name}'/></qos>`);
  await applet.call('subscribe', { key: "<key oid='HELLO'/>" });
  return { applet, stream };
}

async function publish(broker: TestBroker, ...contents: string[]): Promise<void> {
  for (const content of contents) await broker.put('/topics/HELLO', content);
}

describe('an applet', () => {
  test.each(['/AppletServlet', '/xmlBlaster/AppletServlet?appletInstanceCount=1&xyz=someValue'])(
    'at %s gets a cookie, a stream, and an answer to each call',
    async (path) => {
      const broker = await startBroker({ nodeId: 'heron' });
      const applet = new AppletClient(broker, path);
      expect(await applet.call('dummyToCreateASessionId')).toMatch(/^OK-\d{13}$/);
      expect(applet.cookie).toMatch(/^JSESSIONID=[\w-]{32}$/);
      const stream = await applet.connect();
      expect(stream.response.headers.get('content-type')).toBe('multipart/x-mixed-replace;boundary=End');
      expect(await applet.call('pong')).toMatch(/^OK-\d{13}$/);
      expect(await applet.call('ping', { qos: '<qos/>' })).toEqual({ '/qos/state/@id': 'OK', '/qos/state/@info': 'ALIVE' });
      const subscribe = await applet.call('subscribe', { key: "<key oid='HELLO'/>", qos: '<qos/>' });
      expect(subscribe).toEqual({ '/qos/state/@id': 'OK', '/qos/methodName/text()': 'subscribe', ...SUBSCRIPTION });
      const publish = await applet.call('publish', { key: HELLO, content: 'Hello World' });
      const published = { '/qos/state/@id': 'OK', '/qos/methodName/text()': 'publish', '/qos/key/@oid': 'HELLO', ...STAMP };
      expect(publish).toEqual(published);
      const key = { '/key/@oid': 'HELLO', '/key/@contentMime': 'text/xml', '/key/child::node()': "<a b='é'/>" };
      const qos = {
        ...STAMP,
        '/qos/persistent/text()': 'false',
        '/qos/sender/text()': '/node/heron/client/guest/-1',
        '/qos/expiration/@lifeTime': '-1',
        '/qos/expiration/@remainingLife': '-1',
      };
      const place = { '/qos/queue/@index': '0', '/qos/queue/@size': '1', '/qos/redeliver/text()': '0', ...SUBSCRIPTION };
      expect(await stream.update()).toEqual([
        'update',
        'unknown',
        { ...qos, ...place, '/qos/methodName/text()': 'update', '/qos/state/@id': 'OK' },
        key,
        Buffer.from('Hello World').toString('base64'),
      ]);
      const got = [{ qos: { ...qos, '/qos/methodName/text()': 'publish' }, key, content: 'Hello World' }];
      expect(await applet.call('get', { oid: 'HELLO' })).toEqual(got);
      expect(await applet.call('unSubscribe', { key: "<key oid='HELLO'/>" })).toEqual([
        { '/qos/state/@id': 'OK', '/qos/methodName/text()': 'unSubscribe', ...SUBSCRIPTION },
      ]);
      expect(await applet.call('erase', { key: "<key oid='HELLO'/>" })).toEqual([
        { '/qos/state/@id': 'OK', '/qos/methodName/text()': 'erase', '/qos/key/@oid': 'HELLO' },
      ]);
      expect(await applet.call('get', { key: "<key oid='HELLO'/>" })).toEqual([]);
      expect(await applet.call('disconnect', { qos: '<qos/>' })).toBe('<qos/>');
      expect(await stream.next()).toBeUndefined();
      expect((await readStatistics(broker)).sessions).toBe(0);
    },
  );

  test('reads its stream and its answers line by line', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    client.write(
      'POST /AppletServlet HTTP/1.0\r\nActionType: connect\r\nBinaryProtocol: true\r\nContent-Length: 9\r\n\r\n\0\0<qos/>\0',
    );
    const text = await client.until(/(--End[\s\S]*){3}/);
    const ping = 'AAAAAAAEcGluZwAAAAAAEzxxb3MgaWQ9J3JlZnJlc2gnLz4=';
    const login = 'AAAAAAAEcGluZwAAAAAAGjxxb3MgaWQ9J2xvZ2luU3VjY2VlZGVkJy8+';
    expect(text).toContain(`\r\n\r\n\r\n--End\r\n${ping}\r\n--End\r\n${login}\r\n--End\r\n`);
    expect(text).toMatch(/^Set-Cookie: JSESSIONID=[\w-]+; Path=\/; HttpOnly; SameSite=Strict\r$/m);
    client.destroy();
    const { body, headers } = await new AppletClient(broker).answer('dummyToCreateASessionId');
    expect(body).toMatch(/^[\w+/]+={0,2}\n$/);
    expect(headers.get('content-type')).toBe('text/plain;charset=iso-8859-1');
  });

  test('says who it is, and what is to come with its updates', async () => {
    const broker = await startBroker();
    const applet = new AppletClient(broker);
    const callback = "<queue relating='callback'><callback type='EMAIL' sessionId='mine'>et@mars</callback></queue>";
    const stream = await applet.connect(`<qos><session name='joe/7'/>${callback}</qos>`);
    await applet.call('subscribe', { oid: 'HELLO' });
    await publish(broker, '1');
    expect((await stream.update())?.[1]).toBe('mine');
    expect((await broker.get('/admin/client/joe/7/?id')).body).toContain('joe/7');
  });

  test('runs scripts in its session', async () => {
    const broker = await startBroker();
    const { applet, stream } = await subscribed(broker);
    const script = `<xmlBlaster><publish>${HELLO}<content>1</content></publish><get><key oid='HELLO'/></get><erase><key oid='__sys__'/></erase></xmlBlaster>`;
    const answer = String(await applet.call('xmlScript', { key: script }));
    expect(answer).toMatch(
      /^<xmlBlasterResponse>\n<publish>[\s\S]*<get>[\s\S]*<content>1<\/content>\n<\/get>\n[\s\S]*<\/xmlBlasterResponse>\n$/,
    );
    expect(answer).toContain('<sender>/node/');
    expect(await stream.contents(1)).toEqual(['1']);
  });

  test('gets what an erased topic says last', async () => {
    const broker = await startBroker();
    const { stream } = await subscribed(broker);
    await publish(broker, '1');
    expect(await stream.contents(1)).toEqual(['1']);
    await broker.fetch('/topics/HELLO', { method: 'DELETE' });
    expect((await stream.update())?.[2]).toMatchObject({ '/qos/state/@id': 'ERASED' });
  });

  test('gets client properties, states and lifetimes as paths', async () => {
    const broker = await startBroker();
    const { applet, stream } = await subscribed(broker);
    const qos =
      "<qos><expiration lifeTime='60000'/><persistent/><clientProperty name='n' type='int'>1</clientProperty><clientProperty name='b' encoding='base64'>eA==</clientProperty></qos>";
    await applet.call('publish', { key: HELLO, qos });
    const [, , table] = (await stream.update()) ?? [];
    expect(table).toMatchObject({
      '/qos/persistent/text()': 'true',
      '/qos/expiration/@lifeTime': '60000',
      "/qos/clientProperty[@name='n']/text()": '1',
      "/qos/clientProperty[@name='n']/@type": 'int',
      "/qos/clientProperty[@name='b']/text()": 'eA==',
      "/qos/clientProperty[@name='b']/@encoding": 'base64',
    });
    expect(Number((table as Record<string, string>)['/qos/expiration/@remainingLife'])).toBeGreaterThan(0);
  });

  test('gets contents of any size and any bytes', async () => {
    const broker = await startBroker();
    const applet = new AppletClient(broker);
    await applet.connect();
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 256));
    await applet.call('publish', { key: HELLO, content: new Uint8Array(content) });
    const [message] = (await applet.call('get', { oid: 'HELLO' })) as readonly { readonly content: string }[];
    expect(Buffer.from(message?.content ?? '', 'latin1').equals(content)).toBe(true);
  });
});

describe('the applets of one browser', () => {
  test('are told from each other by their number', async () => {
    const broker = await startBroker();
    const { applet, stream } = await subscribed(broker);
    const second = applet.sibling(2);
    const secondStream = await second.connect("<qos><session name='joe/2'/></qos>");
    await second.call('subscribe', { oid: 'HELLO' });
    await publish(broker, '1');
    expect([await stream.contents(1), await secondStream.contents(1)]).toEqual([['1'], ['1']]);
    await second.call('disconnect');
    expect(await secondStream.next()).toBeUndefined();
    await publish(broker, '2');
    expect(await stream.contents(1)).toEqual(['2']);
    await expect(applet.sibling(3).call('ping')).rejects.toThrow('user.notConnected');
  });

  test('may have the same session: the last one that connects gets its updates', async () => {
    const broker = await startBroker();
    const { applet, stream } = await subscribed(broker);
    const second = applet.sibling(2);
    const secondStream = await second.connect("<qos><session name='joe/1'/></qos>");
    expect(await stream.next()).toEqual(['exception', expect.stringContaining('user.connect.multiple')]);
    expect(await stream.next()).toBeUndefined();
    await publish(broker, '1');
    expect(await secondStream.contents(1)).toEqual(['1']);
    await expect(applet.call('ping')).rejects.toThrow('user.notConnected');
  });

  test('a new login ends the session of the one before', async () => {
    const broker = await startBroker();
    const { applet, stream } = await subscribed(broker);
    await applet.connect("<qos><session name='joe/2'/></qos>");
    expect((await stream.update())?.[0]).toBe('exception');
    expect(await stream.next()).toBeUndefined();
    expect((await readStatistics(broker)).sessions).toBe(1);
  });
});

test('another browser that connects to a session takes it over, and both may log out', async () => {
  const broker = await startBroker();
  const first = await subscribed(broker);
  const second = await subscribed(broker);
  expect((await first.stream.update())?.[0]).toBe('exception');
  await expect(first.applet.call('ping')).rejects.toThrow('user.notConnected');
  await publish(broker, '1');
  expect(await second.stream.contents(1)).toEqual(['1']);
  await second.applet.call('disconnect');
  expect((await readStatistics(broker)).sessions).toBe(0);
});

test('a poll of its session takes its place, and it may come back', async () => {
  const clock = new ManualClock();
  const broker = await startBroker({}, { clock });
  const { applet, stream } = await subscribed(broker);
  await publish(broker, '1');
  expect(await stream.contents(1)).toEqual(['1']);
  const poll = broker.get('/updates?session=joe/1&timeout=120');
  expect((await stream.update())?.[0]).toBe('exception');
  expect(await stream.next()).toBeUndefined();
  clock.advance(60_000);
  await applet.call('publish', { key: "<key oid='HELLO'/>", content: '2' });
  expect((await poll).body).toContain('<content>2</content>');
  const again = await applet.connect("<qos><session name='joe/1'/></qos>");
  expect(await again.contents(1)).toEqual(['2']);
  expect((await readStatistics(broker)).sessions).toBe(1);
});

describe('pings', () => {
  test('come every ten seconds; who leaves three of them unanswered is logged out', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { stream } = await subscribed(broker);
    for (let n = 1; n <= 3; n++) {
      clock.advance(10_100);
      expect(await stream.next()).toEqual(['ping', `<qos id='refresh-${n}'/>`]);
    }
    expect((await readStatistics(broker)).sessions).toBe(1);
    clock.advance(10_100);
    expect(await stream.next()).toBeUndefined();
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('that are answered now and then keep an applet logged in', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { applet, stream } = await subscribed(broker);
    for (let n = 1; n <= 30; n++) {
      clock.advance(10_100);
      expect(await stream.next()).toEqual(['ping', `<qos id='refresh-${n}'/>`]);
      if (n % 3 === 0) await applet.call('pong');
    }
    await publish(broker, '1');
    expect(await stream.contents(1)).toEqual(['1']);
  });

  test('are answered by each applet for itself', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { applet, stream } = await subscribed(broker);
    const second = applet.sibling(2);
    await second.connect("<qos><session name='joe/2'/></qos>");
    for (let n = 1; n <= 4; n++) {
      clock.advance(10_100);
      await second.call('pong');
    }
    while (await stream.next());
    await second.call('ping');
    expect((await readStatistics(broker)).sessions).toBe(1);
  });
});

describe('a stream that breaks off', () => {
  test('leaves its session for as long as pings may stay unanswered, and loses nothing', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { applet, stream } = await subscribed(broker);
    await stream.abort();
    await untilDetached(broker);
    clock.advance(30_200);
    await publish(broker, '1', '2');
    const again = await applet.connect("<qos><session name='joe/1'/></qos>");
    expect(await again.contents(3)).toEqual(['probe', '1', '2']);
    clock.advance(10_100);
    expect(await again.next()).toEqual(['ping', "<qos id='refresh-1'/>"]);
  });

  test('ends its session when nobody comes back', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { stream } = await subscribed(broker);
    await stream.abort();
    await untilDetached(broker);
    clock.advance(40_300);
    await untilStatistics(broker, ({ sessions }) => sessions === 0);
  });

  /** Nothing is handed out any more. */
  async function untilDetached(broker: TestBroker): Promise<void> {
    const waiting = async () => Number((await broker.get('/admin/client/joe/1/?cbQueueNumMsgs')).body);
    do await publish(broker, 'probe');
    while ((await waiting()) === 0);
  }
});
