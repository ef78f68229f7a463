import type { IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../../../src/base/logger.ts';
import { Broker } from '../../../../src/broker/broker.ts';
import type { Session } from '../../../../src/broker/session.ts';
import { decodeStoredKey } from '../../../../src/codec/key-xml.ts';
import { createConfig } from '../../../../src/config/config.ts';
import { DEFAULT_CONNECT_QOS } from '../../../../src/model/connect.ts';
import { createFilters } from '../../../../src/query/filter/filters.ts';
import { AllowAll } from '../../../../src/security/allow-all.ts';
import { MemoryStore } from '../../../../src/store/memory-store.ts';
import { type BrowserSession, BrowserSessions, setCookie } from '../../../../src/transport/http/servlets/browser-sessions.ts';
import { ManualClock } from '../../../helpers/clock.ts';

const TIMEOUT_MS = 60_000;
const NO_XML = { name: 'none', attributes: [], children: [] };

test('a browser is known by its cookie, and only by its own', async () => {
  const { browsers, connect } = start();
  const browser = browsers.open();
  browsers.hold(browser, await connect('joe/1'));
  expect(setCookie(browser)).toMatch(/^JSESSIONID=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(browsers.find(requestOf(browser))).toBe(browser);
  expect(browsers.find(withCookie(`a=b; JSESSIONID=of-another-program; JSESSIONID=${browser.id};c=d`))).toBe(browser);
  for (const guess of ['JSESSIONID=', 'JSESSIONID=1', `XJSESSIONID=${browser.id}`, `JSESSIONID=${browser.id}x`, ''])
    expect(browsers.find(withCookie(guess))).toBeUndefined();
  expect(browsers.find({ headers: {} } as IncomingMessage)).toBeUndefined();
});

test('a browser is forgotten with its session, however that ends', async () => {
  const { browsers, broker, connect } = start();
  const browser = browsers.open();
  const session = await connect('joe/1');
  browsers.hold(browser, session);
  broker.sessions.end(session);
  expect(browser.sessions.size).toBe(0);
  expect(browsers.find(requestOf(browser))).toBeUndefined();
  expect(browsers.size).toBe(0);
});

test('a browser that was forgotten holds another session; one that has ended is none', async () => {
  const { browsers, broker, connect } = start();
  const browser = browsers.open();
  const ended = await connect('joe/1');
  browsers.hold(browser, ended);
  broker.sessions.end(ended);
  browsers.hold(browser, await connect('joe/2'));
  expect(browsers.find(requestOf(browser))).toBe(browser);
  expect(() => browsers.hold(browser, ended)).toThrow('has ended');
  expect(browser.sessions.size).toBe(1);
});

test('what ends a browser ends its sessions, but not those that another browser holds', async () => {
  const { browsers, connect } = start();
  const [first, second] = [browsers.open(), browsers.open()];
  const [shared, own] = [await connect('joe/1'), await connect('joe/2')];
  browsers.hold(first, own);
  for (const browser of [first, second]) browsers.hold(browser, shared);
  browsers.end(first);
  expect(own.isClosed).toBe(true);
  expect(shared.isClosed).toBe(false);
  expect(browsers.find(requestOf(first))).toBeUndefined();
  browsers.end(second);
  expect(shared.isClosed).toBe(true);
  expect(browsers.size).toBe(0);
});

test('a browser that is silent for too long loses its session; each request is a sign of life', async () => {
  const { browsers, broker, clock, connect } = start();
  const browser = browsers.open();
  const session = await connect('joe/1', 0);
  browsers.hold(browser, session);
  clock.advance(TIMEOUT_MS - 100);
  expect(browsers.find(requestOf(browser))).toBe(browser);
  clock.advance(TIMEOUT_MS - 100);
  expect(session.isClosed).toBe(false);
  clock.advance(200);
  expect(session.isClosed).toBe(true);
  expect(browsers.find(requestOf(browser))).toBeUndefined();
  expect(broker.sessions.size).toBe(0);
});

test('a connect may ask for a shorter time-out, not for a longer one', () => {
  const { browsers } = start();
  const limited = (timeoutMs: number | undefined) => browsers.limit({ ...DEFAULT_CONNECT_QOS, timeoutMs }).timeoutMs;
  expect([limited(undefined), limited(0), limited(5), limited(TIMEOUT_MS + 1)]).toEqual([TIMEOUT_MS, TIMEOUT_MS, 5, TIMEOUT_MS]);
});

test('10,000 browsers that connect to nothing leave 1,000 at most, and those that hold a session stay', async () => {
  const { browsers, connect } = start();
  const browser = browsers.open();
  browsers.hold(browser, await connect('joe/1'));
  for (let i = 0; i < 10_000; i++) browsers.open();
  expect(browsers.size).toBeLessThanOrEqual(1_001);
  expect(browsers.find(requestOf(browser))).toBe(browser);
});

test('there is room for so many browsers that hold sessions', async () => {
  const { browsers, connect } = start(2);
  const sessions = [await connect('joe/1'), await connect('joe/2'), await connect('joe/3')];
  const late = browsers.open();
  for (const session of sessions.slice(0, 2)) browsers.hold(browsers.open(), session);
  expect(() => browsers.open()).toThrow('2 browsers are connected');
  expect(() => browsers.hold(late, sessions[2] as Session)).toThrow('2 browsers are connected');
  expect(late.sessions.size).toBe(0);
});

test('of many browsers that hold one session the last ones do', async () => {
  const { browsers, connect } = start();
  const session = await connect('joe/1');
  const all: BrowserSession[] = [];
  for (let i = 0; i < 12; i++) {
    all.push(browsers.open());
    browsers.hold(all[i] as BrowserSession, session);
  }
  expect(all.map(({ sessions }) => sessions.size)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  expect(session.isClosed).toBe(false);
});

/** Browsers of a broker of their own, whose clock stands still. */
function start(maxBrowsers = 100) {
  const clock = new ManualClock();
  const config = createConfig({});
  const limits = { ...config, sessionTimeoutMs: config.sessionTimeout, destroyDelayMs: -1, lifeTimeMs: -1 };
  const broker = new Broker({
    options: { nodeId: 'heron', limits },
    store: new MemoryStore(),
    authenticator: new AllowAll(),
    encodeQos: () => '<qos/>',
    decodeKey: decodeStoredKey,
    clock,
    logger: createLogger('silent'),
    filters: createFilters(
      { accessFilters: [], publishFilters: [] },
      [],
      { content: () => NO_XML, qos: () => NO_XML },
      { maxBytes: 0 },
    ),
  });
  onTestFinished(() => broker.close());
  const browsers = new BrowserSessions(broker, { maxBrowsers, timeoutMs: TIMEOUT_MS });
  const connect = async (user: string, timeoutMs?: number): Promise<Session> => {
    const qos = browsers.limit({ ...DEFAULT_CONNECT_QOS, user, timeoutMs });
    return (await broker.connect(qos, { principal: undefined, address: '127.0.0.1', canPoll: true })).session;
  };
  return { browsers, broker, clock, connect };
}

function requestOf({ id }: BrowserSession): IncomingMessage {
  return withCookie(`JSESSIONID=${id}`);
}

function withCookie(cookie: string): IncomingMessage {
  return { headers: { cookie } } as IncomingMessage;
}
