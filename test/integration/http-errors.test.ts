import { describe, expect, test } from 'vitest';
import { exceptionOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { exchange, parseAnswer, type RawAnswer, RawClient } from '../helpers/raw.ts';
import { readStatistics, untilSubscribed } from '../helpers/statistics.ts';

const HOST = 'Host: localhost\r\n';

function expectError(answer: RawAnswer, status: number, code: string, hint: string): void {
  expect([answer.status, exceptionOf(answer.body).code], answer.body).toEqual([status, code]);
  expect(answer.headers['content-type']).toBe('application/xml; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
  expect(exceptionOf(answer.body).message).toContain(hint);
  expect(answer.body, 'no stack trace').not.toMatch(/\n\s+at /);
}

describe('an address that is none', () => {
  test.each([
    ['GET', '/nowhere', 404, 'user.wrongApiUsage', '/openapi.json'],
    ['GET', '/updates/', 404, 'user.wrongApiUsage', '/updates/'],
    ['POST', '/PUBLISH', 404, 'user.wrongApiUsage', '/PUBLISH'],
    ['GET', '/%zz', 400, 'user.illegalArgument', '%zz'],
    ['GET', `/${'x'.repeat(2_000)}`, 404, 'user.wrongApiUsage', 'openapi'],
    ['POST', '/updates', 405, 'user.wrongApiUsage', 'GET'],
    ['GET', '/publish', 405, 'user.wrongApiUsage', 'POST'],
    ['GET', '/ack', 405, 'user.wrongApiUsage', 'POST'],
    ['PUT', '/', 405, 'user.wrongApiUsage', 'POST'],
    ['PATCH', '/topics/a', 405, 'user.wrongApiUsage', 'PUT'],
    ['OPTIONS', '/topics', 405, 'user.wrongApiUsage', 'GET'],
    ['PROPFIND', '/topics', 405, 'user.wrongApiUsage', 'GET'],
    ['TRACE', '/', 405, 'user.wrongApiUsage', 'GET'],
  ])('%s %s is %i %s', async (method, path, status, code, hint) => {
    const broker = await startBroker();
    const answer = await exchange(broker.port, `${method} ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    expectError(answer, status, code, hint);
    if (status === 405) expect(answer.headers['allow']).toContain(hint);
  });

  test.each(['/', '/topics', '/healthz', '/openapi.json'])('HEAD %s is GET without the body', async (path) => {
    const broker = await startBroker();
    const head = await broker.fetch(path, { method: 'HEAD' });
    const get = await broker.fetch(path);
    await get.text();
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([
      200,
      get.headers.get('content-type'),
      '',
    ]);
  });
});

describe('what is no request', () => {
  test.each<[what: string, bytes: string | Uint8Array, status: number]>([
    ['garbage', 'hello\r\n\r\n', 400],
    ['random bytes', Uint8Array.from({ length: 200 }, (_, i) => (i * 151 + 128) % 256), 400],
    ['a header without colon', `GET / HTTP/1.1\r\n${HOST}broken\r\n\r\n`, 400],
    ['two contradictory lengths', `PUT /topics/a HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 400],
    [
      'a length and chunks',
      `PUT /topics/a HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a broken chunk', `PUT /topics/a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['a header of 100 kB', `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
    ['10,000 headers', `GET / HTTP/1.1\r\n${HOST}${Array.from({ length: 10_000 }, (_, i) => `X-${i}: 1\r\n`).join('')}\r\n`, 431],
    ['an address of 100 kB', `GET /topics?xpath=${'x'.repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`, 431],
    [
      'an expectation that we do not meet',
      `PUT /topics/a HTTP/1.1\r\n${HOST}Expect: 200-maybe\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      417,
    ],
  ])('%s gets an answer in XML, and the connection ends', async (_what, bytes, status) => {
    const broker = await startBroker();
    expectError(await exchange(broker.port, bytes), status, 'user.illegalArgument', '');
    expect((await broker.get('/topics/a')).status).toBe(404);
  });

  test('CONNECT gets an answer, too', async () => {
    const broker = await startBroker();
    const answer = await exchange(broker.port, `CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`);
    expectError(answer, 405, 'user.wrongApiUsage', 'CONNECT');
  });
});

describe('a client that is too slow', () => {
  test('and sends its header slowly gets 408', async () => {
    const broker = await startBroker({ headersTimeout: 200, requestTimeout: 400 });
    expectError(await exchange(broker.port, `GET / HTTP/1.1\r\n${HOST}`), 408, 'user.illegalArgument', 'in time');
  });

  test.each(['/topics/a', '/'])('and never ends the body that it sends to %s gets 408', async (path) => {
    const broker = await startBroker({ requestTimeout: 300, headersTimeout: 300 });
    const answer = await exchange(broker.port, `POST ${path} HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n<publish>`);
    expectError(answer, 408, 'user.illegalArgument', 'in time');
    expect(await readStatistics(broker)).toMatchObject({ topics: 0, percent: 0 });
  });

  test('is another one than a client that waits: its poll and its stream outlive requestTimeout', async () => {
    const broker = await startBroker({ requestTimeout: 200, headersTimeout: 200 });
    const waiting = broker.get('/updates?oid=a');
    await untilSubscribed(broker, 1);
    // The slow one is found out by the same clock that would end the poll.
    await exchange(broker.port, `GET / HTTP/1.1\r\n${HOST}`);
    await broker.put('/topics/a', 'x');
    expect((await waiting).status).toBe(200);
  });
});

describe('a body', () => {
  test('that is too large is 413, by its announced and by its real length', async () => {
    const broker = await startBroker({ maxContentBytes: 1_000, maxBodyBytes: 2_000 });
    for (const [path, bytes] of [
      ['/topics/a', 1_001],
      ['/', 2_001],
    ] as const) {
      const head = `POST ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n`;
      const announced = await exchange(broker.port, `${head}Content-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`);
      expectError(announced, 413, 'user.maxSizeExceed', String(bytes - 1));
      const chunked = `Transfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`;
      expectError(await exchange(broker.port, head + chunked), 413, 'user.maxSizeExceed', String(bytes - 1));
    }
    expect((await broker.put('/topics/a', 'x'.repeat(1_000))).status).toBe(201);
  });

  test('of 30 MB that is refused does not cost the client its answer', async () => {
    const broker = await startBroker();
    const body = Buffer.alloc(30_000_000);
    const expected: [path: string, status: number][] = [
      ['/topics/a', 413],
      ['/topics/a?bogus=1', 400],
      ['/nowhere', 404],
      ['/', 405],
    ];
    for (const [path, status] of expected) expect((await broker.put(path, body)).status, path).toBe(status);
  });

  test('that is refused may be sent to its end: the connection is not reset under it', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    const piece = 'x'.repeat(1_000_000);
    client.write(`PUT /nowhere HTTP/1.1\r\n${HOST}Content-Length: ${5 * piece.length}\r\n\r\n${piece}`);
    expect(parseAnswer(await client.until(/<\/exception>$/)).status).toBe(404);
    for (let i = 1; i < 5; i++) await new Promise<void>((resolve) => client.socket.write(piece, () => resolve()));
    await client.closed();
    expect(client.socket.errored).toBeNull();
  });

  test('is read whatever its Content-Type', async () => {
    const broker = await startBroker();
    for (const type of ['garbage;;;', 'application/json', 'multipart/form-data', 'text/plain; charset="utf-8"', ';', 'x/y; a=']) {
      expect((await broker.post('<ping/>', '/', { 'Content-Type': type })).status, type).toBe(200);
    }
  });
});

describe('connections', () => {
  test('beyond maxConnections are told so; when others end they are served', async () => {
    const broker = await startBroker({ maxConnections: 2 });
    const first = await RawClient.connect(broker.port);
    const second = await RawClient.connect(broker.port);
    for (const client of [first, second]) {
      client.write(`GET /healthz HTTP/1.1\r\n${HOST}\r\n`);
      await client.until(/ok\n$/);
    }
    const refused = await exchange(broker.port, `PUT /topics/a HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\nx`);
    expectError(refused, 503, 'resource.exhaust', '--max-connections');
    first.write(`GET /topics/a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    expect(parseAnswer((await first.closed()).split('ok\n')[1] ?? '').status).toBe(404);
    const third = await exchange(broker.port, `GET /healthz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    expect(third.status).toBe(200);
  });

  test('get an error that clients of the original wait out, when the broker shuts down', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    const request = `GET /topics HTTP/1.1\r\n${HOST}`;
    client.write(`${request}\r\n${request}`); // the second one is not complete yet
    await client.until(/<xmlBlaster/);
    const closed = broker.close();
    client.write('\r\n');
    const answer = (await client.closed()).slice(client.text.lastIndexOf('HTTP/1.1'));
    expectError(parseAnswer(answer), 503, 'communication.noConnection.serverDeny', 'shutting down');
    await closed;
  });

  test('that nobody uses do not delay the shutdown', async () => {
    const broker = await startBroker();
    const silent = await RawClient.connect(broker.port);
    expect((await broker.get('/healthz')).status).toBe(200);
    const start = performance.now();
    await broker.close();
    await silent.closed();
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
