import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { exceptionOf, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { readStatistics, untilSubscribed } from '../helpers/statistics.ts';

const BOMB = '//*[count(//*[count(//*)>0])>0]';

/** The longest time that anybody may have to wait; generous, for machines that do other things, too. */
const MAX_DELAY_MS = 150;

/**
 * Expects `work` to leave the event loop free. What blocks it does so each time, what else the machine does does not: the best of
 * three attempts counts.
 */
async function expectResponsive(what: string, work: (attempt: number) => Promise<void>): Promise<void> {
  let longest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && longest > MAX_DELAY_MS / 2; attempt++) {
    const histogram = monitorEventLoopDelay({ resolution: 5 });
    histogram.enable();
    while (histogram.count === 0) await setImmediate(); // it measures from its first tick on
    await work(attempt);
    for (const { count } = histogram; histogram.count === count; ) await setImmediate();
    histogram.disable();
    longest = Math.min(longest, histogram.max / 1e6);
    console.log(`event loop delay while ${what}: longest ${(histogram.max / 1e6).toFixed(1)} ms`);
  }
  expect(longest, 'ms').toBeLessThan(MAX_DELAY_MS);
}

/** Another client that publishes and polls as always. */
async function useNormally(broker: TestBroker, rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    expect((await broker.put('/topics/normal', String(i))).status).toBeLessThan(300);
    const { body } = await broker.get('/updates?session=normal/1&oid=normal&timeout=0&ack=');
    expect(textsOf(body).at(-1)).toBe(String(i));
  }
}

describe('an XPath that is not one', () => {
  test.each([
    ['//a[', 'column 5', 'unexpected end'],
    ['//a]', 'column 4', "']'"],
    ['foo(1)', 'column 1', 'foo()'],
    ['//a[@b and evil()]', 'column 12', 'evil()'],
    ["concat('a')", 'column 1', 'concat() takes 2'],
    ['count()', 'column 1', 'count() takes 1'],
    ['//a[@b=$x]', 'column 8', 'variables'],
    ["//a[@b='c]", 'column 8', 'never closed'],
    ['__proto__()', 'column 1', '__proto__()'],
    ['//a/__proto__::b', 'column 5', "'__proto__'"],
    [`${'('.repeat(101)}1${')'.repeat(101)}`, 'nested', '100 levels'],
  ])('%s is refused when it is subscribed, naming %s and %s', async (xpath, position, token) => {
    const broker = await startBroker();
    const script = `<subscribe><key queryType='XPATH'><![CDATA[${xpath}]]></key></subscribe>`;
    for (const { status, body } of [
      await broker.get(`/updates?session=joe/1&timeout=0&xpath=${encodeURIComponent(xpath)}`),
      await broker.get(`/topics?xpath=${encodeURIComponent(xpath)}`),
      await broker.post(script, '/?session=joe/1'),
      await broker.post(script.replaceAll('subscribe', 'get')),
    ]) {
      expect([status, exceptionOf(body).code]).toEqual([422, 'user.query.invalid']);
      expect(exceptionOf(body).message).toContain(position);
      expect(exceptionOf(body).message).toContain(token);
    }
    expect((await readStatistics(broker)).subscriptions).toBe(0);
  });

  test('is refused when it is longer than 4 kB, even 1 MB', async () => {
    const broker = await startBroker();
    for (const [bytes, status, code] of [
      [4_097, 413, 'user.maxSizeExceed'],
      [1_000_000, 413, 'user.maxSizeExceed'],
    ] as const) {
      const xpath = `//a[@b='${'x'.repeat(bytes - 10)}']`;
      const answer = await broker.post(`<subscribe><key queryType='XPATH'>${xpath}</key></subscribe>`, '/?session=joe/1');
      expect([answer.status, exceptionOf(answer.body).code]).toEqual([status, code]);
    }
    const longest = `//a[@b='${'x'.repeat(4_096 - 10)}']`;
    expect((await broker.post(`<subscribe><key queryType='XPATH'>${longest}</key></subscribe>`, '/?session=joe/1')).status).toBe(
      200,
    );
  });
});

describe('an XPath that is too expensive', () => {
  test('on a topic that is there is refused, and nothing is left of it', async () => {
    const broker = await startBroker();
    await broker.put('/topics/big', '', { 'X-Key': '<a/>'.repeat(2_000) });
    await expectResponsive('a bomb meets a big key', async () => {
      const { status, body } = await broker.get(`/updates?session=joe/1&timeout=0&xpath=${encodeURIComponent(BOMB)}`);
      expect([status, exceptionOf(body).code]).toEqual([422, 'user.query.invalid']);
      expect(exceptionOf(body).message).toContain('"big"');
    });
    expect((await readStatistics(broker)).subscriptions).toBe(0);
  });

  test('on a new topic is an error to the subscriber, not to the publisher nor to others', async () => {
    const broker = await startBroker();
    const victim = broker.get(`/updates?session=evil/1&xpath=${encodeURIComponent(BOMB)}`);
    const other = broker.get('/updates?session=good/1&xpath=//a');
    await untilSubscribed(broker, 2);
    const { status } = await broker.put('/topics/big', 'x', { 'X-Key': '<a/>'.repeat(2_000) });
    expect(status).toBe(201);
    expect(textsOf((await other).body)).toEqual(['x']);
    const error = await victim;
    expect([error.status, exceptionOf(error.body).code]).toEqual([422, 'user.query.invalid']);
    await broker.put('/topics/small', 'y', { 'X-Key': '<a/>' });
    expect(textsOf((await broker.get('/updates?session=evil/1&timeout=0')).body), 'what it can afford').toEqual(['y']);
  });

  test('is told to a subscriber that is away with its next poll', async () => {
    const broker = await startBroker();
    await broker.get(`/updates?session=evil/1&timeout=0&xpath=${encodeURIComponent(BOMB)}`);
    await broker.put('/topics/big', 'x', { 'X-Key': '<a/>'.repeat(2_000) });
    expect((await broker.get('/updates?session=evil/1&timeout=0')).status).toBe(422);
    expect((await broker.get('/updates?session=evil/1&timeout=0')).status).toBe(204);
  });

  test('does not stop others, however many such there are', async () => {
    const broker = await startBroker();
    const bombs = Array.from({ length: 600 }, (_, i) => {
      return `<subscribe><key queryType='XPATH'>//a[count(preceding-sibling::a[. != '${i}']) &gt; 9999]</key></subscribe>`;
    });
    await broker.post(`<xmlBlaster>${bombs.join('')}</xmlBlaster>`, '/?session=evil/1');
    expect((await readStatistics(broker)).subscriptions).toBe(600);
    await expectResponsive('600 bombs meet a new big key', async (attempt) => {
      const published = broker.put(`/topics/big${attempt}`, 'x', { 'X-Key': '<a/>'.repeat(2_000) });
      await useNormally(broker, 20);
      expect((await published).status).toBe(201);
    });
  });
});

describe('100,000 topics', () => {
  test('are looked through for an XPath while others publish and poll', { timeout: 60_000 }, async () => {
    const broker = await startBroker();
    for (let i = 0; i < 100; i++) {
      const publishes = Array.from({ length: 1_000 }, (_, j) => `<publish><key oid="${i}-${j}"><t n="${j}"/></key></publish>`);
      expect((await broker.post(`<xmlBlaster>${publishes.join('')}</xmlBlaster>`)).status).toBe(200);
    }
    await expectResponsive('100,000 topics are looked through', async (attempt) => {
      const xpath = encodeURIComponent('//t[@n = 7 and count(ancestor::*) = 2]');
      let isFound = false;
      const found = broker.get(`/updates?session=joe/${attempt + 1}&timeout=0&max=1000&xpath=${xpath}`).then((answer) => {
        isFound = true;
        return answer;
      });
      let rounds = 0;
      for (; !isFound; rounds++) await useNormally(broker, 1);
      expect(rounds, 'normal use went on meanwhile').toBeGreaterThan(1);
      expect(textsOf((await found).body)).toHaveLength(100);
    });
  });
});
