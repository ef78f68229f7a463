import { describe, expect, test } from 'vitest';
import { AjaxPage, subscribedPage, waitingPoll } from '../helpers/ajax.ts';
import { readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { RawClient } from '../helpers/raw.ts';
import { readStatistics, untilStatistics } from '../helpers/statistics.ts';

const VOID = '<void/>';
const CONNECT = "<xmlBlaster><connect><qos><session name='joe/1'/></qos></connect></xmlBlaster>";

async function publish(broker: TestBroker, ...contents: string[]): Promise<void> {
  for (const content of contents) await broker.put('/topics/a', content);
}

describe('an error', () => {
  test.each([
    [{}, 'user.illegalArgument', /ActionType is missing/],
    [{ ActionType: 'nothing' }, 'user.illegalArgument', /ActionType=nothing is unknown/],
    [{ ActionType: 'xmlScript' }, 'user.illegalArgument', /one of xmlScriptPlain and xmlScriptBase64/],
    [{ ActionType: 'xmlScript', xmlScriptPlain: '<a/>', xmlScriptBase64: 'YQ==' }, 'user.illegalArgument', /one of/],
    [{ ActionType: 'xmlScript', xmlScriptBase64: '<<<' }, 'user.illegalArgument', /does not hold base64/],
    [{ ActionType: 'xmlScript', xmlScriptBase64: '/w==' }, 'user.illegalArgument', /UTF-8/i],
    [{ ActionType: 'xmlScript', xmlScriptPlain: '<xmlBlaster><publish></xmlBlaster>' }, 'user.illegalArgument', /expected/],
    [{ ActionType: 'xmlScript', xmlScriptPlain: '<!DOCTYPE a><xmlBlaster/>' }, 'user.illegalArgument', /DTD|DOCTYPE/],
    [{ ActionType: 'xmlScript', xmlScriptPlain: "<subscribe><key oid=''/></subscribe>" }, 'user.illegalArgument', /empty/],
    [{ ActionType: 'plainGet' }, 'user.illegalArgument', /oid is empty/],
    [{ ActionType: 'plainGet', topic: '__cmd:?unknown' }, 'user.illegalArgument', /unknown/],
    [{ ActionType: 'request', qos: '<qos' }, 'user.illegalArgument', /XML/],
    [{ ActionType: 'request', topicId: '__sys__a' }, 'user.publish.readonly|user.security|user.illegalArgument', /__sys__/],
  ])('by %o is an answer with status 200, and the page has to connect again', async (parameters, code, message) => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const { status, body, headers } = await page.answer(parameters as Record<string, string>);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/xml;charset=utf-8']);
    expect(body).toMatch(new RegExp(`^<xmlBlasterResponse>\\s*<exception errorCode='(${code})[^']*'>`));
    expect(body).toMatch(message);
    expect(await page.poll()).toContain("errorCode='user.notConnected'");
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('in a script gives its exception alone, and gives back what was consumed', async () => {
    const broker = await startBroker();
    await publish(broker, 'job');
    const page = await subscribedPage(broker);
    const consume =
      "<get><key oid='__cmd:topic/a/?historyQueueEntries'/><qos><querySpec type='QueueQuery'>consumable=true</querySpec></qos></get>";
    const answer = await page.script(`<ping/>${consume}<unSubscribe><key queryType='XPATH'>//[</key></unSubscribe>`);
    expect(answer).toMatch(
      /^<xmlBlasterResponse>\s*<exception errorCode='user\.query\.invalid'>.*<\/exception>\s*<\/xmlBlasterResponse>\s*$/,
    );
    expect((await broker.get('/topics/a')).body).toBe('job');
  });

  test('of the first call: it has no connect', async () => {
    const broker = await startBroker();
    const page = new AjaxPage(broker);
    expect(await page.script("<subscribe><key oid='a'/></subscribe>")).toContain('must contain a connect');
    for (const ActionType of ['updatePoll', 'updatePollBlocking', 'plainGet', 'request'])
      expect(await page.send({ ActionType, topic: 'a' }), ActionType).toContain("errorCode='user.notConnected'");
    expect(await page.script(`<publish><key oid='a'/></publish><connect><qos/></connect>`)).toContain('user.notConnected');
    expect(page.cookie).toBeUndefined();
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, topics: 0 });
  });

  test('behind the first connect ends its session, and there is no cookie', async () => {
    const broker = await startBroker();
    const page = new AjaxPage(broker);
    expect(await page.script("<connect><qos><session name='joe/1'/></qos></connect><erase/>")).toContain('<exception');
    expect(page.cookie).toBeUndefined();
    expect((await readStatistics(broker)).sessions).toBe(0);
  });
});

describe('pages of others', () => {
  const get = (parameters: Record<string, string>) => `/ajax?${new URLSearchParams(parameters)}`;
  const script = get({ ActionType: 'xmlScript', xmlScriptPlain: CONNECT });

  test.each([
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ])('send nothing (%o)', async (headers) => {
    const broker = await startBroker();
    const form = new URLSearchParams({ ActionType: 'xmlScript', xmlScriptPlain: CONNECT }).toString();
    expect((await broker.post(form, '/ajax', headers as Record<string, string>)).status).toBe(403);
    expect((await broker.get(script, headers as Record<string, string>)).status).toBe(403);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test.each([
    [{}, 403],
    [{ 'Sec-Fetch-Site': 'none' }, 403],
    [{ Referer: 'http://evil.example/' }, 403],
    [{ Referer: 'nonsense' }, 403],
    [{ Referer: 'http://evil.example/', 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ Referer: 'own' }, 200],
    [{ Origin: 'own' }, 200],
  ])('send no GET that changes something (%o)', async (headers, status) => {
    const broker = await startBroker();
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('own', broker.url)]));
    expect((await broker.get(script, sent)).status).toBe(status);
    expect((await readStatistics(broker)).sessions).toBe(status === 200 ? 1 : 0);
    const page = await subscribedPage(broker);
    for (const ActionType of ['updatePoll', 'request'])
      expect((await broker.get(get({ ActionType, timeout: '0' }), { ...sent, ...page.headers })).status).toBe(status);
    expect((await broker.get(get({ ActionType: 'plainGet', topic: 'a' }), page.headers)).body).toBe(VOID);
  });

  test('of an allowed origin bring their cookie', async () => {
    const origin = 'http://localhost:8000';
    const broker = await startBroker({ corsOrigin: [origin] });
    const page = new AjaxPage(broker);
    const { headers } = await page.answer({ ActionType: 'xmlScript', xmlScriptPlain: CONNECT }, { Origin: origin });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect((await page.answer({ ActionType: 'updatePoll' })).headers.has('access-control-allow-credentials')).toBe(false);
  });

  test('do nothing by HEAD', async () => {
    const broker = await startBroker();
    expect((await broker.fetch(script, { method: 'HEAD', headers: { 'Sec-Fetch-Site': 'same-origin' } })).status).toBe(405);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });
});

describe('bounds', () => {
  test('10,000 calls without a cookie leave nothing', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    const form = 'ActionType=updatePoll';
    const head = `POST /ajax HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${form.length}\r\n`;
    client.write(`${head}\r\n${form}`.repeat(9_999));
    client.write(`${head}Connection: close\r\n\r\n${form}`);
    const answers = await client.closed();
    expect(answers.match(/user\.notConnected/g)).toHaveLength(10_000);
    expect(answers).not.toMatch(/set-cookie/i);
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('a cookie that nobody got is none', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const id = page.cookie?.split('=')[1] ?? '';
    for (const guess of ['', '1', 'a'.repeat(32), id.slice(1), `${id.slice(0, -1)}_`, encodeURIComponent(`${id} `)]) {
      const stranger = new AjaxPage(broker);
      stranger.cookie = `JSESSIONID=${guess}`;
      if (guess !== id) expect(await stranger.poll(), guess).toContain("errorCode='user.notConnected'");
    }
    expect(await page.poll()).toBe(VOID);
  });

  test('a page that never polls again: its queue is bounded, its session times out', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const page = new AjaxPage(broker);
    await page.script(
      "<connect><qos><session name='joe/1' timeout='0'/><queue relating='callback' maxEntries='3'/></qos></connect><subscribe><key oid='a'/></subscribe>",
    );
    await broker.post("<subscribe><key oid='__sys__deadMessage'/></subscribe>", '/?session=undertaker/1');
    const dead = async (): Promise<string[]> => {
      const { body } = await broker.get('/updates?session=undertaker/1&timeout=0');
      const ack = /ack='([^']*)'/.exec(body)?.[1];
      await broker.post('', `/ack?session=undertaker/1&ack=${ack}`);
      return body === '' ? [] : readMessages(body).map(({ text }) => text);
    };
    await publish(broker, '1', '2', '3', '4', '5');
    expect(await dead()).toEqual(['4', '5']);
    clock.advance(29 * 60_000);
    expect((await readStatistics(broker)).sessions).toBe(2);
    clock.advance(2 * 60_000);
    expect((await readStatistics(broker)).sessions).toBe(1);
    expect(await dead()).toEqual(['1', '2', '3']);
    expect(await page.poll()).toContain("errorCode='user.notConnected'");
  });

  test('a poll that waits is a sign of life', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ sessionTimeout: 60_000 }, { clock });
    const page = await subscribedPage(broker);
    const client = await waitingPoll(broker, page);
    clock.advance(110_000);
    await publish(broker, 'still there');
    await client.until(/still there/);
    client.destroy();
  });

  test('a form beyond the bound is not read', async () => {
    const broker = await startBroker({ maxBodyBytes: 100_000 });
    const page = await subscribedPage(broker);
    const answer = await page.answer({ ActionType: 'xmlScript', xmlScriptPlain: 'x'.repeat(100_000) });
    expect([answer.status, answer.body]).toEqual([413, expect.stringContaining("errorCode='user.maxSizeExceed'")]);
    expect(await page.poll()).toBe(VOID);
  });

  test('a form of many parameters is refused', async () => {
    const broker = await startBroker();
    const answer = await broker.post(`ActionType=updatePoll${'&a'.repeat(8_000_000)}`, '/ajax');
    expect(answer.body).toContain('more than 100 parameters');
  });

  test('of eleven polls of one browser ten wait', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const clients: RawClient[] = [];
    for (let i = 0; i < 11; i++) clients.push(await waitingPoll(broker, page));
    await clients[0]?.until(/<void\/>$/);
    for (let i = 1; i <= 10; i++) {
      await publish(broker, `content ${i}`);
      await clients[i]?.until(new RegExp(`content ${i}<`));
    }
    for (const client of clients) client.destroy();
  });
});

describe('a poll whose client goes away', () => {
  test('while it waits loses nothing', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    (await waitingPoll(broker, page)).destroy();
    await publish(broker, 'first');
    expect(await page.blockingPoll()).toContain('>first<');
  });

  test('without reading its answer loses nothing', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const client = await waitingPoll(broker, page);
    client.socket.pause();
    await publish(broker, 'x'.repeat(9_000_000));
    client.destroy();
    const answer = await page.blockingPoll();
    expect(answer).toContain('<redeliver>1</redeliver>');
    expect(answer).toContain(`>${'x'.repeat(9_000_000)}<`);
  });

  test('and reads nothing is cut off after writeTimeout', async () => {
    const broker = await startBroker({ writeTimeout: 300 });
    const page = await subscribedPage(broker);
    const client = await waitingPoll(broker, page);
    client.socket.pause();
    await publish(broker, 'x'.repeat(9_000_000));
    expect(await page.blockingPoll()).toContain('<redeliver>1</redeliver>');
    client.destroy();
  });
});

describe('one session', () => {
  test('whose page got updates and is loaded anew before it polls again gives them again', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    await publish(broker, '1');
    expect(await page.poll()).toContain('>1<');
    await publish(broker, '2');
    expect(await page.poll()).not.toContain('>1<');
    await page.script("<connect><qos><session name='joe/1'/></qos></connect>");
    expect(await page.poll()).toMatch(/<redeliver>1<\/redeliver>[\s\S]*>2</);
    expect(await page.poll()).toBe(VOID);
  });

  test('of two browsers: the last that connected gets the updates, and an error of one leaves it to the other', async () => {
    const broker = await startBroker();
    const [first, second] = [await subscribedPage(broker), new AjaxPage(broker)];
    await second.script("<connect><qos><session name='joe/1'/></qos></connect>");
    expect(second.cookie).not.toBe(first.cookie);
    await publish(broker, '1');
    expect(await first.poll()).toBe(VOID);
    expect(await second.poll()).toContain('>1<');
    await second.send({ ActionType: 'nothing' });
    await publish(broker, '2');
    expect(await first.poll()).toContain('>2<');
    await first.send({ ActionType: 'nothing' });
    await untilStatistics(broker, ({ sessions }) => sessions === 0);
  });

  test('also polled at /updates: whoever came last gets the updates', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const waiting = await waitingPoll(broker, page);
    const updates = broker.get('/updates?session=joe/1&timeout=20');
    expect(await waiting.until(/<void\/>$/)).toContain('200 OK');
    await publish(broker, '1');
    const { body } = await updates;
    expect(readMessages(body).map(({ text }) => text)).toEqual(['1']);
    const ack = /ack='([^']*)'/.exec(body)?.[1];
    await broker.post('', `/ack?session=joe/1&ack=${ack}`);
    await publish(broker, '2');
    expect(await page.poll()).toContain('>2<');
    waiting.destroy();
  });

  test('that ended otherwise is known to its page no more', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const client = await waitingPoll(broker, page);
    await broker.post('<disconnect/>', '/?session=joe/1');
    await client.until(/<void\/>$/);
    client.destroy();
    expect(await page.poll()).toContain("errorCode='user.notConnected'");
  });
});
