import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { exceptionOf, parseXml, readMessages, textsOf } from '../helpers/answers.ts';
import { type Answer, startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { basic } from '../helpers/passwords.ts';
import { readStatistics } from '../helpers/statistics.ts';

const SUBSCRIBE = '<subscribe><key oid="a"/></subscribe>';

interface Connected {
  readonly id: string;
  readonly name: string;
  readonly answer: Answer;
}

async function connect(broker: TestBroker, qos = '', headers: Record<string, string> = {}): Promise<Connected> {
  const answer = await broker.post(`<connect>${qos}</connect>`, '/', headers);
  const session = parseXml(answer.body).getElementsByTagName('session').item(0);
  return { id: session?.getAttribute('sessionId') ?? '', name: session?.getAttribute('name') ?? '', answer };
}

/** The public name of the session in which a request with these credentials runs: the sender of what it publishes. */
async function senderOf(broker: TestBroker, query: string, headers: Record<string, string> = {}): Promise<string> {
  const script = '<xmlBlaster><publish><key oid="who"/></publish><get><key oid="who"/></get></xmlBlaster>';
  const { status, body } = await broker.post(script, `/${query}`, headers);
  if (status !== 200) return `${status} ${exceptionOf(body).code}`;
  return (parseXml(body).getElementsByTagName('sender').item(0)?.textContent ?? '').replace(/^.*client\//, '');
}

describe('connect', () => {
  test('returns a secret id, with which every request finds its session', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    const { id, name } = await connect(broker, "<qos><session name='joe'/></qos>");
    expect(name).toMatch(/^\/node\/heron\/client\/joe\/-\d+$/);
    expect((await broker.post(SUBSCRIBE, '/', { Authorization: `Bearer ${id}` })).status).toBe(200);
    await broker.put('/topics/a', '1');
    expect(textsOf((await broker.get(`/updates?timeout=0&sessionId=${encodeURIComponent(id)}`)).body)).toEqual(['1']);
    const cookie = { Cookie: `other=1; xmlBlasterSession=${id}; more=2` };
    expect(readMessages((await broker.get('/updates?timeout=0', cookie)).body)[0]?.redeliver).toBe(1);
    expect((await broker.post('<disconnect/>', '/', { Authorization: `Bearer ${id}` })).status).toBe(200);
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, subscriptions: 0 });
  });

  test('makes the session in which the rest of its script runs', async () => {
    const broker = await startBroker();
    const connectJoe = "<connect><qos><session name='joe/7'/></qos></connect>";
    const publish = '<publish><key oid="a"/><content>1</content></publish>';
    const { status, body } = await broker.post(`<xmlBlaster>${connectJoe}${SUBSCRIBE}${publish}</xmlBlaster>`);
    expect(status, body).toBe(200);
    const [message] = readMessages((await broker.get('/updates?session=joe/7&timeout=0')).body);
    expect(message?.text).toBe('1');
    expect(message?.qos.getElementsByTagName('sender').item(0)?.textContent).toMatch(/client\/joe\/7$/);
  });

  test('again with the same name reconnects: the queue is there, and so is the secret id', async () => {
    const broker = await startBroker();
    const first = await connect(broker, "<qos><session name='joe/1'/></qos>");
    expect(first.answer.body).not.toContain('<reconnected/>');
    await broker.post(SUBSCRIBE, '/?session=joe/1');
    await broker.put('/topics/a', '1');
    const second = await connect(broker, "<qos><session name='joe/1'/></qos>");
    expect([second.id, second.name]).toEqual([first.id, first.name]);
    expect(second.answer.body).toContain('<reconnected/>');
    expect(second.answer.body).toContain("<clientProperty name='__cbQueueNumOfEntries' type='long'>1</clientProperty>");
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['1']);
  });

  test("obeys the client's own queue bounds", async () => {
    const broker = await startBroker();
    await connect(broker, "<qos><session name='joe/1'/><queue relating='callback' maxEntries='1'/></qos>");
    await broker.post(SUBSCRIBE, '/?session=joe/1');
    for (const text of ['1', '2']) await broker.put('/topics/a', text);
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['1']);
  });

  test('with clearSessions ends the other sessions of its subject', async () => {
    const broker = await startBroker({ maxSessionsPerSubject: 2 });
    for (const name of ['joe/1', 'joe/2', 'sue/1']) await connect(broker, `<qos><session name='${name}'/></qos>`);
    await connect(broker, "<qos><session name='joe/3' clearSessions='true'/></qos>");
    expect((await readStatistics(broker)).sessions).toBe(2);
  });

  test('sets the cookie for browser pages only, out of reach of scripts and other sites', async () => {
    const broker = await startBroker();
    expect((await connect(broker)).answer.headers.get('set-cookie')).toBeNull();
    for (const headers of [{ Origin: broker.url }, { 'Sec-Fetch-Site': 'same-origin' }]) {
      const { id, answer } = await connect(broker, '', headers);
      const [pair, ...flags] = (answer.headers.get('set-cookie') ?? '').split('; ');
      expect(pair).toBe(`xmlBlasterSession=${id}`);
      expect(flags.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict']);
    }
  });
});

test('secret ids do not stand in the log', async () => {
  const lines: string[] = [];
  const broker = await startBroker({}, { logger: createLogger('trace', { write: (line) => void lines.push(line) }) });
  const { id } = await connect(broker);
  await broker.get(`/updates?timeout=0&sessionId=${id}`);
  await broker.get(`/nowhere?sessionId=${id}`);
  await broker.post('<bad/>', `/?sessionId=${id}x`);
  await broker.get('/updates?timeout=x', { Authorization: `Bearer ${id}`, Cookie: `xmlBlasterSession=${id}` });
  expect(lines.join('')).not.toContain(id.slice('sessionId:'.length));
});

describe('who asks', () => {
  test('is the user of Basic, in a transient session', async () => {
    const broker = await startBroker();
    expect(await senderOf(broker, '', basic('sue'))).toBe('sue');
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('is decided by Bearer, sessionId, Basic, cookie, in this order', async () => {
    const broker = await startBroker();
    const { id: joe } = await connect(broker, "<qos><session name='joe/1'/></qos>");
    const { id: sue } = await connect(broker, "<qos><session name='sue/1'/></qos>");
    const cookie = { Cookie: `xmlBlasterSession=${sue}` };
    expect(await senderOf(broker, '', { ...cookie, Authorization: `Bearer ${joe}` })).toBe('joe/1');
    expect(await senderOf(broker, `?sessionId=${joe}`, cookie)).toBe('joe/1');
    expect(await senderOf(broker, '', { ...cookie, ...basic('joe') })).toBe('joe');
    expect(await senderOf(broker, '?session=joe/2', cookie)).toBe('joe/2');
    expect(await senderOf(broker, '', cookie)).toBe('sue/1');
    expect(await senderOf(broker, `?sessionId=${joe}`, basic('joe')), 'agreeing ones').toBe('joe/1');
    expect(await senderOf(broker, `?sessionId=${joe}&session=joe/1`, { Authorization: `bearer ${joe}` })).toBe('joe/1');
  });

  test('must not be contradictory', async () => {
    const broker = await startBroker();
    const { id: joe } = await connect(broker, "<qos><session name='joe/1'/></qos>");
    const { id: sue } = await connect(broker, "<qos><session name='sue/1'/></qos>");
    const illegal = '400 user.illegalArgument';
    expect(await senderOf(broker, `?sessionId=${sue}`, { Authorization: `Bearer ${joe}` })).toBe(illegal);
    expect(await senderOf(broker, `?sessionId=${joe}&session=joe/2`)).toBe(illegal);
    expect(await senderOf(broker, `?sessionId=${joe}`, basic('sue'))).toBe(illegal);
    expect(await senderOf(broker, '?session=joe/1', basic('sue'))).toBe(illegal);
  });

  test.each([
    'Digest x',
    'Basic',
    'Basic !!!',
    `Basic ${btoa(':x')}`,
    `Basic ${btoa('no colon')}`,
    `Basic ${btoa('a\0b:x')}`,
    'Bearer',
    '',
  ])('must be readable, not "Authorization: %s"', async (authorization) => {
    const broker = await startBroker();
    expect(await senderOf(broker, '', { Authorization: authorization })).toBe('400 user.illegalArgument');
  });
});

describe('a secret id that is unknown or expired', () => {
  const routes: readonly (readonly [string, string])[] = [
    ['POST', '/'],
    ['POST', '/ack?ack=1'],
    ['GET', '/updates?oid=a&timeout=0'],
    ['GET', '/topics/a'],
    ['GET', '/topics'],
    ['PUT', '/topics/a'],
    ['DELETE', '/topics/a'],
  ];

  test.each(routes)('is 401 for %s %s, says how to do better and clears the cookie', async (method, path) => {
    const broker = await startBroker();
    await broker.put('/topics/a', '1');
    const body = path === '/' ? '<ping/>' : null;
    const answer = await broker.fetch(path, { method, body, headers: { Cookie: 'xmlBlasterSession=sessionId:gone' } });
    expect([answer.status, exceptionOf(await answer.text()).code]).toEqual([401, 'user.security.authentication.accessDenied']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(answer.headers.get('set-cookie')).toMatch(/^xmlBlasterSession=; .*Max-Age=0/);
  });

  test('is one whose session has timed out', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ sessionTimeout: 1_000 }, { clock });
    const { id } = await connect(broker);
    clock.advance(900);
    expect((await broker.post('<ping/>', '/', { Authorization: `Bearer ${id}` })).status).toBe(200);
    clock.advance(900);
    expect((await broker.post('<ping/>', '/', { Authorization: `Bearer ${id}` })).status).toBe(200);
    clock.advance(1_100);
    expect((await broker.post('<ping/>', '/', { Authorization: `Bearer ${id}` })).status).toBe(401);
  });

  test('after disconnect in the same script is nobody’s: what follows does not run', async () => {
    const broker = await startBroker();
    const { status, body } = await broker.post(`<xmlBlaster><connect/><disconnect/>${SUBSCRIBE}</xmlBlaster>`);
    expect([status, exceptionOf(body).code]).toEqual([401, 'user.notConnected']);
    expect(await readStatistics(broker)).toMatchObject({ sessions: 0, subscriptions: 0, topics: 0 });
  });
});
