import { describe, expect, test } from 'vitest';
import { readXml } from '../../src/codec/xml.ts';
import { elementsOf } from '../../src/model/xml-element.ts';
import { AjaxPage, subscribedPage, waitingPoll } from '../helpers/ajax.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { readStatistics } from '../helpers/statistics.ts';

const VOID = '<void/>';

async function publish(broker: TestBroker, ...contents: (string | Uint8Array)[]): Promise<void> {
  for (const content of contents) await broker.put('/topics/a', content);
}

/** What `<update>` elements of an answer hold; the answer must be a document. */
function updatesOf(answer: string): readonly (readonly unknown[])[] {
  return elementsOf(readXml(answer).root).map(({ children }) => children);
}

/** Base64 contents of an answer, decoded, and the other contents. */
function contentsOf(answer: string): string[] {
  return [...answer.matchAll(/<content[^>]*?(encoding='base64')?>([^<]*)<\/content>/g)].map(([, isBase64, text = '']) =>
    isBase64 ? Buffer.from(text, 'base64').toString() : text,
  );
}

describe('a page', () => {
  test.each(['/ajax', '/xmlBlaster/ajax'])('connects, subscribes, publishes, polls and disconnects at %s', async (path) => {
    const broker = await startBroker({ nodeId: 'heron' });
    const page = new AjaxPage(broker, path);
    const connect = await page.answer({
      ActionType: 'xmlScript',
      xmlScriptPlain: "<xmlBlaster><connect><qos><session name='joe/1'/></qos></connect></xmlBlaster>",
    });
    expect(connect.headers.get('content-type')).toBe('text/xml;charset=utf-8');
    expect(connect.headers.get('set-cookie')).toMatch(/^JSESSIONID=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(connect.body).toMatch(
      /^<xmlBlasterResponse>\s*<connect>\s*<qos>[\s\S]*<\/qos>\s*<\/connect>\s*<\/xmlBlasterResponse>\s*$/,
    );
    expect(await page.script("<subscribe><key oid='svg'/><qos><persistent>false</persistent></qos></subscribe>")).toContain(
      '<isSubscribe/>',
    );
    expect(await page.poll()).toBe(VOID);
    const markup = "<modifyAttribute id='rect1' value='77'/>";
    await page.script(`<publish><key oid='svg'/><content><![CDATA[${markup}]]></content><qos/></publish>`);
    expect(await page.blockingPoll({ onlyContent: 'true' })).toBe(
      `<xmlBlasterResponse><update>${markup}</update></xmlBlasterResponse>`,
    );
    await page.script("<publish><key oid='svg'/><content>plain &amp; text</content></publish>");
    expect(await page.poll()).toMatch(
      /^<xmlBlasterResponse><update>\s*<qos>\s*<sender>\/node\/heron\/client\/joe\/1<\/sender>\s*<subscribe id='__subId:\d+'\/>\s*<rcvTimestamp nanos='\d+'\/>\s*<queue index='0' size='1'\/>\s*<isUpdate\/>\s*<\/qos>\s*<key oid='svg'\/>\s*<content type='String' encoding='base64'>cGxhaW4gJiB0ZXh0<\/content><\/update><\/xmlBlasterResponse>$/,
    );
    expect(await page.poll()).toBe(VOID);
    expect(await page.script('<disconnect/>')).toMatch(/<disconnect>\s*true\s*<\/disconnect>/);
    expect(await page.poll()).toContain("errorCode='user.notConnected'");
    expect((await readStatistics(broker)).sessions).toBe(0);
  });

  test('sends its script in base64 too, with blanks where a plus was', async () => {
    const page = new AjaxPage(await startBroker());
    const script = "<xmlBlaster><connect><qos><session name='joe/1'/></qos></connect><!-- ûïþ>>>???~~~ --></xmlBlaster>";
    const base64 = Buffer.from(script).toString('base64');
    expect(base64).toContain('+');
    expect(await page.send({ ActionType: 'xmlScript', xmlScriptBase64: base64.replaceAll('+', ' ') })).toContain('<connect>');
  });

  test('waits in a script, for no longer than 120 s in all', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const page = await subscribedPage(broker);
    expect(await elapsed(clock, broker, page.script("<wait delay='200'/><ping/>"))).toBeLessThan(10_000);
    const took = await elapsed(clock, broker, page.script("<wait delay='99999999999'/><wait/><wait delay='x'/>"));
    expect(took).toBeGreaterThanOrEqual(120_000);
    expect(await page.script("<wait delay='1'/><unknown/>")).toContain("errorCode='user.illegalArgument'");
  });

  test('that connects again goes on with its session', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const { cookie } = page;
    await publish(broker, 'first');
    await page.script("<connect><qos><session name='joe/1'/></qos></connect>");
    expect(page.cookie).toBe(cookie);
    expect(contentsOf(await page.poll())).toEqual(['first']);
  });

  test('that disconnects and connects in one script is connected', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    await page.script("<disconnect/><connect><qos><session name='joe/2'/></qos></connect><subscribe><key oid='a'/></subscribe>");
    await publish(broker, 'first');
    expect(contentsOf(await page.poll())).toEqual(['first']);
  });

  test('that connects as somebody else leaves its session', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    await page.script("<connect><qos><session name='sue/1'/></qos></connect>");
    expect((await readStatistics(broker)).sessions).toBe(1);
    expect(await page.poll()).toBe(VOID);
  });

  test('is let in with its password only', async () => {
    const passwordFile = `${import.meta.dirname}/../../examples/passwords.txt`;
    const broker = await startBroker({ passwordFile });
    const page = new AjaxPage(broker);
    expect(await page.script("<connect><qos><session name='joe/1'/></qos></connect>")).toContain('authentication.accessDenied');
    expect(page.cookie).toBeUndefined();
  });
});

describe('updates', () => {
  test.each([
    ['plain', 'plain', 'plain'],
    ['größer', 'größer', 'größer'],
    ['a<b', 'YTxi', '<![CDATA[a<b]]>'],
    ['a&b', 'YSZi', '<![CDATA[a&b]]>'],
    ['a|b', 'YXxi', 'a|b'],
    ['a]]>b', 'YV1dPmI=', 'a]]&gt;b'],
    ['<a/>', 'PGEvPg==', '<a/>'],
    ['<a>&amp;</a> tail', 'PGE+JmFtcDs8L2E+IHRhaWw=', '<a>&amp;</a> tail'],
    ['</update><update>', 'PC91cGRhdGU+PHVwZGF0ZT4=', '<![CDATA[</update><update>]]>'],
    ['</update><!--', 'PC91cGRhdGU+PCEtLQ==', '<![CDATA[</update><!--]]>'],
    ['<!DOCTYPE a>', 'PCFET0NUWVBFIGE+', '<![CDATA[<!DOCTYPE a>]]>'],
    ["<?xml version='1.0'?><a/>", 'PD94bWwgdmVyc2lvbj0nMS4wJz8+PGEvPg==', "<![CDATA[<?xml version='1.0'?><a/>]]>"],
  ])('of the content %s', async (content, full, onlyContent) => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    await publish(broker, content, content);
    const first = await page.poll({ numEntries: '1' });
    const encoding = /[<&|]|]]>/.test(content) ? " encoding='base64'" : '';
    expect(first).toContain(`<content type='String'${encoding}>${full}</content></update>`);
    const second = await page.poll({ onlyContent: 'TRUE' });
    expect(second).toBe(`<xmlBlasterResponse><update>${onlyContent}</update></xmlBlasterResponse>`);
    expect(updatesOf(second)).toHaveLength(1);
  });

  test('of bytes, and of no content', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    await publish(broker, new Uint8Array([0, 1, 255]), '');
    const answer = await page.poll();
    expect(answer).toContain("<content type='byte[]' encoding='base64'>AAH/</content></update>");
    expect(answer).toMatch(/<key oid='a'[^>]*\/>\s*<\/update><\/xmlBlasterResponse>$/);
    await publish(broker, new Uint8Array([0, 1, 255]), '');
    expect(updatesOf(await page.poll({ onlyContent: 'true' }))).toHaveLength(2);
  });

  test('do not tell that a topic was erased', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker, 'joe/1', "queryType='XPATH'>//key</key>");
    await publish(broker, 'first');
    await broker.fetch('/topics/a', { method: 'DELETE' });
    await publish(broker, 'second');
    expect(contentsOf(await page.poll())).toEqual(['first', 'second']);
    await broker.fetch('/topics/a', { method: 'DELETE' });
    expect(await page.poll()).toBe(VOID);
    await publish(broker, 'third');
    await broker.fetch('/topics/a', { method: 'DELETE' });
    await publish(broker, 'fourth');
    expect(contentsOf(await page.poll({ numEntries: '2' }))).toEqual(['third']);
    expect(contentsOf(await page.poll({ numEntries: '1' }))).toEqual(['fourth']);
  });

  test('come in their order, highest priority first, none twice and none lost', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    for (const [content, priority] of [
      ['1', 5],
      ['2', 9],
      ['3', 5],
      ['4', 9],
    ] as const)
      await broker.put(`/topics/a?priority=${priority}`, content);
    const got: string[] = [];
    for (let i = 0; i < 4; i++) got.push(...contentsOf(await page.poll({ numEntries: '1' })));
    expect(got).toEqual(['2', '4', '1', '3']);
    expect(await page.poll()).toBe(VOID);
  });
});

describe('a blocking poll', () => {
  test('ends when something comes', async () => {
    const broker = await startBroker({}, { clock: new ManualClock() });
    const page = await subscribedPage(broker);
    const poll = page.blockingPoll();
    await publish(broker, 'now');
    expect(contentsOf(await poll)).toEqual(['now']);
  });

  test.each([
    [{}, 15_000],
    [{ timeout: '3000' }, 3_000],
    [{ timeout: ' 3000 ' }, 3_000],
    [{ timeout: '-1' }, 120_000],
    [{ timeout: '99999999999999999999' }, 120_000],
    [{ timeout: 'soon' }, 15_000],
    [{ timeout: '3000', numEntries: '99999999999999999999' }, 3_000],
  ])('with %o ends after its time', async (parameters, expectedMs) => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const page = await subscribedPage(broker);
    const poll = page.blockingPoll(parameters);
    const took = await elapsed(clock, broker, poll);
    expect(await poll).toBe(VOID);
    expect(took).toBeGreaterThanOrEqual(expectedMs);
    expect(took).toBeLessThan(expectedMs + 20_000);
  });

  test('waits for numEntries, and takes no more; at its end it takes what is there', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const page = await subscribedPage(broker);
    await publish(broker, '1');
    const poll = page.blockingPoll({ numEntries: '3' });
    await publish(broker, '2', '3', '4');
    expect(contentsOf(await poll)).toEqual(['1', '2', '3']);
    const late = page.blockingPoll({ numEntries: '3', timeout: '3000' });
    expect(await elapsed(clock, broker, late)).toBeGreaterThanOrEqual(3_000);
    expect(contentsOf(await late)).toEqual(['4']);
  });

  test('ends when the broker does', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const client = await waitingPoll(broker, page);
    const closed = broker.close();
    expect(await client.closed()).toMatch(/200 OK\r\n[\s\S]*\r\n\r\n<void\/>$/);
    await closed;
  });
});

describe('plainGet', () => {
  async function plainGet(page: AjaxPage, parameters: Record<string, string>): Promise<[string, string | null, string]> {
    const { body, headers, status } = await page.answer({ ActionType: 'plainGet', ...parameters });
    expect(status).toBe(200);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    return [body, headers.get('content-type'), headers.get('content-security-policy') ?? ''];
  }

  test('gives the content as it is', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    expect((await plainGet(page, { topic: 'a' }))[0]).toBe(VOID);
    await broker.post("<publish><key oid='a'/><content><![CDATA[<svg/>]]></content></publish>");
    await broker.put('/topics/png', new Uint8Array([1, 2, 3]), { 'Content-Type': 'image/png' });
    const [body, type, policy] = await plainGet(page, { topic: 'a' });
    expect([body, type]).toEqual(['<svg/>', 'text/xml;charset=utf-8']);
    expect(policy).toContain('sandbox allow-same-origin; default-src');
    expect((await plainGet(page, { topic: 'a', mimeType: 'image/svg+xml' }))[1]).toBe('image/svg+xml;charset=utf-8');
    expect((await plainGet(page, { topic: 'a', mimeType: 'x\r\nSet-Cookie: a' }))[1]).toBe('application/octet-stream');
    expect((await plainGet(page, { topic: 'png' })).slice(0, 2)).toEqual(['\u0001\u0002\u0003', 'image/png']);
  });

  test('changes nothing', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    expect((await plainGet(page, { topic: '__cmd:?exit=0' }))[0]).toContain('<exception');
  });
});

describe('request', () => {
  /** Answers the next question on `topic` with bytes. */
  async function answerOne(broker: TestBroker, topic: string, property: string): Promise<string> {
    const { body } = await broker.get(`/updates?session=oracle/1&oid=${topic}&timeout=20`);
    const replyTo = /__jms:JMSReplyTo'>([^<]*)</.exec(body)?.[1];
    await broker.post(
      `<publish><key oid='${replyTo}'/><content encoding='base64'>AQID</content><qos>${property}</qos></publish>`,
    );
    return body;
  }

  test('publishes a question and gives the answer', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const before = (await readStatistics(broker)).topics;
    const oracle = answerOne(broker, 'service', "<clientProperty name='contentMime'>image/gif</clientProperty>");
    const { body, headers } = await page.answer({
      ActionType: 'request',
      content: '42 + 1?',
      qos: '<qos><priority>7</priority></qos>',
    });
    expect([body, headers.get('content-type')]).toEqual(['\u0001\u0002\u0003', 'image/gif']);
    const question = await oracle;
    expect(question).toContain('<content>42 + 1?</content>');
    expect(question).toContain('<priority>HIGH</priority>');
    expect((await readStatistics(broker)).topics, 'the question, not its reply').toBe(before + 1);
  });

  test('of a service names it, what it is to do and with what', async () => {
    const broker = await startBroker();
    const page = await subscribedPage(broker);
    const oracle = answerOne(broker, 'photos', '');
    const { headers } = await page.answer({ ActionType: 'request', topicId: 'photos', task: 'getPhoto', data: '<1>' });
    expect(headers.get('content-type')).toBe('image/jpeg');
    expect(await oracle).toContain(
      "<sc><s><p k='serviceName'>track</p><p k='taskType'>named</p><p k='task'>getPhoto</p><p k='data'>&lt;1&gt;</p></s></sc>",
    );
  });

  test('that nobody answers ends after its time, and leaves no topic', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    const page = await subscribedPage(broker);
    const before = (await readStatistics(broker)).topics;
    const request = page.send({ ActionType: 'request', content: '?' });
    expect(await elapsed(clock, broker, request)).toBeGreaterThanOrEqual(8_000);
    expect(await request).toBe(VOID);
    expect((await readStatistics(broker)).topics).toBe(before + 1);
  });
});

/** Moves the clock until `answer` is there; returns how far. */
async function elapsed(clock: ManualClock, broker: TestBroker, answer: Promise<unknown>): Promise<number> {
  const start = clock.now();
  let isThere = false;
  const done = answer.then(() => {
    isThere = true;
  });
  while (!isThere) {
    clock.advance(500);
    await broker.get('/healthz');
  }
  await done;
  return clock.now() - start;
}
