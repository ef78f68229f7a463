import { describe, expect, test } from 'vitest';
import { exceptionOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { exchange, type RawAnswer } from '../helpers/raw.ts';

/** A request with just these headers; `@@` in them stands for the broker's address. */
function request(broker: TestBroker, line: string, headers: readonly string[]): Promise<RawAnswer> {
  const own = `localhost:${broker.port}`;
  const lines = [`${line} HTTP/1.1`, 'Connection: close', ...headers].map((header) => header.replaceAll('@@', own));
  return exchange(broker.port, `${lines.join('\r\n')}\r\n\r\n`);
}

const PUBLISH = 'PUT /topics/a';
const FORBIDDEN = 'user.security.authorization.notAuthorized';

async function expectForbidden(broker: TestBroker, answer: RawAnswer): Promise<void> {
  expect([answer.status, exceptionOf(answer.body).code]).toEqual([403, FORBIDDEN]);
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  expect((await broker.get('/topics/a')).status, 'nothing has happened').toBe(404);
}

describe('the Host header', () => {
  test.each([
    'localhost',
    'LOCALHOST:1',
    'localhost.',
    '127.0.0.1:3412',
    '127.1.2.3',
    '[::1]',
    '[::1]:3412',
    'broker.example:99',
  ])('may be %s', async (host) => {
    const broker = await startBroker({ allowedHost: ['Broker.Example'] });
    expect((await request(broker, PUBLISH, [`Host: ${host}`])).status).toBe(201);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:3412',
    '10.0.0.1',
    '[fe80::1]',
    '[::1',
    'a@localhost',
    'localhost:x',
    'localhost/a',
    '0.0.0.0',
  ])('must not be %s', async (host) => {
    const broker = await startBroker();
    const answer = await request(broker, PUBLISH, [`Host: ${host}`]);
    await expectForbidden(broker, answer);
    expect(exceptionOf(answer.body).message).toContain('--allowed-host');
  });

  test('must be there, unless the client speaks HTTP/1.0', async () => {
    const broker = await startBroker();
    const without = await exchange(broker.port, 'PUT /topics/a HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    expect([without.status, exceptionOf(without.body).code]).toEqual([400, 'user.illegalArgument']);
    expect((await broker.get('/topics/a')).status).toBe(404);
    const old = await exchange(broker.port, 'PUT /topics/a HTTP/1.0\r\nContent-Length: 1\r\n\r\nx');
    expect(old.status).toBe(201);
    const foreign = await exchange(broker.port, 'GET /topics/a HTTP/1.0\r\nHost: evil.example\r\n\r\n');
    expect(foreign.status).toBe(403);
  });
});

describe('the Origin header', () => {
  test.each(['http://@@', 'https://@@', 'https://page.example', 'HTTPS://Page.Example'])('may be %s', async (origin) => {
    const broker = await startBroker({ corsOrigin: ['https://page.example/'] });
    expect((await request(broker, PUBLISH, ['Host: @@', `Origin: ${origin}`])).status).toBe(201);
  });

  test.each([
    'null',
    'http://evil.example',
    'http://localhost',
    'http://page.example',
    'https://page.example:444',
    'file://',
    '',
  ])('must not be %j, whatever the method', async (origin) => {
    const broker = await startBroker({ corsOrigin: ['https://page.example'] });
    for (const line of [PUBLISH, 'GET /topics', 'GET /updates?session=joe/1&oid=a', 'POST /', 'DELETE /topics/a', 'OPTIONS /']) {
      await expectForbidden(broker, await request(broker, line, ['Host: @@', `Origin: ${origin}`]));
    }
  });

  test('of an allowed page gets the CORS headers, also with errors', async () => {
    const broker = await startBroker({ corsOrigin: ['https://page.example'] });
    const origin = { Origin: 'https://page.example' };
    for (const path of ['/topics', '/topics/unknown', '/nowhere', '/updates?oid=a&timeout=0', '/updates?oid=a&timeout=x']) {
      const { headers } = await broker.get(path, origin);
      expect(headers.get('access-control-allow-origin'), path).toBe('https://page.example');
      expect(headers.get('access-control-expose-headers')).toBe('X-Key, X-QoS, X-Ack');
      expect(headers.get('vary')).toBe('Origin');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
    expect((await broker.get('/topics')).headers.get('access-control-allow-origin')).toBeNull();
  });

  test('of an allowed page gets its preflight answered', async () => {
    const broker = await startBroker({ corsOrigin: ['https://page.example'] });
    const preflight = ['Host: @@', 'Origin: https://page.example', 'Access-Control-Request-Method: PUT'];
    for (const path of ['/topics/a', '/', '/updates', '/ack']) {
      const answer = await request(broker, `OPTIONS ${path}`, [
        ...preflight,
        'Access-Control-Request-Headers: x-key,authorization',
      ]);
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([204, 'https://page.example']);
      expect(answer.headers['access-control-allow-methods']?.split(', ').sort()).toEqual([
        'DELETE',
        'GET',
        'HEAD',
        'POST',
        'PUT',
      ]);
      for (const header of ['Authorization', 'Content-Type', 'X-Key', 'Last-Event-ID']) {
        expect(answer.headers['access-control-allow-headers']).toContain(header);
      }
    }
  });
});

describe('Sec-Fetch-Site', () => {
  test.each(['cross-site', 'same-site'])('%s is refused, for it may be a request without Origin', async (site) => {
    const broker = await startBroker();
    for (const line of [
      'GET /updates?session=joe/1&oid=a',
      'GET /topics',
      PUBLISH,
      'POST /',
      'GET /openapi.json',
      'GET /healthz',
    ]) {
      await expectForbidden(
        broker,
        await request(broker, line, ['Host: @@', `Sec-Fetch-Site: ${site}`, 'Sec-Fetch-Mode: no-cors']),
      );
    }
  });

  test('cross-site may visit the home page, and nothing else', async () => {
    const broker = await startBroker();
    const visit = ['Host: @@', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Accept: text/html'];
    const home = await request(broker, 'GET /', visit);
    expect([home.status, home.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(home.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    for (const line of ['GET /topics', 'GET /updates?oid=a', 'POST /', 'GET //', 'GET /topics/a']) {
      await expectForbidden(broker, await request(broker, line, visit));
    }
  });

  test('cross-site is fine for allowed origins', async () => {
    const broker = await startBroker({ corsOrigin: ['https://page.example'] });
    const headers = ['Host: @@', 'Origin: https://page.example', 'Sec-Fetch-Site: cross-site'];
    expect((await request(broker, PUBLISH, headers)).status).toBe(201);
  });

  test.each(['same-origin', 'none'])('%s is fine', async (site) => {
    const broker = await startBroker();
    expect((await request(broker, PUBLISH, ['Host: @@', `Sec-Fetch-Site: ${site}`])).status).toBe(201);
  });
});
