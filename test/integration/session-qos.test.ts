import { describe, expect, test } from 'vitest';
import { exceptionOf, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { codeOf, SocketClient } from '../helpers/socket.ts';

// protocol/http.md, "Sessions": what connect and disconnect may say.

const connect = (session: string, rest = ''): string => `<connect><qos><session ${session}/>${rest}</qos></connect>`;
const SUBSCRIBE = "<subscribe><key oid='a'/></subscribe>";

describe('connect', () => {
  test('with reconnectSameClientOnly keeps a session from being taken over, whoever says so', async () => {
    const broker = await startBroker();
    await broker.post(connect("name='joe/1' reconnectSameClientOnly='true'"));
    await broker.post(connect("name='jack/1'"));
    for (const session of ["name='joe/1'", "name='jack/1' reconnectSameClientOnly='true'"]) {
      const { status, body } = await broker.post(connect(session));
      expect([status, exceptionOf(body).code], session).toEqual([409, 'user.configuration.identicalClient']);
    }
    await broker.post(connect("name='joe/2' clearSessions='true'"));
    expect((await broker.post(connect("name='joe/1' reconnectSameClientOnly='true'"))).status).toBe(200);
  });

  test('with a secret session id goes on with that session', async () => {
    const broker = await startBroker();
    const { body } = await broker.post(connect("name='joe'"));
    const [, name, secret] = /<session name='([^']+)'.* sessionId='([^']+)'/.exec(body) ?? [];
    const again = (await broker.post(connect(`name='joe' sessionId='${secret}'`))).body;
    expect(again).toContain('<reconnected/>');
    expect(again).toContain(`name='${name}'`);
    expect((await broker.post(connect(`name='jack' sessionId='${secret}'`))).body).not.toContain('<reconnected/>');
  });

  test('with maxSessions counts for the user from then on', async () => {
    const broker = await startBroker();
    await broker.post(connect("name='joe/1' maxSessions='2'"));
    await broker.post(connect("name='joe/2'"));
    const { body } = await broker.post(connect("name='joe/3'"));
    expect(exceptionOf(body).code).toBe('user.configuration.maxSession');
    expect((await broker.post(connect("name='joe/3' maxSessions='3'"))).status).toBe(200);
  });

  test.each(['maxSessions="0"', 'maxSessions="-16"'])('with %s lets nobody in', async (attribute) => {
    const broker = await startBroker();
    expect((await broker.post(connect(`name='joe/1' ${attribute}`))).status).toBe(429);
  });

  test('as the broker itself, or with a name of one character, is refused', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    expect(exceptionOf((await broker.post(connect("name='heron/1'"))).body).code).toBe('user.configuration.identicalClient');
    expect(exceptionOf((await broker.post(connect("name='j'"))).body).code).toBe('user.illegalArgument');
  });

  test.each([
    ['<duplicateUpdates>false</duplicateUpdates>', ['1']],
    ['<duplicateUpdates/>', ['1', '1']],
  ])('with %s and two subscriptions that match brings %j', async (flag, expected) => {
    const broker = await startBroker();
    const script = `${connect("name='joe/1'", flag)}${SUBSCRIBE}<subscribe><key queryType='XPATH'>//key</key></subscribe>`;
    await broker.post(`<xmlBlaster>${script}</xmlBlaster>`);
    await broker.put('/topics/a', '1');
    expect(textsOf((await broker.get('/updates?session=joe/1')).body)).toEqual(expected);
  });

  test('without duplicateUpdates, the same query is subscribed once, and everybody gets its id', async () => {
    const broker = await startBroker();
    const flag = '<duplicateUpdates>false</duplicateUpdates>';
    const { body } = await broker.post(`<xmlBlaster>${connect("name='joe/1'", flag)}${SUBSCRIBE}${SUBSCRIBE}</xmlBlaster>`);
    const ids = [...body.matchAll(/<subscribe id='([^']+)'/g)].map(([, id]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(body).not.toContain('WARNING');
  });

  test('says back what it asked for, and what holds', async () => {
    const broker = await startBroker({ maxQueueEntries: 7 });
    const { body } = await broker.post(
      connect("name='joe/1' timeout='5000'", "<ptp>false</ptp><refreshSession/><queue relating='subject' maxEntries='3'/>"),
    );
    expect(body).toContain('<ptp>false</ptp>\n <refreshSession/>\n <instanceId>');
    expect(body).toMatch(/<queue relating='subject' maxEntries='3' .*\n <queue relating='callback' maxEntries='7' /);
  });
});

describe('disconnect', () => {
  test('with clearSessions ends all sessions of the user, and no other', async () => {
    const broker = await startBroker();
    const clients = await Promise.all(['joe/1', 'joe/2', 'jack/1'].map((name) => SocketClient.login(broker.port, name)));
    const [joe1, joe2, jack] = clients as [SocketClient, SocketClient, SocketClient];
    await joe1.call('disconnect', '<qos><clearSessions/></qos>');
    await joe2.closed();
    expect((await jack.publish('a', '1')).type).toBe('R');
    const stranger = await SocketClient.open(broker.port);
    stranger.session = joe2.session;
    expect(codeOf(await stranger.publish('a', '1'))).toBe('user.security.authentication.accessDenied');
  });
});

test('a subscription of a SOCKET session without callback is refused', async () => {
  const broker = await startBroker();
  const client = await SocketClient.open(broker.port);
  client.session = (await client.call('connect', "<qos><session name='joe/1'/></qos>", '')).session;
  expect(codeOf(await client.subscribe('a'))).toBe('user.subscribe.noCallback');
});
