import { describe, expect, test } from 'vitest';
import { encodeMethodCall, type RpcValue } from '../../src/codec/xmlrpc.ts';
import { startBroker } from '../helpers/broker.ts';
import { exchange, RawClient } from '../helpers/raw.ts';
import { call, callbackQos, login } from '../helpers/xmlrpc.ts';

// The methods of XML-RPC through the wire (protocol/xmlrpc.md).

const OK = "<qos><state id='OK'/></qos>";
const NO_QOS = '<qos/>';

describe('methods', () => {
  test('publish takes strings and bytes, apart or in an array; get gives them back', async () => {
    const { port } = await startBroker();
    const id = await login(port, 'joe');
    const bytes = Buffer.from([0, 1, 2, 255]);
    const first = await call(port, 'xmlBlaster.publish', id, "<key oid='a'/>", 'one ä', NO_QOS);
    expect(first).toMatch(/<key oid='a'\/>\n <rcvTimestamp nanos='\d+'\/>/);
    await call(port, 'xmlBlaster.publish', id, "<key oid='b'/>", bytes, NO_QOS);
    await call(port, 'xmlBlaster.publish', id, ["<key oid='c'/>", 'three', NO_QOS]);
    const many = await call(port, 'xmlBlaster.publishArr', id, [
      ["<key oid='d'/>", bytes, NO_QOS],
      ["<key oid='e'/>", '5', NO_QOS],
    ]);
    expect(many).toHaveLength(2);
    expect(await call(port, 'xmlBlaster.publishOneway', id, [["<key oid='f'/>", bytes, NO_QOS]])).toBe('');
    const get = async (oid: string, ...rest: string[]) => {
      const units = (await call(port, 'xmlBlaster.get', id, `<key oid='${oid}'/>`, NO_QOS, ...rest)) as RpcValue[][];
      return units.map(([, content]) => content);
    };
    expect(await get('a')).toEqual([Buffer.from('one ä')]);
    expect(await get('a', 'true')).toEqual(['one ä']);
    expect(await get('b')).toEqual([bytes]);
    expect(await get('c', 'true')).toEqual(['three']);
    expect(await get('f')).toEqual([bytes]);
    expect(await get('nothing')).toEqual([]);
    expect(await call(port, 'xmlBlaster.erase', id, "<key oid='a'/>", NO_QOS)).toEqual([expect.stringContaining('<isErase/>')]);
  });

  test('connect has one parameter, or a session id before it; the id is the last attribute of <session>', async () => {
    const { port } = await startBroker();
    const qos = "<qos><session name='joe/1'/></qos>";
    const first = String(await call(port, 'authenticate.connect', qos));
    const id = /<session [^>]* sessionId='([^']+)'\/>/.exec(first)?.[1] ?? '';
    expect(await call(port, 'authenticate.connect', null, qos)).toContain('<reconnected/>');
    expect(await call(port, 'authenticate.connect', id, qos)).toContain(`sessionId='${id}'/>`);
    expect(await call(port, 'authenticate.disconnect', id, NO_QOS)).toBe(OK);
    await expect(call(port, 'xmlBlaster.get', id, "<key oid='a'/>", NO_QOS)).rejects.toThrow('authentication.accessDenied');
  });

  test('ping, logout and toXml answer', async () => {
    const { port } = await startBroker();
    const id = await login(port, 'joe');
    expect(await call(port, 'xmlBlaster.ping', '')).toBe(OK);
    expect(await call(port, 'authenticate.ping', NO_QOS)).toBe(OK);
    expect(await call(port, 'xmlBlaster.toXml', id)).toContain('<xmlBlaster id=');
    await expect(call(port, 'xmlBlaster.toXml', '')).rejects.toThrow('authentication.accessDenied');
    expect(await call(port, 'authenticate.logout', id)).toBe(OK);
  });

  test('a client that polls names any callback, and consumes its queue', async () => {
    const { port } = await startBroker();
    const id = await login(
      port,
      'joe/1',
      callbackQos('nobody@example.org', "dispatcherActive='false'").replace('XMLRPC', 'EMAIL'),
    );
    await call(port, 'xmlBlaster.subscribe', id, "<key oid='a'/>", NO_QOS);
    await call(port, 'xmlBlaster.publish', id, "<key oid='a'/>", 'one', NO_QOS);
    const query =
      '<qos><querySpec type="QueueQuery"><![CDATA[maxEntries=-1&maxSize=-1&consumable=true&waitingDelay=0]]></querySpec></qos>';
    const key = "<key oid='__cmd:client/joe/1/?callbackQueueEntries'/>";
    const consume = async () => (await call(port, 'xmlBlaster.get', id, key, query, 'true')) as RpcValue[][];
    expect((await consume()).map(([, content]) => content)).toEqual(['one']);
    expect(await consume()).toEqual([]);
  });
});

describe('HTTP', () => {
  test('POST / and /RPC2 take it, and on a port of its own any path', async () => {
    const broker = await startBroker({ xmlrpcPort: 0 });
    const body = `<?xml version="1.0"?>\n<!-- a comment -->\n${encodeMethodCall('xmlBlaster.ping', ['']).replace(/<\?.*?\?>/, '')}`;
    expect((await broker.post(body)).body).toContain('OK');
    expect((await broker.post(body, '/RPC2')).body).toContain('OK');
    expect((await broker.post(body, '/elsewhere')).status).toBe(404);
    const own = await fetch(`http://127.0.0.1:${broker.xmlrpcPort}/elsewhere/x`, { method: 'POST', body });
    expect([own.status, own.headers.get('content-type')]).toEqual([200, 'text/xml']);
    expect(await own.text()).toContain('OK');
  });

  test('HTTP/1.0, and Expect: 100-continue', async () => {
    const { port } = await startBroker();
    const body = encodeMethodCall('xmlBlaster.ping', []);
    const old = await exchange(port, `POST / HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect([old.status, old.body]).toEqual([200, expect.stringContaining('OK')]);
    const client = await RawClient.connect(port);
    client.write(`POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    await client.until(/100 Continue/);
    client.write(body);
    await client.until(/200 OK[\s\S]*OK/);
    client.destroy();
  });

  test('pages of other sites are refused', async () => {
    const broker = await startBroker({ xmlrpcPort: 0 });
    const body = encodeMethodCall('xmlBlaster.ping', ['']);
    for (const headers of [{ Origin: 'http://example.org' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      expect((await broker.post(body, '/', headers)).status).toBe(403);
      expect((await broker.post(body, '/RPC2', headers)).status).toBe(403);
      const own = await fetch(`http://127.0.0.1:${broker.xmlrpcPort}/`, { method: 'POST', body, headers });
      expect([own.status, await own.text()]).toEqual([403, expect.stringContaining('notAuthorized')]);
    }
    const host = await exchange(
      broker.port,
      `POST / HTTP/1.0\r\nHost: example.org\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(host.status).toBe(403);
  });
});

describe('bad input is a fault with status 200', () => {
  const deep = `${'<value><array><data>'.repeat(10_000)}${'</data></array></value>'.repeat(10_000)}`;
  const param = (value: string) =>
    `<methodCall><methodName>xmlBlaster.ping</methodName><params><param>${value}</param></params></methodCall>`;

  test.each([
    ['no XML', 'garbage', 'user.illegalArgument'],
    ['another root', '<ping/>', 'user.illegalArgument'],
    ['a DTD', `<!DOCTYPE a [<!ENTITY b "c">]>${param('<value>&b;</value>')}`, 'user.illegalArgument'],
    ['10,000 nested arrays', param(deep), 'user.maxSizeExceed'],
    ['base64 that is none', param('<value><base64>a=b</base64></value>'), 'base64'],
    ['a number that is none', param('<value><int>x</int></value>'), 'no number'],
    ['an unknown type', param('<value><uuid>x</uuid></value>'), 'is unknown'],
    ['elements in a string', param('<value><string>a<b/></string></value>'), 'escape'],
    ['two values in one', param('<value><int>1</int><int>2</int></value>'), 'two elements'],
    ['too many values', param(`<value><array><data>${'<value/>'.repeat(20_001)}</data></array></value>`), 'user.maxSizeExceed'],
    ['no method name', '<methodCall/>', 'methodName'],
    ['an unknown method', encodeMethodCall('xmlBlaster.noSuchMethod', []), 'No such handler: xmlBlaster.noSuchMethod'],
    ['a method of objects', encodeMethodCall('constructor', []), 'No such handler: constructor'],
    ['wrong arity', encodeMethodCall('xmlBlaster.get', ['x']), 'No method matching arguments'],
    ['a wrong type', encodeMethodCall('xmlBlaster.get', ['x', 1, 'y']), 'string, number, string'],
    ['three parameters of login', encodeMethodCall('authenticate.login', ['a', 'b', 'c']), 'No method matching arguments'],
    ['a key that is no XML', encodeMethodCall('authenticate.connect', ['<qos><']), 'user.illegalArgument'],
  ])('%s', async (_what, body, message) => {
    const broker = await startBroker();
    const answer = await broker.post(body, '/RPC2');
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('<fault>');
    expect(answer.body).toContain(message);
  });

  test('an encoding that nobody reads', async () => {
    const broker = await startBroker();
    const answer = await broker.post('<?xml version="1.0" encoding="EBCDIC"?><methodCall/>', '/RPC2');
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('<fault>')]);
  });
});
