import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { type FilterModule, startServer } from '../../src/server.ts';
import { ackOf, exceptionOf, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { SocketClient } from '../helpers/socket.ts';

const publish = (broker: TestBroker, text: string) => broker.post(`<publish><key oid='a'/><content>${text}</content></publish>`);
const REFUSED = "<qos><state id='REJECTED'/></qos>";

describe('PublishLenChecker', () => {
  const settings = { publishFilter: ['PublishLenChecker,DEFAULT_MAX_LEN=10,THROW_EXCEPTION_FOR_LEN=3'] };

  test('refuses what is too long with a state instead of an exception, and leaves no topic', async () => {
    const broker = await startBroker(settings);
    const { status, body } = await publish(broker, '12345678901');
    expect([status, body]).toEqual([200, `<xmlBlasterResponse>\n<publish>\n${REFUSED}\n</publish>\n</xmlBlasterResponse>\n`]);
    expect(await broker.put('/topics/a', '12345678901')).toMatchObject({ status: 422, body: `${REFUSED}\n` });
    expect((await broker.get('/topics')).body).toBe('<xmlBlaster>\n</xmlBlaster>\n');
    expect((await broker.put('/topics/a', '1234567890')).status).toBe(201);
    expect((await broker.get('/topics/a')).body).toBe('1234567890');
  });

  test('that fails, fails the publish', async () => {
    const broker = await startBroker(settings);
    expect(exceptionOf((await publish(broker, '123')).body)).toEqual({
      code: 'internal.unknown',
      message: expect.stringContaining('The filter PublishLenChecker failed on a message of "a"'),
    });
    expect((await broker.get('/topics/a')).status).toBe(404);
  });

  test('over SOCKET', async () => {
    const broker = await startBroker(settings);
    const client = await SocketClient.login(broker.port, 'joe');
    expect((await client.publish('a', '12345678901')).data.split('\0')[0]).toBe(REFUSED);
    expect((await client.publish('a', '123')).type).toBe('E');
  });

  test('lets the broker publish what it has to say', async () => {
    const broker = await startBroker(settings);
    await broker.post("<subscribe><key oid='a'/></subscribe>", '/?session=joe/1');
    await publish(broker, '1');
    await broker.post("<erase><key oid='a'/></erase>");
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toHaveLength(2);
  });
});

describe('point-to-point messages', () => {
  test('that are refused reach nobody, and make no session', async () => {
    const broker = await startBroker({ publishFilter: ['ContentLenFilter,query=3'] });
    expect((await broker.put('/topics/note?destination=joe/1', 'too long')).status).toBe(422);
    expect((await broker.put('/topics/note?destination=joe', 'too long')).status).toBe(422);
    const named = "<publish><key oid='note'/><content>ok</content><qos><destination>joe</destination></qos></publish>";
    expect(exceptionOf((await broker.post(named)).body).code).toBe('user.ptp.unknownDestination');
    expect((await broker.put('/topics/note?destination=joe/1', 'ok')).status).toBe(201);
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['ok']);
  });
});

test('a publish that waits for room has passed the filters once', async () => {
  const bang: FilterModule = {
    publishFilters: [{ type: 'Bang', create: () => (message) => Buffer.from(`${message.content}!`) }],
  };
  const broker = await startBroker({ publishFilter: ['Bang'] }, { filters: bang });
  await broker.post(
    "<connect><qos><session name='joe/1'/><queue relating='callback' maxEntries='1' onOverflow='block'/></qos></connect>",
  );
  await broker.get('/updates?session=joe/1&oid=a&timeout=0');
  await broker.put('/topics/a', '1');
  const waiting = broker.put('/topics/a', '2');
  const first = (await broker.get('/updates?session=joe/1&timeout=0')).body;
  const second = await broker.get(`/updates?session=joe/1&ack=${ackOf(first)}`);
  expect((await waiting).status).toBe(200);
  expect([...textsOf(first), ...textsOf(second.body)]).toEqual(['1!', '2!']);
});

test('every access filter is a publish filter too; all of them must accept the message', async () => {
  const broker = await startBroker({
    publishFilter: [
      'GnuRegexFilter,query=[a-z]+(,[a-z]+)*',
      'XPathQosFilter,query=not(/qos/priority)',
      'ContentLenFilter,query=5',
    ],
  });
  const statuses = [];
  for (const text of ['a,b', 'A', 'a,b,cd']) statuses.push((await broker.put('/topics/a', text)).status);
  statuses.push((await broker.put('/topics/a?priority=9', 'a')).status);
  expect(statuses).toEqual([201, 422, 422, 422]);
});

describe('filters of a module', () => {
  const WORDS: FilterModule = {
    accessFilters: [
      {
        type: 'WordFilter',
        compile(query, parameters) {
          if (query === '') throw new Error('which word?');
          const word = `${parameters.get('prefix') ?? ''}${query}`;
          return ({ content }, receiver) => {
            if (content.includes('boom')) throw new Error('boom');
            return content.toString().split(' ').includes(word) || receiver.endsWith('/client/admin/1');
          };
        },
      },
      { type: 'WordFilter', version: '2.0', compile: () => () => true },
    ],
    publishFilters: [
      {
        type: 'Censor',
        create: (parameters) => (message) => {
          const text = message.content.toString();
          if (text.includes('worse')) return 'TOO BAD';
          if (text === 'fine') return 'OK';
          return Buffer.from(text.replaceAll(parameters.get('word') ?? '', '***'));
        },
      },
    ],
  };

  const start = (settings: object) => startBroker(settings, { filters: WORDS });
  const get = (broker: TestBroker, type: string, query: string, version = '1.0', session = 'joe/1') =>
    broker.post(
      `<get><key oid='a'/><qos><filter type='${type}' version='${version}'>${query}</filter></qos></get>`,
      `/?session=${session}`,
    );

  test('are there by their name and version, know the receiver, and may have parameters under another name', async () => {
    const broker = await start({ accessFilter: ['SuperWord = WordFilter, prefix=super'] });
    await publish(broker, 'this is superb');
    const found = [];
    for (const [type, query, version, session] of [
      ['WordFilter', 'is'],
      ['WordFilter', 'sup'],
      ['SuperWord', 'b'],
      ['WordFilter', 'nothing', '2.0'],
      ['WordFilter', 'nothing', '1.0', 'admin/1'],
    ] as const) {
      found.push(textsOf((await get(broker, type, query, version, session)).body).length);
    }
    expect(found).toEqual([1, 0, 1, 1, 1]);
  });

  test('say in their own words what is wrong', async () => {
    const broker = await start({});
    expect(exceptionOf((await get(broker, 'WordFilter', '')).body)).toEqual({
      code: 'user.configuration',
      message: 'WordFilter: which word?',
    });
    await publish(broker, 'boom');
    expect(exceptionOf((await get(broker, 'WordFilter', 'x')).body)).toEqual({
      code: 'internal.unknown',
      message: 'The filter WordFilter failed on a message of "a": boom',
    });
  });

  test('change what is published, or refuse it with a state of their own', async () => {
    const broker = await start({ publishFilter: ['Censor,word=bad', 'ContentLenFilter,query=8'] });
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    for (const text of ['bad', 'fine', 'bad bad']) expect((await broker.put('/topics/a', text)).status).toBeLessThan(300);
    expect((await broker.put('/topics/a', 'bad bad bad')).body).toBe(`${REFUSED}\n`); // *** *** *** is longer than 8
    expect((await broker.put('/topics/a', 'worse')).body).toBe("<qos><state id='TOO BAD'/></qos>\n");
    expect(textsOf((await broker.get('/updates?session=joe/1&timeout=0')).body)).toEqual(['***', 'fine', '*** ***']);
  });

  test('come from files', async () => {
    const path = await moduleFile("export const accessFilters = [{ type: 'Never', compile: () => () => false }];");
    const broker = await startBroker({ filterModule: [path] });
    await publish(broker, 'x');
    expect(textsOf((await get(broker, 'Never', 'x')).body)).toEqual([]);
  });

  test.each([
    ['export const filters = 1;', 'exports neither accessFilters nor publishFilters'],
    ['export const accessFilters = {};', 'accessFilters must be a list of objects with a type and a function compile'],
    ['export const accessFilters = [{ compile() {} }];', 'accessFilters must be a list'],
    [
      "export const publishFilters = [{ type: 'x' }];",
      'publishFilters must be a list of objects with a type and a function create',
    ],
    ["throw new Error('broken');", 'broken'],
  ])('that cannot be used end the start: %s', async (source, reason) => {
    const path = await moduleFile(source);
    const failed = await startServer({ port: 0, memory: true, filterModule: [path] }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigError);
    expect((failed as Error).message).toContain(`--filter-module ${path} cannot be used: `);
    expect((failed as Error).message).toContain(reason);
  });
});

test.each([
  [{ publishFilter: ['Nothing'] }, 'There is no filter "Nothing"; known are GnuRegexFilter, XPathFilter'],
  [{ publishFilter: ['GnuRegexFilter,query=('] }, 'GnuRegexFilter: "(" is no regular expression'],
  [{ publishFilter: ['PublishLenChecker,10'] }, '"10" in "PublishLenChecker,10" is no parameter'],
  [{ publishFilter: ['PublishLenChecker,DEFAULT_MAX_LEN=x'] }, '"x" is not a length'],
  [{ publishFilter: [',a=b'] }, 'names no filter'],
  [{ accessFilter: ['GnuRegexFilter'] }, 'is not NAME=TYPE,PARAMETER=VALUE'],
  [{ accessFilter: ['X=Nothing'] }, 'There is no filter "Nothing"'],
])('a setting that means nothing ends the start: %j', async (settings, reason) => {
  const failed = await startServer({ port: 0, memory: true, ...settings }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ConfigError);
  expect((failed as Error).message).toContain(reason);
});

async function moduleFile(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'filters-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'module.mjs');
  writeFileSync(path, source);
  return path;
}
