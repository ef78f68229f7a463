import { describe, expect, test } from 'vitest';
import { exceptionOf, parseXml, textsOf } from '../helpers/answers.ts';
import { type Answer, startBroker, type TestBroker } from '../helpers/broker.ts';
import { hurriedClock } from '../helpers/clock.ts';
import { basic, logIn, passwordFile, SECRET, SECRET_BCRYPT } from '../helpers/passwords.ts';
import { codeOf, SocketClient } from '../helpers/socket.ts';

const DENIED = 'user.security.authentication.accessDenied';
const FORBIDDEN = 'user.security.authorization.notAuthorized';

async function startWith(lines: string, settings: Parameters<typeof startBroker>[0] = {}): Promise<TestBroker> {
  // Wrong passwords wait for their answers.
  return startBroker({ ...settings, passwordFile: passwordFile(lines).path }, { clock: hurriedClock() });
}

const connectAs = (user: string, password: string, rest = '') =>
  `<connect><qos><securityService><user>${user}</user><passwd>${password}</passwd></securityService>${rest}</qos></connect>`;

const outcomeOf = ({ status, body }: Answer) => (status < 400 ? String(status) : `${status} ${exceptionOf(body).code}`);

/** The codes with which a login over SOCKET is answered; '' is a session. */
async function socketOutcome(broker: TestBroker, user: string, password: string, session = ''): Promise<string> {
  return codeOf(await logIn(await SocketClient.open(broker.port), user, password, session));
}

describe('a user with a password', () => {
  const HASHES = [SECRET, SECRET_BCRYPT, '$apr1$uqoAQRb7$9zo7OQSmWIdjeRn6z8UhN.', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='];

  test.each(HASHES)('%s gets in with it, over HTTP and SOCKET, and with no other', async (hash) => {
    const broker = await startWith(`joe:${hash}`);
    expect((await broker.put('/topics/a', '1', basic('joe'))).status).toBe(201);
    for (const password of ['secret', 'Secret', '', 'secret'.repeat(1_000)]) {
      const isRight = password === 'secret';
      expect(outcomeOf(await broker.put('/topics/a', '1', basic('joe', password)))).toBe(isRight ? '200' : `401 ${DENIED}`);
      expect(outcomeOf(await broker.post(connectAs('joe', password)))).toBe(isRight ? '200' : `401 ${DENIED}`);
      expect(await socketOutcome(broker, 'joe', password)).toBe(isRight ? '' : DENIED);
      if (isRight) continue;
      expect(outcomeOf(await broker.put('/topics/a', '1', basic('sue', password))), 'an unknown user').toBe(`401 ${DENIED}`);
    }
  });

  test('of colons, blanks, quotes and letters of all kinds', async () => {
    const broker = await startWith('jürgen:$2y$05$u2rB9tk.NoYoxfuNc0ENEO0RFfbjSUVriYspzXH1p.PSmfhaKc/Z2');
    const password = 'pa:ss wörd ☃';
    expect((await broker.put('/topics/a', '1', basic('jürgen', password))).status).toBe(201);
    expect((await broker.post(connectAs('jürgen', password))).status).toBe(200);
    expect(await socketOutcome(broker, 'jürgen', password)).toBe('');
    expect(await socketOutcome(broker, 'jürgen', 'pa')).toBe(DENIED);
  });

  test('is told neither which of the two is wrong nor how to leave it out, but how to say it', async () => {
    const broker = await startWith(`joe:${SECRET}`);
    const sentences = [
      await broker.get('/topics/a', basic('joe', 'wrong')),
      await broker.get('/topics/a', basic('nobody', 'wrong')),
      await broker.post(connectAs('nobody', 'wrong')),
    ].map(({ body }) => exceptionOf(body).message);
    expect(new Set(sentences).size).toBe(1);
    for (const answer of [await broker.get('/topics/a', basic('joe', 'wrong')), await broker.get('/topics/a')]) {
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="xmlBlaster", charset="UTF-8"');
    }
    expect((await broker.post(connectAs('joe', 'x'))).headers.get('www-authenticate')).toMatch(/^Basic/);
  });

  test('does nothing before the password is checked', async () => {
    const broker = await startWith(`joe:${SECRET}`);
    const publish = '<publish><key oid="a"/></publish>';
    expect((await broker.post(`<xmlBlaster>${connectAs('joe', 'x')}${publish}</xmlBlaster>`)).status).toBe(401);
    expect((await broker.post(publish, '/', basic('joe', 'x'))).status).toBe(401);
    expect((await broker.post(publish)).status).toBe(401);
    expect((await broker.get('/topics/a', basic('joe'))).status).toBe(404);
    expect((await broker.post(`<xmlBlaster>${connectAs('joe', 'secret')}${publish}</xmlBlaster>`)).status).toBe(200);
    expect((await broker.get('/topics/a', basic('joe'))).status).toBe(200);
  });
});

describe('nobody in particular', () => {
  test('is refused everywhere but on pages that are for everybody', async () => {
    const broker = await startWith(`joe:${SECRET}`);
    const paths = ['/topics', '/topics/a', '/updates?oid=a', '/updates?timeout=0'];
    for (const path of paths) expect(outcomeOf(await broker.get(path)), path).toBe(`401 ${DENIED}`);
    for (const path of ['/', '/healthz', '/openapi.json']) expect((await broker.get(path)).status, path).toBe(200);
    for (const script of [
      '<ping/>',
      '<get><key oid="a"/></get>',
      '<connect/>',
      "<connect><qos><session name='joe/1'/></qos></connect>",
    ]) {
      expect(outcomeOf(await broker.post(script)), script).toBe(`401 ${DENIED}`);
    }
    const client = await SocketClient.open(broker.port);
    for (const qos of ['<qos/>', "<qos><session name='joe/1'/></qos>", '<qos><securityService/></qos>']) {
      expect(codeOf(await client.call('connect', qos, '')), qos).toBe(DENIED);
    }
  });

  test('is guest, where guest needs no password', async () => {
    const broker = await startWith(`joe:${SECRET}\nguest::get`);
    expect(outcomeOf(await broker.get('/topics'))).toBe('200');
    expect(outcomeOf(await broker.put('/topics/a', '1'))).toBe(`403 ${FORBIDDEN}`);
    expect(outcomeOf(await broker.get('/updates?session=guest/1&timeout=0'))).toBe('204');
    expect(outcomeOf(await broker.get('/updates?session=joe/1&timeout=0'))).toBe(`403 ${FORBIDDEN}`);
    expect(codeOf(await (await SocketClient.open(broker.port)).call('connect', '<qos/>', ''))).toBe('');
  });
});

describe('the lines of a password file', () => {
  test('*: whoever has no line of its own has this one', async () => {
    const broker = await startWith(`joe:${SECRET}\n*:{SHA}Ys23Ag/5IOWqZCw9QGaVDdHwH00=:get`);
    expect(await socketOutcome(broker, 'sue', 'bar')).toBe('');
    expect(await socketOutcome(broker, 'joe', 'bar')).toBe(DENIED);
    expect(outcomeOf(await broker.put('/topics/a', '', basic('sue', 'bar')))).toBe(`403 ${FORBIDDEN}`);
    expect(outcomeOf(await broker.put('/topics/a', '', basic('joe')))).toBe('201');
  });

  test('* alone lets everybody in, but nobody as somebody with a line', async () => {
    const broker = await startWith(`joe:${SECRET}\n*`);
    expect(outcomeOf(await broker.put('/topics/a', '1'))).toBe('201');
    expect(await socketOutcome(broker, 'sue', 'whatever')).toBe('');
    expect(outcomeOf(await broker.get('/updates?session=sue/1&timeout=0'))).toBe('204');
    expect(outcomeOf(await broker.get('/updates?session=joe/1&timeout=0'))).toBe(`403 ${FORBIDDEN}`);
    expect(await socketOutcome(broker, 'joe', 'whatever')).toBe(DENIED);
  });

  test('count for names that begin or end like theirs only when that is wanted; the longest wins', async () => {
    const lines = `joe:${SECRET}:get\n@example.org:${SECRET}:publish\n.example.org:${SECRET}:erase`;
    const broker = await startWith(lines, { partialUserNames: true });
    expect(outcomeOf(await broker.get('/topics', basic('joe-7')))).toBe('200');
    expect(outcomeOf(await broker.put('/topics/a', '', basic('sue@example.org')))).toBe('201');
    expect(outcomeOf(await broker.put('/topics/a', '', basic('joe@example.org')))).toBe('200');
    expect(outcomeOf(await broker.put('/topics/a', '', basic('joe.example.org')))).toBe(`403 ${FORBIDDEN}`);
    expect(outcomeOf(await broker.get('/topics', basic('sue', 'secret')))).toBe(`401 ${DENIED}`);
    const exact = await startWith(lines);
    expect(outcomeOf(await exact.get('/topics', basic('joe-7')))).toBe(`401 ${DENIED}`);
    expect(outcomeOf(await exact.get('/topics', basic('joe')))).toBe('200');
  });

  test('!connect keeps a user out who knows the password', async () => {
    const broker = await startWith(`joe:${SECRET}:!connect`);
    expect(outcomeOf(await broker.get('/topics', basic('joe')))).toBe(`403 ${FORBIDDEN}`);
    expect(await socketOutcome(broker, 'joe', 'secret')).toBe(FORBIDDEN);
  });
});

describe('sessions', () => {
  const FILE = `joe:${SECRET}\nsue:${SECRET}`;

  test('of a name are for its own user: with the password, or with the secret id afterwards', async () => {
    const broker = await startWith(FILE);
    const poll = (headers: Record<string, string>) => broker.get('/updates?session=joe/1&oid=a&timeout=0', headers);
    expect(outcomeOf(await poll({}))).toBe(`403 ${FORBIDDEN}`);
    expect(outcomeOf(await poll(basic('sue')))).toBe(`403 ${FORBIDDEN}`);
    expect(outcomeOf(await poll(basic('joe', 'wrong')))).toBe(`401 ${DENIED}`);
    expect(outcomeOf(await poll(basic('joe')))).toBe('204');
    const connected = await broker.post(connectAs('joe', 'secret', "<session name='joe/1'/>"));
    const session = parseXml(connected.body).getElementsByTagName('session').item(0);
    const secret = { Authorization: `Bearer ${session?.getAttribute('sessionId')}` };
    await broker.put('/topics/a', 'for joe', basic('sue'));
    expect(textsOf((await broker.get('/updates?timeout=0', secret)).body)).toEqual(['for joe']);
    expect(outcomeOf(await broker.post('<connect/>', '/', secret)), 'a further session of joe').toBe('200');
  });

  test('are not taken over with the password of somebody else, or none', async () => {
    const broker = await startWith(FILE);
    expect(await socketOutcome(broker, 'joe', 'secret', 'joe/1')).toBe('');
    expect(await socketOutcome(broker, 'joe', 'wrong', 'joe/1')).toBe(DENIED);
    expect(await socketOutcome(broker, 'sue', 'secret', 'joe/1')).toBe(DENIED);
    expect(outcomeOf(await broker.post(connectAs('sue', 'secret', "<session name='joe/1'/>")))).toBe(`401 ${DENIED}`);
    const asSue = await broker.post("<connect><qos><session name='joe/1'/></qos></connect>", '/', basic('sue'));
    expect(outcomeOf(asSue)).toBe(`401 ${DENIED}`);
    const asJoe = await broker.post("<connect><qos><session name='joe/1'/></qos></connect>", '/', basic('joe'));
    expect(asJoe.body).toContain('<reconnected/>');
  });

  test('have ids that nobody guesses: 24 random bytes, none twice', async () => {
    const broker = await startBroker({ maxSessionsPerSubject: 1_000 });
    const client = await SocketClient.open(broker.port);
    const ids: string[] = [];
    for (let i = 0; i < 200; i++) ids.push((await client.call('connect', '<qos/>', '')).session);
    expect(new Set(ids).size).toBe(200);
    const random = Buffer.concat(ids.map((id) => Buffer.from(id.replace('sessionId:', ''), 'base64url')));
    expect(random.length).toBe(200 * 24);
    const bits = random.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(Math.abs(bits - random.length * 4)).toBeLessThan(800); // eight standard deviations
  });
});
