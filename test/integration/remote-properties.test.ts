import { describe, expect, test } from 'vitest';
import { exceptionOf, parseXml, propertiesOf, readMessages } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { basic, passwordFile, SECRET } from '../helpers/passwords.ts';
import { readStatistics } from '../helpers/statistics.ts';

// protocol/http.md, "Properties of sessions".

const KEY = '<key oid="__sys__remoteProperties"/>';
const NOT_ALLOWED = 'user.security.authorization.notAuthorized';

function qosOf(properties: Record<string, string>, rest = ''): string {
  const elements = Object.entries(properties).map(([name, value]) => `<clientProperty name="${name}">${value}</clientProperty>`);
  return `<qos>${rest}${elements.join('')}</qos>`;
}

/** One user's requests in a session. */
function client(broker: TestBroker, name: string) {
  const headers = basic(name.replace(/\/.*/, ''));
  const post = (xml: string) => broker.post(xml, `/?session=${name}`, headers);
  return {
    connect: (properties: Record<string, string>) =>
      broker.post(`<connect>${qosOf(properties, `<session name="${name}"/>`)}</connect>`, '/', headers),
    publish: (content: string, properties: Record<string, string> = {}, rest = '') =>
      post(`<publish>${KEY}<content>${content}</content>${qosOf(properties, rest)}</publish>`),
    disconnect: () => post('<disconnect/>'),
    ask: (properties: Record<string, string> = {}) => post(`<get>${KEY}${qosOf(properties)}</get>`),
    /** Of the session, or of the one that is named; undefined: there is none. */
    async properties(sessionName?: string): Promise<Record<string, string> | undefined> {
      const { body } = await this.ask(sessionName === undefined ? {} : { __sessionName: sessionName });
      const [message] = readMessages(body);
      if (message) expect([message.oid, message.text]).toEqual(['__sys__remoteProperties', '']);
      return message && propertiesOf(message.qos);
    },
  };
}

const stateOf = (body: string): string => parseXml(body).getElementsByTagName('state').item(0)?.getAttribute('id') ?? 'OK';

async function startWithUsers(): Promise<TestBroker> {
  const file = passwordFile(`boss:${SECRET}:admin,connect,disconnect,publish,get\njoe:${SECRET}:!admin\nann:${SECRET}:!admin`);
  return startBroker({ passwordFile: file.path });
}

describe('a session keeps client properties', () => {
  test('of a connect that says so, without the flag; the clock of the client as an offset', async () => {
    const clock = new ManualClock(Date.parse('2026-11-23T12:00:00Z'));
    const broker = await startBroker({}, { clock });
    const offsetOf = async (utc: string) => {
      const joe = client(broker, 'joe/1');
      await joe.connect({ __remoteProperties: 'true', host: 'here', __UTC: utc });
      const properties = await joe.properties();
      await joe.disconnect();
      return properties;
    };
    expect(await offsetOf('2026-11-23T11:59:57Z')).toEqual({ host: 'here', __timeOffset: 'PT3S' });
    expect(await offsetOf('2026-11-23 12:00:00Z')).toEqual({ host: 'here', __timeOffset: 'PT0S' });
    expect(await offsetOf('2026-11-23 10:28:58.500Z')).toEqual({ host: 'here', __timeOffset: 'PT1H31M1.500S' });
    expect(await offsetOf('2026-11-23T13:00:00.250Z')).toEqual({ host: 'here', __timeOffset: 'PT-1H-0.250S' });
    expect(await offsetOf('soon')).toEqual({ host: 'here' });
  });

  test('and of no other one; a reconnect adds to them', async () => {
    const broker = await startBroker();
    const joe = client(broker, 'joe/1');
    await joe.connect({ host: 'here' });
    expect(await joe.properties()).toEqual({});
    await joe.connect({ __remoteProperties: 'true', host: 'here', a: '1' });
    await joe.connect({ __remoteProperties: 'false', a: '2' });
    expect(await joe.properties()).toEqual({ host: 'here', a: '1' });
    await joe.connect({ __remoteProperties: 'true', a: '3', b: '4' });
    expect(await joe.properties()).toEqual({ host: 'here', a: '3', b: '4' });
  });

  test('that it publishes: merge, set, clear, by prefix too', async () => {
    const joe = client(await startBroker(), 'joe/1');
    await joe.publish('', { a: '1', b: '2' });
    await joe.publish('anything', { b: '3', c: '4' });
    expect(await joe.properties()).toEqual({ a: '1', b: '3', c: '4' });
    await joe.publish('set', { 'log/error': '5', 'log/warning': '6', d: '7' });
    expect(await joe.properties()).toEqual({ 'log/error': '5', 'log/warning': '6', d: '7' });
    await joe.publish('clear', { __prefix: 'log/' });
    expect(await joe.properties()).toEqual({ d: '7' });
    const cleared = await joe.publish(' clear ');
    expect([cleared.status, stateOf(cleared.body)]).toEqual([200, 'OK']);
    expect(await joe.properties()).toEqual({});
  });

  test('as they came: type, base64', async () => {
    const broker = await startBroker();
    const property = "<clientProperty name='a' type='int' encoding='base64'>MTI=</clientProperty>";
    await broker.post(`<publish>${KEY}<qos>${property}</qos></publish>`, '/?session=joe/1');
    expect((await broker.post(`<get>${KEY}</get>`, '/?session=joe/1')).body).toContain(property);
  });

  test('until it ends; there is no topic, and nothing stays', async () => {
    const broker = await startBroker({ maxBytes: 1_000_000 });
    const before = await readStatistics(broker);
    const joe = client(broker, 'joe/1');
    for (let i = 0; i < 20; i++) {
      expect((await joe.publish('set', { a: 'x'.repeat(60_000) })).status).toBe(200);
      await joe.disconnect();
    }
    await broker.put('/topics/__sys__remoteProperties', 'clear');
    expect((await broker.get('/topics')).body).not.toContain('__sys__');
    await joe.disconnect();
    expect(await joe.properties()).toEqual({});
    await joe.disconnect();
    expect(await readStatistics(broker)).toEqual(before);
  });

  test('so many and so long ones, and no more; a connect with too many opens nothing', async () => {
    const broker = await startBroker();
    const joe = client(broker, 'joe/1');
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, 'x']));
    expect((await joe.publish('set', many(100))).status).toBe(200);
    const refused = await joe.publish('', { another: 'x' });
    expect([refused.status, exceptionOf(refused.body).code]).toEqual([413, 'user.maxSizeExceed']);
    expect((await joe.publish('', { p0: 'y'.repeat(60_000) })).status).toBe(200);
    expect((await joe.publish('', { p1: 'y'.repeat(60_000) })).status).toBe(413);
    expect(Object.keys((await joe.properties()) ?? {})).toHaveLength(100);
    const sessions = (await readStatistics(broker)).sessions;
    expect((await client(broker, 'ann/1').connect({ ...many(101), __remoteProperties: 'true' })).status).toBe(413);
    expect((await readStatistics(broker)).sessions).toBe(sessions);
  });
});

describe('the properties of other sessions', () => {
  test('are seen and changed by administrators, by name or by destination', async () => {
    const broker = await startWithUsers();
    const [boss, joe] = [client(broker, 'boss/1'), client(broker, 'joe/1')];
    await joe.publish('', { a: '1' });
    expect(await boss.properties('joe/1')).toEqual({ a: '1' });
    expect(await boss.properties('client/joe/session/1')).toEqual({ a: '1' });
    await boss.publish('', { __sessionName: 'joe/1', b: '2' });
    await boss.publish('', { c: '3' }, '<destination>joe/1</destination>');
    expect(await joe.properties()).toEqual({ a: '1', b: '2', c: '3' });
    expect(await boss.properties()).toEqual({});
  });

  test('are nobody else’s business; one’s own may be named', async () => {
    const broker = await startWithUsers();
    const [joe, ann] = [client(broker, 'joe/1'), client(broker, 'ann/1')];
    await joe.publish('', { a: '1', __sessionName: 'joe/1' });
    const answers = [
      await ann.ask({ __sessionName: 'joe/1' }),
      await ann.ask({ __sessionName: 'nobody/1' }),
      await ann.publish('clear', { __sessionName: 'joe/1' }),
      await ann.publish('clear', {}, '<destination>joe/1</destination>'),
      await client(broker, 'joe/2').publish('clear', { __sessionName: 'joe/1' }),
    ];
    for (const { status, body } of answers) expect([status, exceptionOf(body).code]).toEqual([403, NOT_ALLOWED]);
    expect(await joe.properties('joe/1')).toEqual({ a: '1' });
  });

  test('are none when the session is not there: a warning', async () => {
    const boss = client(await startWithUsers(), 'boss/1');
    expect(await boss.properties('joe/1')).toBeUndefined();
    const { status, body } = await boss.publish('clear', { __sessionName: 'joe/1' });
    expect([status, stateOf(body)]).toEqual([200, 'WARNING']);
    const wrong = await boss.publish('clear', { __sessionName: 'joe/x' });
    expect(exceptionOf(wrong.body).code).toBe('user.illegalArgument');
  });

  test('a user who may not publish there changes nothing', async () => {
    const file = passwordFile(`joe:${SECRET}:connect,get,publish(a)`);
    const joe = client(await startBroker({ passwordFile: file.path }), 'joe/1');
    const refused = await joe.publish('', { a: '1' });
    expect([refused.status, exceptionOf(refused.body).code]).toEqual([403, NOT_ALLOWED]);
    expect(await joe.properties()).toEqual({});
  });
});

test.each(['clearLastError', 'clearLastWarning'])('%s changes no properties', async (command) => {
  const joe = client(await startBroker(), 'joe/1');
  await joe.publish('', { a: '1' });
  const { body } = await joe.publish(command, { a: '2' });
  expect(stateOf(body)).toBe('OK');
  expect(await joe.properties()).toEqual({ a: '1' });
});
