import { describe, expect, test } from 'vitest';
import { child, exceptionOf, parseXml, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';

describe('PUT /topics/{oid}', () => {
  test.each(['PUT', 'POST'])('as %s publishes the body: 201 for a new topic, else 200, with the return QoS', async (method) => {
    const broker = await startBroker();
    for (const status of [201, 200]) {
      const answer = await broker.fetch('/topics/a', { method, body: 'x' });
      const qos = parseXml(await answer.text());
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toBe('application/xml; charset=utf-8');
      expect([qos.nodeName, child(qos, 'key')?.getAttribute('oid')]).toEqual(['qos', 'a']);
      expect(child(qos, 'rcvTimestamp')?.getAttribute('nanos')).toMatch(/^\d{19}$/);
    }
  });

  test('is 201 for a topic that somebody has only subscribed so far', async () => {
    const broker = await startBroker();
    await broker.get('/updates?session=joe/1&oid=a&timeout=0');
    expect((await broker.get('/topics/a')).status).toBe(404);
    expect((await broker.put('/topics/a', 'x')).status).toBe(201);
  });

  test('keeps every byte', async () => {
    const broker = await startBroker();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 3);
    await broker.put('/topics/a', bytes, { 'Content-Type': 'image/png' });
    const answer = await broker.fetch('/topics/a');
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), bytes)).toBe(0);
    expect(answer.headers.get('content-length')).toBe('100000');
    const [update] = readMessages((await broker.get('/updates?oid=a&timeout=0')).body);
    expect(update && Buffer.compare(update.content, bytes)).toBe(0);
    await broker.put('/topics/a', '');
    expect(await broker.get('/topics/a')).toMatchObject({ status: 200, body: '' });
  });

  test('takes priority, lifeTime and persistent', async () => {
    const broker = await startBroker();
    const { body } = await broker.put('/topics/a?priority=HIGH&lifeTime=60000&persistent=true', 'x');
    expect(child(parseXml(body), 'state')?.getAttribute('info')).toContain('do not survive a restart');
    const [message] = readMessages((await broker.get('/topics/a?history=1')).body);
    expect(message && child(message.qos, 'priority')?.textContent).toBe('HIGH');
    expect(message && child(message.qos, 'expiration')?.getAttribute('lifeTime')).toBe('60000');
    expect(message && child(message.qos, 'persistent')).toBeDefined();
  });

  test.each([
    'priority=10',
    'priority=urgent',
    'lifeTime=x',
    'lifeTime=1.5',
    'persistent=1',
    'destination=joe/x',
    'mime=x',
    'key=<a>',
  ])('refuses %s and publishes nothing', async (parameter) => {
    const broker = await startBroker();
    const { status, body } = await broker.put(`/topics/a?${parameter}`, 'x');
    expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
    expect((await broker.get('/topics/a')).status).toBe(404);
  });
});

describe('the Content-Type of a topic', () => {
  test.each([
    ['image/png', 'image/png'],
    ['text/html; charset=utf-8', 'text/html; charset=utf-8'],
    ['application/vnd.x+json;version=1', 'application/vnd.x+json;version=1'],
    ['application/x-www-form-urlencoded', 'text/plain; charset=utf-8'],
    ['text/plain', 'text/plain'],
    ['garbage', 'application/octet-stream'],
    ['garbage;;;', 'application/octet-stream'],
    ['text/', 'application/octet-stream'],
    ['a b/c', 'application/octet-stream'],
    [`text/${'x'.repeat(200)}`, 'application/octet-stream'],
  ])('%s comes back as %s', async (sent, got) => {
    const broker = await startBroker();
    expect((await broker.put('/topics/a', 'x', { 'Content-Type': sent })).status).toBe(201);
    for (const path of ['/topics/a', '/updates?oid=a&timeout=0&content=raw']) {
      const { headers, body } = await broker.get(path);
      expect([headers.get('content-type'), body]).toEqual([got, 'x']);
    }
  });

  test('is text in UTF-8 when there is none', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', Buffer.from('x'));
    expect((await broker.get('/topics/a')).headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('never lets a stranger’s content be more than content', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', '<script>alert(1)</script>', { 'Content-Type': 'text/html' });
    for (const path of ['/topics/a', '/topics/a?history=1', '/updates?oid=a&timeout=0', '/updates?oid=a&timeout=0&content=raw']) {
      const { headers } = await broker.get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('GET /topics/{oid}', () => {
  test('is the newest message, as HEAD without its body', async () => {
    const broker = await startBroker();
    for (const text of ['1', '2', '333']) await broker.put('/topics/a', text);
    expect((await broker.get('/topics/a')).body).toBe('333');
    const head = await broker.fetch('/topics/a', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '3', '']);
    expect((await broker.fetch('/topics/b', { method: 'HEAD' })).status).toBe(404);
  });

  test('with history is XML, newest first', async () => {
    const broker = await startBroker();
    for (let i = 1; i <= 12; i++) await broker.put('/topics/a', String(i));
    expect(textsOf((await broker.get('/topics/a?history=2')).body)).toEqual(['12', '11']);
    expect(textsOf((await broker.get('/topics/a?history=1')).body)).toEqual(['12']);
    expect(textsOf((await broker.get('/topics/a?history=-1')).body), 'a topic remembers 10').toHaveLength(10);
    expect((await broker.get('/topics/a?history=x')).status).toBe(400);
  });

  test('is 404 without a message, saying what is the matter', async () => {
    const broker = await startBroker();
    await broker.put('/topics/volatile?lifeTime=0', 'x');
    const unknown = await broker.get('/topics/unknown');
    const empty = await broker.get('/topics/volatile');
    expect([unknown.status, exceptionOf(unknown.body)]).toEqual([
      404,
      { code: 'user.oid.unknown', message: expect.stringContaining('does not exist') },
    ]);
    expect([empty.status, exceptionOf(empty.body)]).toEqual([
      404,
      { code: 'user.oid.unknown', message: expect.stringContaining('no message') },
    ]);
  });
});

describe('DELETE /topics/{oid}', () => {
  test('erases, tells the subscribers, and is 404 when there is nothing', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', 'x');
    await broker.get('/updates?session=joe/1&oid=a&timeout=0&history=0');
    const answer = await broker.fetch('/topics/a', { method: 'DELETE' });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect((await broker.get('/topics/a')).status).toBe(404);
    const [update] = readMessages((await broker.get('/updates?session=joe/1&timeout=0')).body);
    expect(update && child(update.qos, 'state')?.getAttribute('id')).toBe('ERASED');
    expect(update?.oid).toBe('a');
    expect((await broker.fetch('/topics/a', { method: 'DELETE' })).status).toBe(404);
    expect((await broker.put('/topics/a', 'again')).status).toBe(201);
  });
});

describe('GET /topics', () => {
  test('is the keys of all topics, or of those that match, as one document', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', '', { 'X-Key': '<AGENT id="1"><DRIVER/></AGENT>' });
    await broker.put('/topics/b', '', { 'X-Key': '<key domain="d"><!-- kept --></key>' });
    await broker.get('/updates?session=joe/1&oid=nokey&timeout=0');
    const oids = async (query: string) => {
      const root = parseXml((await broker.get(`/topics${query}`)).body);
      expect(root.nodeName).toBe('xmlBlaster');
      return [...root.getElementsByTagName('key')].map((key) => key.getAttribute('oid'));
    };
    expect(await oids('')).toEqual(['a', 'b']);
    expect(await oids(`?xpath=${encodeURIComponent("//AGENT[@id='1']/DRIVER")}`)).toEqual(['a']);
    expect(await oids('?xpath=/xmlBlaster/key')).toEqual(['a', 'b']);
    expect(await oids('?xpath=/key')).toEqual([]);
    expect(await oids('?xpath=count(//AGENT)=0')).toEqual(['b']);
    expect(await oids('?domain=d')).toEqual(['b']);
    expect(await oids('?oid=a')).toEqual(['a']);
    expect((await broker.get('/topics')).body).toContain('<!-- kept -->');
    expect((await broker.get('/topics?oid=a&domain=d')).status).toBe(400);
    expect((await broker.get('/topics?colour=red')).status).toBe(400);
  });

  test('does not mix up the topics of different scripts, and outgrows one answer', async () => {
    const broker = await startBroker();
    const script = Array.from({ length: 1_000 }, (_, i) => `<publish><key oid="t${i}">${'x'.repeat(200)}</key></publish>`);
    await broker.post(`<xmlBlaster>${script.join('')}</xmlBlaster>`);
    expect([...parseXml((await broker.get('/topics')).body).getElementsByTagName('key')]).toHaveLength(1_000);
  });
});
