import { describe, expect, test } from 'vitest';
import { exceptionOf, type ReadMessage, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { subscribe, texts, unSubscribe, updates } from '../helpers/joe.ts';
import { SocketClient } from '../helpers/socket.ts';
import { titled } from '../unit/titled.ts';

const publish = (broker: TestBroker, text: string, qos = '') =>
  broker.post(`<publish><key oid='a'/><content><![CDATA[${text}]]></content><qos>${qos}</qos></publish>`);

async function publishAll(broker: TestBroker, contents: readonly string[]): Promise<void> {
  for (const text of contents) expect((await publish(broker, text)).status).toBe(200);
}

const filter = (type: string, query: string) => `<filter type='${type}'><![CDATA[${query}]]></filter>`;
const property = (name: string, value: string | number, type = typeof value === 'number' ? 'int' : 'String') =>
  `<clientProperty name='${name}' type='${type}'>${value}</clientProperty>`;

const get = async (broker: TestBroker, filters: string) =>
  broker.post(`<get><key oid='a'/><qos>${filters}<history numEntries='-1' newestFirst='false'/></qos></get>`);

describe('a filtered subscription', () => {
  test.each([
    ['GnuRegexFilter', 'a*b', ['aaaab', 'b'], ['aaaac', 'aaabb', '', 'aab\n']],
    ['GnuRegexFilter', 'x.*', ['x', 'xyz'], ['yx', 'x\ny', 'X']],
    ['GnuRegexFilter', 'a|ab', ['a', 'ab'], ['abb']],
    ['ContentLenFilter', ' 3 ', ['abc', ''], ['abcd']],
    [
      'XPathFilter',
      "/news[@type='sport']",
      ["<news type='sport'/>"],
      ["<news type='culture'/>", 'no XML', '', '<news>', '<a/><b/>'],
    ],
    ['XPathFilter', 'count(//a) > 1', ['<x><a/><a/></x>'], ['<x><a/></x>']],
    [
      'XPathFilter',
      "/news[contains-ignore-case(recursive-text(body/p), 'needle')]",
      ['<news><body><p>hay</p><p>the NeeDLe</p></body></news>'],
      ['<news><body><p>hay</p><q>needle</q></body></news>'],
    ],
  ])('%s %s', async (type, query, passing, others) => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>", filter(type, query));
    await publishAll(broker, [...passing, ...others, ...passing]);
    expect(await texts(broker)).toEqual([...passing, ...passing]);
    expect(textsOf((await get(broker, filter(type, query))).body).slice(-passing.length)).toEqual(passing);
  });

  test('Sql92Filter looks at client properties', async () => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>", filter('Sql92Filter', 'xPos BETWEEN 0 AND 100 AND yPos BETWEEN 20 AND 130'));
    await publish(broker, 'in', property('xPos', 100) + property('yPos', 120));
    await publish(broker, 'out', property('xPos', 110) + property('yPos', 120));
    await publish(broker, 'nowhere');
    expect(await texts(broker)).toEqual(['in']);
  });

  test('XPathQosFilter looks at the QoS, as does XPathFilter with matchAgainstQos', async () => {
    const broker = await startBroker({ accessFilter: ['Urgent=XPathFilter,matchAgainstQos=true'] });
    const queries = [
      ['XPathQosFilter', "/qos/clientProperty[@name='corrId']=7"],
      ['Urgent', "/qos/priority='MAX' and contains(/qos/sender, '/client/guest')"],
    ] as const;
    for (const [type, query] of queries) await subscribe(broker, "<key oid='a'/>", filter(type, query));
    await publish(broker, 'first', property('corrId', 7));
    await publish(broker, '<qos><priority>MAX</priority></qos>');
    await publish(broker, 'second', '<priority>9</priority>');
    expect((await texts(broker)).sort()).toEqual(['first', 'second']);
  });

  test('by XPath on keys, with several filters: all must let the message pass, also the ones that are there already', async () => {
    const broker = await startBroker();
    const put = (oid: string, text: string) =>
      broker.post(`<publish><key oid='${oid}'><m/></key><content>${text}</content></publish>`);
    for (const text of ['early', 'elephant', 'x']) await put(text, text);
    await subscribe(
      broker,
      "<key queryType='XPATH'>//m</key>",
      filter('GnuRegexFilter', 'e.*') + filter('ContentLenFilter', '5'),
    );
    for (const text of ['e', 'elongated', 'late']) await put(text, text);
    expect(await texts(broker)).toEqual(['early', 'e']);
  });

  test('hears of the end of its topic, and ends by its oid', async () => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>", filter('GnuRegexFilter', 'x'));
    await publish(broker, 'y');
    await broker.post("<erase><key oid='a'/></erase>");
    const [notice, ...others] = await updates(broker);
    expect(notice?.qos.getElementsByTagName('state').item(0)?.getAttribute('id')).toBe('ERASED');
    expect(others).toEqual([]);
    const id = await subscribe(broker, "<key oid='b'/>", filter('GnuRegexFilter', 'x'));
    expect(await unSubscribe(broker, "<key oid='b'/>")).toEqual([id]);
  });

  test('with multiSubscribe=false takes over the filters of the next subscribe', async () => {
    const broker = await startBroker();
    const once = '<multiSubscribe>false</multiSubscribe>';
    const id = await subscribe(broker, "<key oid='a'/>", once + filter('GnuRegexFilter', 'x'));
    expect(await subscribe(broker, "<key oid='a'/>", once + filter('GnuRegexFilter', 'y'))).toBe(id);
    await publishAll(broker, ['x', 'y']);
    expect(await texts(broker)).toEqual(['y']);
    await subscribe(broker, "<key oid='a'/>", once);
    await publishAll(broker, ['x']);
    expect(await texts(broker)).toEqual(['y', 'x']); // initial update without filter, then everything
  });

  test('over SOCKET', async () => {
    const broker = await startBroker();
    const client = await SocketClient.login(broker.port, 'joe');
    await client.subscribe('a', filter('GnuRegexFilter', 'x.*'));
    for (const text of ['y', 'x1', 'x2']) await client.publish('a', text);
    expect([...(await client.update()), ...(await client.update())]).toEqual(['x1', 'x2']);
    const refused = await client.subscribe('a', filter('Sql92Filter', 'a ='));
    expect([refused.type, refused.data.split('\0')[0]]).toEqual(['E', 'user.illegalArgument']);
  });
});

describe('GET /updates', () => {
  const filtered = (query: string, type?: string) =>
    `/updates?session=joe/1&oid=a&timeout=0&filter=${encodeURIComponent(query)}${type ? `&filterType=${type}` : ''}`;

  test('filters by a regular expression, or as filterType says; the next poll may change it', async () => {
    const broker = await startBroker();
    await broker.get(filtered('x.*'));
    for (const text of ['x1', 'y1']) await broker.put('/topics/a', text);
    expect(textsOf((await broker.get(filtered('1', 'ContentLenFilter'))).body)).toEqual(['x1']);
    for (const text of ['2', 'y2']) await broker.put('/topics/a', text);
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['x1', '2']);
    await broker.get('/updates?session=joe/1&timeout=0&oid=a');
    await broker.put('/topics/a', 'all');
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['x1', '2', 'all']);
  });

  test('two polls at a time with a filter make one subscription', async () => {
    const broker = await startBroker();
    await Promise.all([broker.get(filtered('x')), broker.get(filtered('x'))]);
    await broker.put('/topics/a', 'x');
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['x']);
  });

  test('refuses a filterType without a filter', async () => {
    const broker = await startBroker();
    const { status, body } = await broker.get('/updates?oid=a&filterType=XPathFilter');
    expect([status, exceptionOf(body).message]).toEqual([400, expect.stringContaining('filter=')]);
  });
});

describe('a filter that cannot be', () => {
  test.each(
    titled([
      [
        filter('NoFilter', 'x'),
        400,
        'resource.configuration.pluginFailed',
        /There is no filter "NoFilter"; known are GnuRegexFilter, /,
      ],
      [
        "<filter type='GnuRegexFilter' version='2.0'>x</filter>",
        400,
        'resource.configuration.pluginFailed',
        /"GnuRegexFilter 2.0"/,
      ],
      [filter('GnuRegexFilter', 'a('), 400, 'user.configuration', /GnuRegexFilter: "a\(" is no regular expression/],
      [filter('GnuRegexFilter', '(?=a)b'), 400, 'user.configuration', /GnuRegexFilter/],
      [filter('GnuRegexFilter', 'x{1000}'.repeat(500)), 400, 'user.configuration', /make it too large/],
      [filter('GnuRegexFilter', '((a{100}){100}){100}'), 400, 'user.configuration', /too large/],
      [filter('GnuRegexFilter', '('.repeat(4_000)), 400, 'user.configuration', /no regular expression/],
      [filter('GnuRegexFilter', 'x'.repeat(4_097)), 400, 'user.configuration', /at most 4096/],
      [filter('XPathFilter', '//a['), 400, 'user.configuration', /XPathFilter: XPath, column 5/],
      [filter('ContentLenFilter', 'long'), 400, 'user.configuration', /ContentLenFilter: "long" is not a length/],
      [filter('Sql92Filter', 'a = '), 400, 'user.illegalArgument', /Sql92Filter: column 4: unexpected end/],
      [filter('Sql92Filter', '('.repeat(1_000)), 400, 'user.illegalArgument', /nested deeper than 100/],
      [filter('Sql92Filter', 'NOT '.repeat(1_000)), 400, 'user.illegalArgument', /nested deeper than 100/],
      [filter('Sql92Filter', `a = ${'1+'.repeat(9_000)}1`), 400, 'user.illegalArgument', /at most 16384/],
      [filter('GnuRegexFilter', 'x').repeat(1_000), 413, 'user.maxSizeExceed', /1000 filters in one QoS, at most 100/],
      ['<filter>x</filter>', 400, 'user.illegalArgument', /no type/],
    ]),
  )('%s', async (_title, filters, status, code, message) => {
    const broker = await startBroker();
    for (const verb of ['subscribe', 'get']) {
      const answer = await broker.post(`<${verb}><key oid='a'/><qos>${filters}</qos></${verb}>`, '/?session=joe/1');
      expect([verb, answer.status, exceptionOf(answer.body).code]).toEqual([verb, status, code]);
      expect(exceptionOf(answer.body).message).toMatch(message);
    }
    await publish(broker, 'x');
    expect(await updates(broker)).toEqual([]);
  });
});

describe('a filter that fails on a message', () => {
  test('makes a dead message, others get it, and the subscription stays', async () => {
    const broker = await startBroker({ accessFilter: ['Moody=ContentLenFilter,THROW_EXCEPTION_FOR_LEN=3'] });
    await broker.post("<subscribe><key oid='__sys__deadMessage'/></subscribe>", '/?session=undertaker/1');
    await broker.post("<subscribe><key oid='a'/></subscribe>", '/?session=other/1');
    await subscribe(broker, "<key oid='a'/>", filter('Moody', '10'));
    await publishAll(broker, ['1234', '123', '12']);
    expect(await texts(broker)).toEqual(['1234', '12']);
    expect(textsOf((await broker.get('/updates?session=other/1&timeout=0')).body)).toEqual(['1234', '123', '12']);
    const dead = (await broker.get('/updates?session=undertaker/1&timeout=0')).body;
    expect(textsOf(dead)).toEqual(['123']);
    expect(dead).toContain('The filter Moody failed on a message of &quot;a&quot;: a content of 3 bytes is an error');
  });

  test('fails a get, with the code of the filter if it has one', async () => {
    const broker = await startBroker({ accessFilter: ['Moody=ContentLenFilter,THROW_EXCEPTION_FOR_LEN=3'] });
    await publishAll(broker, ['123']);
    const { body } = await get(broker, filter('Moody', '10'));
    expect(exceptionOf(body)).toMatchObject({ code: 'internal.unknown', message: expect.stringContaining('Moody failed') });
  });

  test.each([
    ['GnuRegexFilter', '(a|b)*(c|d)*'.repeat(100), 'ab'.repeat(50_000), /at most \d+; shorten either/],
    ['XPathFilter', '//a', `<a>${'x'.repeat(262_144)}</a>`, /looks into at most 262144/],
    ['XPathFilter', '//a', `${'<a>'.repeat(257)}${'</a>'.repeat(257)}`, /nested/],
    ['XPathFilter', '//*[count(//*) = 1]', `<a>${'<b/>'.repeat(2_000)}</a>`, /budget of 100000 steps/],
    ['Sql92Filter', `(${"big LIKE '%a%a%a%b' OR ".repeat(500)} FALSE)`, 'x', /more than 1000000 steps/],
  ])('because it would cost too much: %s', async (type, query, text, reason) => {
    const broker = await startBroker();
    await publish(broker, text, property('big', 'a'.repeat(50_000)));
    const { status, body } = await get(broker, filter(type, query));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(exceptionOf(body).message).toMatch(reason);
  });
});

test('(a+)+$ does not stall the broker', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>", filter('GnuRegexFilter', '(a+)+$'));
  await publishAll(broker, [`${'a'.repeat(100_000)}b`, 'aaa']);
  expect(await texts(broker)).toEqual(['aaa']);
});

test('every subscriber gets its messages in their order when filters are many and slow', async () => {
  const broker = await startBroker();
  const counts = Array.from({ length: 40 }, (_, i) => 100 + i);
  for (const n of counts) {
    await subscribe(broker, "<key oid='a'/>", `<id>__subId:joe-${n}</id>${filter('GnuRegexFilter', `[ab]*a[ab]{${n}}|[0-9]`)}`);
  }
  const slow = 'ab'.repeat(4_000); // some ms for each of them; an odd count finds an a at its place, an even one does not
  await publishAll(broker, ['1', slow, '2', slow, '3']);
  await broker.post("<erase><key oid='a'/></erase>");
  const arrived = new Map(counts.map((n) => [`__subId:joe-${n}`, [] as string[]]));
  for (const { qos, text } of await untilErased(broker, counts.length)) {
    arrived.get(qos.getElementsByTagName('subscribe').item(0)?.getAttribute('id') ?? '')?.push(text);
  }
  for (const n of counts) {
    const expected = n % 2 === 1 ? ['1', slow, '2', slow, '3'] : ['1', '2', '3'];
    expect(arrived.get(`__subId:joe-${n}`)?.slice(0, -1), String(n)).toEqual(expected);
  }
});

describe('slow filters of many subscribers', () => {
  const SUBSCRIPTIONS = 300;
  const PUBLISHES = 10;
  const TOTAL = SUBSCRIPTIONS * PUBLISHES;

  /** A broker with so many subscriptions to `a`, each with a filter that takes its time, and how often filters have been asked. */
  async function start(busyMs: number, answer = false): Promise<{ broker: TestBroker; asked: () => number }> {
    let count = 0;
    const matches = (): boolean => {
      count++;
      for (const end = performance.now() + busyMs; performance.now() < end; );
      return answer;
    };
    const broker = await startBroker({}, { filters: { accessFilters: [{ type: 'Slow', compile: () => matches }] } });
    const subscription = `<subscribe><key oid='a'/><qos>${filter('Slow', '')}</qos></subscribe>`;
    await broker.post(`<xmlBlaster>${subscription.repeat(SUBSCRIPTIONS)}</xmlBlaster>`, '/?session=joe/1');
    return { broker, asked: () => count };
  }

  test('leave the event loop to others', async () => {
    const { broker, asked } = await start(1);
    const started = performance.now();
    await publish(broker, 'x');
    let longest = 0;
    while (asked() < SUBSCRIPTIONS) {
      const before = performance.now();
      await new Promise(setImmediate);
      longest = Math.max(longest, performance.now() - before);
    }
    expect(longest).toBeLessThan((performance.now() - started) / 4);
  });

  test('that are XPaths of one topic bring to each subscription what is its own', async () => {
    const broker = await startBroker();
    const subscriptions = Array.from({ length: 300 }, (_, i) => {
      const query = i === 299 ? "not(/news[@n='3'])" : `/news[@n='${i}' or @n > 1000]`;
      return `<subscribe><key oid='a'/><qos><subscribe id='__subId:joe-${i}'/>${filter('XPathFilter', query)}</qos></subscribe>`;
    });
    await broker.post(`<xmlBlaster>${subscriptions.join('')}</xmlBlaster>`, '/?session=joe/1');
    await publishAll(broker, ["<news n='3'/>", "<news n='298'/>", '<news/>', 'no XML']);
    const received = (await updates(broker)).map(({ text, qos }) => {
      const id = qos.getElementsByTagName('subscribe').item(0)?.getAttribute('id') ?? '';
      return `${id.replace(/.*-/, '')}: ${text}`;
    });
    expect(received).toEqual(["3: <news n='3'/>", "298: <news n='298'/>", "299: <news n='298'/>", '299: <news/>']);
    await publish(broker, "<news n='1001'/>");
    expect(await updates(broker)).toHaveLength(300);
    await unSubscribe(broker, "<key oid='__subId:joe-298'/>");
    await publish(broker, "<news n='298'/>");
    expect(await updates(broker)).toHaveLength(1);
  });

  test('make publishers wait before too much waits for them, and keep the order', async () => {
    const { broker, asked } = await start(0.1, true);
    const contents = Array.from({ length: PUBLISHES }, (_, i) => String(i));
    await publishAll(broker, contents);
    expect(asked()).toBeGreaterThanOrEqual(TOTAL - 1_000 - SUBSCRIPTIONS);
    const arrived = new Map<string, string[]>();
    for (let count = 0; count < TOTAL; ) {
      for (const { qos, text } of await updates(broker)) {
        const id = qos.getElementsByTagName('subscribe').item(0)?.getAttribute('id') ?? '';
        arrived.set(id, [...(arrived.get(id) ?? []), text]);
        count++;
      }
    }
    expect(new Set([...arrived.values()].map((texts) => texts.join()))).toEqual(new Set([contents.join()]));
    expect(arrived.size).toBe(SUBSCRIPTIONS);
  });

  test('have had their say before a poll that does not wait is answered', async () => {
    const matches = (): boolean => {
      for (const end = performance.now() + 3; performance.now() < end; );
      return true;
    };
    const broker = await startBroker({}, { filters: { accessFilters: [{ type: 'Slow', compile: () => matches }] } });
    await publishAll(broker, ['1', '2', '3', '4', '5']);
    const { body } = await broker.get('/updates?oid=a&timeout=0&history=-1&filterType=Slow&filter=x');
    expect(textsOf(body)).toEqual(['1', '2', '3', '4', '5']);
  });

  test('end with their session', async () => {
    const { broker, asked } = await start(1);
    await publish(broker, 'x');
    await broker.post('<disconnect/>', '/?session=joe/1');
    const atTheEnd = asked();
    expect(atTheEnd).toBeLessThan(SUBSCRIPTIONS);
    await broker.post('<publish><key oid="b"/></publish>');
    expect(asked()).toBe(atTheEnd);
  });
});

describe('a session that wants no duplicates', () => {
  const connect = "<connect><qos><session name='joe/1'/><duplicateUpdates>false</duplicateUpdates></qos></connect>";

  test('gets what passes one of its subscriptions, once', async () => {
    const broker = await startBroker();
    await broker.post(connect);
    await subscribe(broker, "<key oid='a'/>", filter('GnuRegexFilter', 'x.*'));
    await subscribe(broker, "<key queryType='XPATH'>//key</key>", filter('GnuRegexFilter', '.*y'));
    await publishAll(broker, ['x', 'y', 'xy', 'z']);
    expect(await texts(broker)).toEqual(['x', 'y', 'xy']);
  });

  test('gets it once also while filters are behind', async () => {
    const matches = (): boolean => {
      for (const end = performance.now() + 1; performance.now() < end; );
      return true;
    };
    const broker = await startBroker({}, { filters: { accessFilters: [{ type: 'Slow', compile: () => matches }] } });
    const subscription = `<subscribe><key oid='a'/><qos>${filter('Slow', '')}</qos></subscribe>`;
    await broker.post(`<xmlBlaster>${subscription.repeat(20)}</xmlBlaster>`, '/?session=other/1');
    await broker.post(connect);
    await subscribe(broker, "<key oid='a'/>", filter('Slow', ''));
    await subscribe(broker, "<key queryType='XPATH'>//key</key>");
    const contents = Array.from({ length: 10 }, (_, i) => String(i));
    const publishes = contents.map((text) => `<publish><key oid='a'/><content>${text}</content></publish>`);
    await broker.post(`<xmlBlaster>${publishes.join('')}</xmlBlaster>`);
    await broker.post("<erase><key oid='a'/></erase>");
    expect((await untilErased(broker, 2)).map(({ text }) => text).slice(0, -2)).toEqual(contents);
  });
});

/** All updates for joe/1 up to the last of `count` erase notices. */
async function untilErased(broker: TestBroker, count: number): Promise<ReadMessage[]> {
  const all: ReadMessage[] = [];
  while (all.filter(({ text }) => text.endsWith('/topic/a')).length < count) all.push(...(await updates(broker)));
  return all;
}
