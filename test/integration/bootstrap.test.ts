import { describe, expect, test } from 'vitest';
import { exceptionOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { exchange, RawClient } from '../helpers/raw.ts';

// What clients of the original ask for at the bootstrap port: protocol/http-legacy.md, "Bootstrap".

describe('the IOR of CORBA', () => {
  test.each([
    ['GET', '1.0', ''],
    ['GET', '1.0', 'Connection: keep-alive\r\n'],
    ['GET', '1.1', 'Host: localhost\r\n'],
    ['GET', '1.1', 'Host: localhost\r\nConnection: keep-alive\r\n'],
  ])('%s by HTTP/%s with "%s" gets a sentence and the end of the connection', async (method, version, headers) => {
    const broker = await startBroker();
    const answer = await exchange(broker.port, `${method} /AuthenticationService.ior HTTP/${version}\r\n${headers}\r\n`);
    expect(answer.status).toBe(404);
    expect(answer.headers['connection']).toBe('close');
    expect(exceptionOf(answer.body).message).toMatch(/^CORBA is not supported/);
  });

  test.each(['1.0', '1.1'])('HEAD by HTTP/%s gets the header and the end of the connection', async (version) => {
    const broker = await startBroker();
    const answer = await exchange(broker.port, `HEAD /AuthenticationService.ior HTTP/${version}\r\nHost: localhost\r\n\r\n`);
    expect([answer.status, answer.headers['connection'], answer.body]).toEqual([404, 'close', '']);
  });

  test('is told so to clients that end their header with a blank and read to the end', async () => {
    const broker = await startBroker();
    const client = await RawClient.connect(broker.port);
    client.write('GET /AuthenticationService.ior HTTP/1.0\r\n \n');
    expect(await client.closed()).toMatch(/^HTTP\/1\.0 404 [\s\S]*\r\nConnection: close\r\n\r\nCORBA is not supported/);
  });
});

test.each(['/status.html', '/healthz', '/nothing'])('HTTP/1.0 ends the connection behind %s', async (path) => {
  const broker = await startBroker();
  for (const method of ['GET', 'HEAD']) {
    const answer = await exchange(broker.port, `${method} ${path} HTTP/1.0\r\n\r\n`);
    expect([200, 404]).toContain(answer.status);
    expect(answer.body === '').toBe(method === 'HEAD');
  }
});
