import { describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { passwordFile, SECRET } from '../helpers/passwords.ts';
import { type PageStream, PushPage } from '../helpers/push-page.ts';
import { RawClient } from '../helpers/raw.ts';
import { readStatistics, untilStatistics } from '../helpers/statistics.ts';

// Pages with a frame, as the original's callback.js makes them: protocol/http-legacy.md, "Pages with a frame".

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** A page that is logged in as joe/1 and has subscribed a. */
async function subscribed(broker: TestBroker): Promise<{ page: PushPage; stream: PageStream }> {
  const page = new PushPage(broker);
  const stream = await page.login();
  for (const state of ['refresh', 'loginSucceeded']) expect(await stream.next()).toEqual({ name: 'ping', values: [state] });
  expect((await page.get('subscribe', { 'key.oid': 'a' })).status).toBe(200);
  return { page, stream };
}

async function publish(broker: TestBroker, ...contents: (string | Uint8Array)[]): Promise<void> {
  for (const content of contents) await broker.put('/topics/a', content);
}

/** What the next update calls update with, but for the QoS. */
async function nextUpdate(stream: PageStream): Promise<readonly string[]> {
  const call = await stream.update();
  expect(call?.name).toBe('update');
  return call?.values.slice(0, 2) ?? [];
}

describe('a page', () => {
  test.each(['/BlasterHttpProxyServlet', '/xmlBlaster/BlasterHttpProxyServlet'])(
    'at %s does all it does by GET',
    async (path) => {
      const broker = await startBroker({ nodeId: 'heron' });
      const page = new PushPage(broker, path);
      const stream = await page.login({ 'xmlBlaster.loginName': 'karl', 'xmlBlaster.invalidate': 'true' });
      expect(stream.response.headers.get('content-type')).toBe('text/html;charset=utf-8');
      expect(page.cookie).toMatch(/^JSESSIONID=[\w-]{32}$/);
      expect([await stream.next(), await stream.next()].map((call) => call?.values)).toEqual([['refresh'], ['loginSucceeded']]);
      const empty = { status: 200, body: '' };
      expect(await page.get('subscribe', { key: "<key oid='cpuinfo'></key>", qos: '<qos></qos>' })).toMatchObject(empty);
      expect(await page.get('publish', { key: "<key oid='cpuinfo'/>", content: '42 a+b', qos: '<qos/>' })).toMatchObject(empty);
      const update = await stream.next();
      expect(update).toMatchObject({ name: 'update', values: ["<key oid='cpuinfo'/>", '42 a+b', expect.any(String)] });
      expect(update?.values[2]).toMatch(
        /^<qos>\n <sender>\/node\/heron\/client\/karl\/-1<\/sender>[\s\S]*<isUpdate\/>\n<\/qos>$/,
      );
      for (const [action, parameters] of [
        ['browserReady', 'counter=123'],
        ['pong', 'state=refresh-1'],
      ] as const) {
        const { status, body, headers } = await page.get(action, parameters);
        expect([status, headers.get('content-type')]).toEqual([200, 'text/html;charset=utf-8']);
        expect(body).not.toBe('');
      }
      expect(await page.get('unSubscribe', { 'key.oid': 'cpuinfo' })).toMatchObject(empty);
      expect(await page.get('erase', { 'key.oid': 'cpuinfo' })).toMatchObject(empty);
      expect(await page.get('ping')).toMatchObject(empty);
      expect((await broker.get('/topics')).body).not.toContain('cpuinfo');
      expect(await page.get('subscribe', { key: 'bad' })).toMatchObject(empty);
      expect(await stream.next()).toEqual({
        name: 'error',
        values: [expect.stringMatching(/^XmlBlasterException errorCode=\[user\.illegalArgument\] message=\[.*line 1/)],
      });
      expect((await page.get('logout')).body).toContain('top.close()');
      expect(await stream.next()).toBeUndefined();
      expect((await readStatistics(broker)).sessions).toBe(0);
    },
  );

  test('gets parts of the form that the original gives them', async () => {
    const broker = await startBroker();
    const { stream } = await subscribed(broker);
    const part =
      "<script language='JavaScript' type='text/javascript'>\nif (parent.ping != null) parent.ping('loginSucceeded');\n\n</script><p />\n\n";
    expect(part.length).toBe(0x7f);
    expect(stream.text).toContain(part);
  });

  test('does the same by POST', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    const content = `${'long '.repeat(10_000)}ü`;
    expect((await page.post('publish', { key: "<key oid='a'/>", content })).status).toBe(200);
    expect(await nextUpdate(stream)).toEqual(["<key oid='a'/>", content]);
    await page.post('logout');
    expect(await stream.next()).toBeUndefined();
  });

  test('may connect with a QoS', async () => {
    const broker = await startBroker();
    const page = new PushPage(broker);
    await page.get('dummyToCreateASessionId').then(({ headers }) => {
      page.cookie = headers.get('set-cookie')?.split(';')[0];
    });
    const stream = await page.login({ ActionType: 'connect', 'xmlBlaster.connectQos': "<qos><session name='karl/3'/></qos>" });
    expect((await stream.next())?.values).toEqual(['refresh']);
    expect(stream.response.headers.get('set-cookie')).toBeNull();
    expect((await broker.get('/admin/client/karl/3/?id')).body).toContain('karl/3');
  });

  test('may write its parameters with the escape of JavaScript', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    await page.get('publish', 'key=%3Ckey%20oid%3D%27a%27/%3E&content=%E9%20%u20AC+%25');
    expect((await nextUpdate(stream))[1]).toBe('é € %');
  });
});

describe('a page is given the next part', () => {
  test('when it says that it is ready', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    await publish(broker, '1', '2', '3');
    expect((await nextUpdate(stream))[1]).toBe('1');
    await page.get('subscribe', { key: 'bad' });
    expect((await stream.next())?.name).toBe('error');
    await page.get('browserReady');
    expect([await nextUpdate(stream), await nextUpdate(stream)].map(([, content]) => content)).toEqual(['2', '3']);
    expect(stream.text.match(/<script/g)).toHaveLength(5);
  });

  test('with the next ping otherwise', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { stream } = await subscribed(broker);
    await publish(broker, '1', '2');
    expect((await nextUpdate(stream))[1]).toBe('1');
    clock.advance(10_100);
    expect(await stream.next()).toEqual({ name: 'ping', values: ['refresh-1'] });
    expect((await nextUpdate(stream))[1]).toBe('2');
  });
});

describe('a page that leaves three pings unanswered', () => {
  test.each(['pong', 'browserReady'])('is logged out, unless it sends %s', async (answer) => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const { page, stream } = await subscribed(broker);
    for (let n = 1; n <= 6; n++) {
      clock.advance(10_100);
      expect((await stream.next())?.values).toEqual([`refresh-${n}`]);
      if (n === 3) await page.get(answer);
    }
    clock.advance(10_100);
    expect(await stream.next()).toBeUndefined();
    expect((await readStatistics(broker)).sessions).toBe(0);
  });
});

describe('whatever is published', () => {
  test('can not get out of its place in the script', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    const every = new Uint8Array(256).map((_, i) => i);
    const texts = ["');alert(1)//", '</script><script>alert(1)</script>', '<!--', '\\', '\u2028\n\r', '%27);alert(1)', '&#39;'];
    for (const content of texts) {
      await publish(broker, content);
      expect((await nextUpdate(stream))[1]).toBe(content);
      await page.get('browserReady');
    }
    await publish(broker, every);
    await expect(stream.update(), 'no UTF-8').rejects.toThrow('URI malformed');
    expect(stream.text).toMatch(/^[\w\s<>!='/(.)*%+;,-]*$/);
    expect(stream.text.match(/<script/g)).toHaveLength(texts.length + 3);
  });

  test('can not be shown by other sites, and runs nothing that the broker has not written', async () => {
    const broker = await startBroker();
    const { stream } = await subscribed(broker);
    const { headers } = stream.response;
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'unsafe-inline';.* frame-ancestors 'self'$/,
    );
  });
});

describe('browsers', () => {
  test('that say Mozilla get each part as a page of its own', async () => {
    const broker = await startBroker();
    const stream = await new PushPage(broker).login({}, { 'User-Agent': FIREFOX });
    expect(stream.response.headers.get('content-type')).toBe('multipart/x-mixed-replace;boundary=End');
    expect((await stream.next())?.values).toEqual(['refresh']);
    expect((await stream.next())?.values).toEqual(['loginSucceeded']);
    expect(stream.text).toMatch(/^\r\n--End\r\nContent-Type: text\/html\r\n\r\n<[\s\S]*<\/html>\r\n\r\n--End\r\nContent-Type: /);
  });

  test.each([CHROME, 'Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)', 'Mozilla/4.0 (Linux; U) Opera 7.0'])(
    'that say Mozilla, too, but show no such pages, get one page: %s',
    async (userAgent) => {
      const broker = await startBroker();
      const stream = await new PushPage(broker).login({}, { 'User-Agent': userAgent });
      expect(stream.response.headers.get('content-type')).toBe('text/html;charset=utf-8');
    },
  );
});

describe('a login', () => {
  test('is that of a new browser, and ends the sessions of the one before', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    const { cookie } = page;
    await page.login({ 'xmlBlaster.loginName': 'joe/2' });
    expect(page.cookie).not.toBe(cookie);
    expect(await stream.next()).toBeUndefined();
    expect((await readStatistics(broker)).sessions).toBe(1);
  });

  test('of the same browser, if it says so', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    const { cookie } = page;
    const second = await page.login({ 'xmlBlaster.loginName': 'joe/2', 'xmlBlaster.invalidate': 'false' });
    expect(page.cookie).toBe(cookie);
    expect((await stream.next())?.name).toBe('error');
    expect(await stream.next()).toBeUndefined();
    expect((await second.next())?.values).toEqual(['refresh']);
  });

  test('to the same session keeps its subscriptions and what waits there', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    await publish(broker, '1', '2');
    expect((await nextUpdate(stream))[1]).toBe('1');
    const second = await page.login();
    expect((await nextUpdate(second))[1]).toBe('2');
    expect((await readStatistics(broker)).sessions).toBe(1);
  });

  test.each<[parameters: Record<string, string>, status: number, problem: string]>([
    [{ 'xmlBlaster.loginName': '' }, 400, 'needs the parameter xmlBlaster.loginName'],
    [{ 'xmlBlaster.passwd': '' }, 400, 'needs the parameter xmlBlaster.passwd'],
    [{ 'xmlBlaster.passwd': 'wrong' }, 403, 'accessDenied'],
    [{ ActionType: 'connect' }, 400, 'needs the parameter xmlBlaster.connectQos'],
    [{ ActionType: 'connect', 'xmlBlaster.connectQos': '<qos' }, 400, 'user.illegalArgument'],
  ])('with %o is refused by a page that says why', async (parameters, status, problem) => {
    const broker = await startBroker({ passwordFile: passwordFile(`joe:${SECRET}\n`).path });
    const page = new PushPage(broker);
    const stream = await page.login(parameters);
    expect(stream.response.status).toBe(status);
    expect(stream.response.headers.get('www-authenticate')).toBeNull();
    expect(page.cookie).toBeUndefined();
    expect(await stream.next()).toEqual({ name: 'error', values: [expect.stringContaining(problem)] });
    expect(await stream.next()).toBeUndefined();
    expect((await readStatistics(broker)).sessions).toBe(0);
  });
});

describe('by GET', () => {
  const foreign: readonly Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'none' },
    { Referer: 'http://evil.example/page.html' },
    { Referer: 'nonsense' },
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
  ];

  test.each(foreign)('pages that are not of the broker do nothing: %o', async (headers) => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    for (const action of ['publish', 'erase', 'browserReady', 'pong', 'logout'])
      expect((await page.get(action, { key: "<key oid='a'/>", content: 'x' }, headers)).status, action).toBe(403);
    const login = await new PushPage(broker).login({ 'xmlBlaster.loginName': 'eve' }, headers);
    expect([login.response.status, login.response.headers.get('set-cookie')]).toEqual([403, null]);
    await publish(broker, 'mine');
    expect((await nextUpdate(stream))[1]).toBe('mine');
    expect((await readStatistics(broker)).sessions).toBe(1);
  });

  test('pages of the broker publish', async () => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    const own: readonly Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'navigate' },
      { Referer: `${broker.url}/monitor/index.html` },
      { Origin: broker.url },
    ];
    for (const headers of own) {
      await page.get('publish', { key: "<key oid='a'/>", content: 'x' }, headers);
      expect((await nextUpdate(stream))[1]).toBe('x');
      await page.get('browserReady');
    }
  });

  test('HEAD is no GET', async () => {
    const broker = await startBroker();
    const { page } = await subscribed(broker);
    const path = "/BlasterHttpProxyServlet?ActionType=publish&key=%3Ckey%20oid='b'/%3E";
    const response = await broker.fetch(path, { method: 'HEAD', headers: { Cookie: page.cookie ?? '' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect((await broker.get('/topics/b')).status).toBe(404);
  });
});

describe('a request', () => {
  test.each<[action: string, parameters: Record<string, string>, problem: string]>([
    ['nonsense', {}, 'ActionType=nonsense is unknown'],
    ['', {}, 'ActionType= is unknown'],
    ['get', { 'key.oid': 'a' }, 'ActionType=get is unknown'],
    ['publish', { content: '1' }, 'publish needs the parameter key'],
    ['subscribe', {}, 'subscribe needs the parameter key'],
    ['publish', { key: "<key oid='__sys__a'/>" }, 'notAuthorized'],
    ['erase', { key: "<key queryType='XPATH'>//[</key>" }, 'user.query.invalid'],
  ])('that fails tells the page so: %s %o', async (action, parameters, problem) => {
    const broker = await startBroker();
    const { page, stream } = await subscribed(broker);
    expect(await page.get(action, parameters)).toMatchObject({ status: 200, body: '' });
    expect(await stream.next()).toEqual({ name: 'error', values: [expect.stringContaining(problem)] });
  });

  test.each(['publish', 'subscribe', 'pong', 'browserReady', 'logout', 'nonsense'])(
    '%s of a browser that is not connected is refused',
    async (action) => {
      const broker = await startBroker();
      await subscribed(broker);
      const stranger = new PushPage(broker);
      for (const cookie of [undefined, 'JSESSIONID=guess']) {
        stranger.cookie = cookie;
        const { status, body } = await stranger.get(action, { 'key.oid': 'b' });
        expect(status).toBe(action === 'nonsense' ? 400 : 403);
        expect(body).toContain('parent.error(');
      }
      expect((await readStatistics(broker)).topics).toBe(1);
    },
  );
});

test('a page that does not read its stream is not told of errors', async () => {
  const broker = await startBroker();
  const client = await RawClient.connect(broker.port);
  const login = '/BlasterHttpProxyServlet?ActionType=login&xmlBlaster.loginName=joe&xmlBlaster.passwd=x';
  client.write(`GET ${login} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const page = new PushPage(broker);
  page.cookie = /JSESSIONID=[\w-]+/.exec(await client.until(/loginSucceeded/))?.[0];
  client.socket.pause();
  await page.get('nonsense');
  await page.get('subscribe', { 'key.oid': 'a' });
  await publish(broker, 'x'.repeat(9_000_000));
  for (let i = 0; i < 10; i++) await page.get('nonsense');
  await page.get('logout');
  client.socket.resume();
  expect((await client.until(/\r\n0\r\n\r\n$/)).match(/parent\.error\(/g)).toHaveLength(1);
  client.destroy();
});

test("an applet and a page of one browser do not get in each other's way", async () => {
  const broker = await startBroker();
  const { page, stream } = await subscribed(broker);
  const headers = { ActionType: 'ping', BinaryProtocol: 'true', Cookie: page.cookie ?? '' };
  const { body } = await broker.post('', '/AppletServlet', headers);
  expect(Buffer.from(body, 'base64').toString()).toContain('user.notConnected');
  await publish(broker, '1');
  expect((await nextUpdate(stream))[1]).toBe('1');
  await untilStatistics(broker, ({ sessions }) => sessions === 1);
});
