import { describe, expect, test } from 'vitest';
import { exceptionOf, textsOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { basic, logIn, passwordFile, SECRET } from '../helpers/passwords.ts';
import { codeOf, SocketClient } from '../helpers/socket.ts';

const FORBIDDEN = 'user.security.authorization.notAuthorized';

const EXACT = (oid: string) => `<key oid='${oid}'/>`;
const XPATH = (expression: string) => `<key queryType='XPATH'>${expression}</key>`;
const DOMAIN = (domain: string) => `<key queryType='DOMAIN' domain='${domain}'/>`;

const VERBS = ['publish', 'subscribe', 'unSubscribe', 'get', 'erase'] as const;

async function startWith(rights: string): Promise<TestBroker> {
  return startBroker({ passwordFile: passwordFile(`boss:${SECRET}\njoe:${SECRET}:${rights}`).path });
}

/** What joe may do with a key, over HTTP; anything but a refusal counts as allowed. */
async function allowedOverHttp(broker: TestBroker, key: string): Promise<string[]> {
  const allowed: string[] = [];
  for (const verb of VERBS) {
    const { status, body } = await broker.post(`<${verb}>${key}</${verb}>`, '/?session=joe/1', basic('joe'));
    if (status !== 403) allowed.push(verb);
    else expect(exceptionOf(body).code).toBe(FORBIDDEN);
  }
  return allowed;
}

async function allowedOverSocket(broker: TestBroker, key: string): Promise<string[]> {
  const client = await SocketClient.open(broker.port);
  await logIn(client, 'joe');
  const allowed: string[] = [];
  for (const verb of VERBS) {
    const answer = await client.call(verb, `<qos/>\0${key}\0${verb === 'publish' ? '0\0' : ''}`);
    if (codeOf(answer) !== FORBIDDEN) allowed.push(verb);
  }
  return allowed;
}

test.each<[rights: string, key: string, allowed: readonly string[]]>([
  ['', EXACT('a'), VERBS],
  ['connect', EXACT('a'), []],
  ['publish(a;b),get', EXACT('a'), ['publish', 'get']],
  ['publish(a;b),get', EXACT('c'), ['get']],
  ['publish(a;b),get', XPATH('//a'), ['get']],
  ['!erase', EXACT('a'), ['publish', 'subscribe', 'unSubscribe', 'get']],
  ['! subscribe,unSubscribe', DOMAIN('sport'), ['publish', 'get', 'erase']],
  ['subscribe(domain:sport),erase(startsWith:sp)', DOMAIN('sport'), ['subscribe']],
  ['subscribe(domain:sport),erase(startsWith:sp)', DOMAIN('news'), []],
  ['subscribe(domain:sport),erase(startsWith:sp)', EXACT('sport'), ['erase']],
  [`get("xpath://key[starts-with(@oid,'s')]")`, XPATH("//key[starts-with(@oid,'s')]"), ['get']],
  [`get("xpath://key[starts-with(@oid,'s')]")`, XPATH("//key[starts-with(@oid,'t')]"), []],
  [`get("xpath://key[starts-with(@oid,'s')]")`, EXACT('s'), []],
])('%j allows with %s: %j', async (rights, key, allowed) => {
  const broker = await startWith(rights);
  // A publish with the key of a query is another error than one that is not allowed.
  const isQuery = key.includes('queryType');
  const expected = allowed.filter((verb) => !isQuery || verb !== 'publish');
  const withoutPublish = (verbs: string[]) => verbs.filter((verb) => !isQuery || verb !== 'publish');
  expect(withoutPublish(await allowedOverHttp(broker, key))).toEqual(expected);
  expect(withoutPublish(await allowedOverSocket(broker, key))).toEqual(expected);
});

describe('without XML', () => {
  test('the same rights count, and say what is missing', async () => {
    const broker = await startWith('publish(mine),get(mine;read)');
    for (const oid of ['mine', 'read', 'secret']) await broker.put(`/topics/${oid}`, oid, basic('boss'));
    const status = async (method: string, path: string) => {
      const answer = await broker.fetch(path, { method, headers: basic('joe') });
      await answer.text();
      return answer.status;
    };
    expect(await status('PUT', '/topics/mine')).toBe(200);
    expect(await status('PUT', '/topics/read')).toBe(403);
    expect(await status('GET', '/topics/read')).toBe(200);
    expect(await status('GET', '/topics/secret')).toBe(403);
    expect(await status('GET', '/topics/secret?history=2')).toBe(403);
    expect(await status('GET', '/topics/unknown')).toBe(403);
    expect(await status('DELETE', '/topics/mine')).toBe(403);
    expect(await status('GET', '/topics?xpath=//key')).toBe(403);
    expect(await status('GET', '/topics?oid=secret')).toBe(403);
    expect(await status('GET', '/updates?oid=mine')).toBe(403);
    expect(await status('GET', '/updates?xpath=//key')).toBe(403);
    const { body } = await broker.get('/topics/secret', basic('joe'));
    expect(exceptionOf(body).message).toBe('joe may not get on the topic "secret"');
  });

  test('a list of topics shows those that the user may get', async () => {
    const broker = await startWith('get(mine;startsWith:read)');
    for (const oid of ['mine', 'read/1', 'secret']) await broker.put(`/topics/${oid}`, oid, basic('boss'));
    const list = async (user: string) =>
      [...(await broker.get('/topics', basic(user))).body.matchAll(/oid='(.*?)'/g)].map(([, oid]) => oid);
    expect(await list('joe')).toEqual(['mine', 'read/1']);
    expect(await list('boss')).toEqual(['mine', 'read/1', 'secret']);
  });
});

describe('a query that is allowed', () => {
  test('may have all that it finds, also what could not be asked for by name', async () => {
    const broker = await startWith('subscribe(xpath://sport;domain:news),get(xpath://sport)');
    const subscribe = (key: string) => broker.post(`<subscribe>${key}</subscribe>`, '/?session=joe/1', basic('joe'));
    for (const key of [XPATH('//sport'), DOMAIN('news')]) expect((await subscribe(key)).status).toBe(200);
    expect((await subscribe(EXACT('tennis'))).status).toBe(403);
    const put = (oid: string, key: string) => broker.put(`/topics/${oid}`, oid, { ...basic('boss'), 'X-Key': key });
    await put('tennis', '<sport/>');
    await put('weather', "<key domain='news'/>");
    await put('letters', '<letter/>');
    const { body } = await broker.get('/updates?session=joe/1&timeout=0', basic('joe'));
    expect(textsOf(body)).toEqual(['tennis', 'weather']);
    expect(textsOf((await broker.post(`<get>${XPATH('//sport')}</get>`, '/', basic('joe'))).body)).toEqual(['tennis']);
  });
});

test('a subscription is ended by its id wherever unSubscribe is allowed at all', async () => {
  const broker = await startWith('subscribe,unSubscribe(a)');
  const run = (xml: string) => broker.post(xml, '/?session=joe/1', basic('joe'));
  const id = /id='(__subId:[^']*)'/.exec((await run(`<subscribe>${EXACT('b')}</subscribe>`)).body)?.[1] ?? '';
  expect((await run(`<unSubscribe>${EXACT('b')}</unSubscribe>`)).status).toBe(403);
  expect((await run(`<unSubscribe>${EXACT(id)}</unSubscribe>`)).body).toContain(id);
});

test('a script ends with the first command that is not allowed, in the middle of an array too', async () => {
  const broker = await startWith('publish(a;b)');
  const message = (oid: string) => `<message>${EXACT(oid)}<content>1</content></message>`;
  const { status, body } = await broker.post(
    `<publishArr>${message('a')}${message('c')}${message('b')}</publishArr>`,
    '/',
    basic('joe'),
  );
  expect([status, exceptionOf(body).code]).toEqual([403, FORBIDDEN]);
  const topics = (await broker.get('/topics', basic('boss'))).body;
  expect([topics.includes("oid='a'"), topics.includes("oid='b'"), topics.includes("oid='c'")]).toEqual([true, false, false]);
});

test('the right of one user is not that of another in the same request: the last connect counts', async () => {
  const broker = await startWith('get');
  const connect = (user: string) =>
    `<connect><qos><securityService><user>${user}</user><passwd>secret</passwd></securityService></qos></connect>`;
  const publish = (oid: string) => `<publish>${EXACT(oid)}</publish>`;
  const asBoss = await broker.post(`<xmlBlaster>${connect('boss')}${publish('a')}</xmlBlaster>`, '/', basic('joe'));
  expect(asBoss.status).toBe(200);
  const asJoe = await broker.post(`<xmlBlaster>${connect('joe')}${publish('b')}</xmlBlaster>`, '/', basic('boss'));
  expect(asJoe.status).toBe(403);
});
