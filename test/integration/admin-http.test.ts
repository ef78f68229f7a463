import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeAttribute } from '../../src/base/xml-text.ts';
import { ask, change } from '../helpers/admin.ts';
import { exceptionOf, parseXml, readMessages } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { asJoe, subscribe, updates } from '../helpers/joe.ts';
import { basic } from '../helpers/passwords.ts';

describe('GET /admin', () => {
  test('tells about the broker', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    await broker.put('/topics/a', '1');
    await subscribe(broker, "<key oid='a'/>");
    expect(await ask(broker, '?nodeId')).toBe('heron');
    expect(await ask(broker, 'node/heron/?nodeId')).toBe('heron');
    expect(await ask(broker, '?nodeId,%20numTopics,numClients,numSubscriptions')).toBe(
      'nodeId=heron\nnumTopics=1\nnumClients=1\nnumSubscriptions=1',
    );
    expect(await ask(broker, '?clientList')).toBe('joe');
    expect(await ask(broker, '?topicList')).toBe('a');
    expect(await ask(broker, '?numPublish')).toBe('1');
    expect(await ask(broker, '?port')).toBe(String(broker.port));
    expect(Number(await ask(broker, '?freeMem'))).toBeGreaterThan(0);
    expect(await ask(broker, '?usedMemStr')).toMatch(/^[0-9.]+ [MG]Bytes$/);
    expect(await ask(broker, '?startupDate')).toMatch(/^[0-9-]{10} [0-9:.]{12}$/);
    const { headers } = await broker.get('/admin/?nodeId');
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('tells about a client and its session', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    const id = await subscribe(broker, "<key oid='a'/>");
    await subscribe(broker, '<key queryType="XPATH">//b</key>');
    for (const text of ['1', '22', '333']) await broker.put('/topics/a', text);
    await asJoe(broker, '<get><key oid="a"/></get>');
    expect(await ask(broker, 'client/joe/?numSessions,sessionList,maxSessions')).toBe(
      'numSessions=1\nsessionList=1\nmaxSessions=10',
    );
    const session = 'client/joe/session/1/';
    expect(await ask(broker, `${session}?id`)).toBe('/node/heron/client/joe/1');
    expect(await ask(broker, `${session}?cbQueueNumMsgs,cbQueueBytes,cbQueueMaxMsgs,numUpdate`)).toBe(
      'cbQueueNumMsgs=3\ncbQueueBytes=6\ncbQueueMaxMsgs=100000\nnumUpdate=0',
    );
    expect(await ask(broker, `${session}?numSubscribe,numGet,numPublish`)).toBe('numSubscribe=2\nnumGet=1\nnumPublish=0');
    expect(await ask(broker, `${session}?subscribedTopics`)).toBe('a\nxpath://b');
    expect(await ask(broker, `${session}?connectionState`)).toBe('POLLING');
    const dump = parseXml(await ask(broker, `${session}?subscriptionDump`));
    expect([...dump.getElementsByTagName('subscription')].map((element) => element.getAttribute('id'))).toContain(id);
    expect(await updates(broker)).toHaveLength(3);
    expect(await ask(broker, `${session}?cbQueueNumMsgs,numUpdate`)).toBe('cbQueueNumMsgs=0\nnumUpdate=3');
  });

  test('tells about a topic, and shows what it remembers', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    await broker.put('/topics/a%2Fb%3F', 'old', { 'X-Key': '<x/>' });
    await broker.put('/topics/a%2Fb%3F', 'new');
    const topic = 'topic/a%2Fb%3F/';
    expect(await ask(broker, `${topic}?id,stateStr,numOfHistoryEntries,domTreeExists`)).toBe(
      'id=heron/topic/a/b?\nstateStr=ALIVE\nnumOfHistoryEntries=2\ndomTreeExists=true',
    );
    const key = await broker.get(`/admin/${topic}?topicXml`);
    expect(key.headers.get('content-type')).toBe('application/xml; charset=utf-8');
    expect(key.body).toContain('<x/>');
    const history = await broker.get(`/admin/${topic}?peekHistoryMessages=2`);
    expect(readMessages(history.body).map(({ text }) => text)).toEqual(['new', 'old']);
  });

  test('tells about a subscription, of a query and of a topic that it found', async () => {
    const broker = await startBroker();
    await broker.put('/topics/a', '1', { 'X-Key': '<x/>' });
    const id = await subscribe(broker, '<key queryType="XPATH">//x</key>', '<local>false</local>');
    expect(await ask(broker, `subscription/${id}/?topicId`)).toBe('a');
    expect(await ask(broker, `subscription/${id}/?subscribeKeyStr`)).toBe("<key queryType='XPATH'>//x</key>");
    expect(await ask(broker, `subscription/${id}/?subscribeQosStr`)).toBe('<qos><local>false</local></qos>');
    const child = await ask(broker, `subscription/${id}/?dependingSubscriptions`);
    expect(await ask(broker, `subscription/${child}/?parentSubscription`)).toBe(id);
  });

  test('lists the commands of a place', async () => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>");
    expect(await ask(broker, '')).toMatch(/^\?nodeId\tread\t.*\n(?:.*\n)*\?exit\tdo\t/);
    expect(await ask(broker, 'client/joe/1')).toContain('?dispatcherActive\tread, set\t');
    expect(await ask(broker, 'sysprop/')).toContain('?maxSessions\tread, set\t');
  });

  test.each([
    ['?coffee', 'known are ?nodeId'],
    ['?__proto__', 'known are ?nodeId'],
    ['?constructor', 'known are ?nodeId'],
    ['client/jack/?uptime', '?clientList'],
    ['client/joe/7/?uptime', 'known are 1'],
    ['client/joe/1/?coffee', '?cbQueueNumMsgs'],
    ['topic/none/?stateStr', '?topicList'],
    ['subscription/none/?id', '?subscriptionList'],
    ['sysprop/?none', '?maxSessions'],
    ['logging/?none', '?level'],
  ])('%s is not found, and the sentence says what is', async (path, sentence) => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>");
    const { status, body } = await broker.get(`/admin/${path}`);
    expect([status, exceptionOf(body).code]).toEqual([404, 'user.oid.unknown']);
    expect(exceptionOf(body).message).toContain(sentence);
  });

  test.each(['%', '%ff?x', 'queue/?x', '/node/avalon/?nodeId', 'client/?x', 'client/joe/one/?x', `?${'a,'.repeat(200)}`])(
    '%s is refused',
    async (path) => {
      const broker = await startBroker();
      const { status, body } = await broker.get(`/admin/${path}`);
      expect([status, exceptionOf(body).code]).toEqual([400, 'user.illegalArgument']);
    },
  );

  test.each(['?exit', '?gc', '?clearLastError', 'client/joe/1/?killSession', 'client/joe/?killClient', 'topic/a/?eraseTopic'])(
    '%s changes something: that needs a POST, whoever asks',
    async (path) => {
      const broker = await startBroker();
      await subscribe(broker, "<key oid='a'/>");
      const { status, headers, body } = await broker.get(`/admin/${path}`, basic('admin'));
      expect([status, headers.get('allow'), exceptionOf(body).code]).toEqual([405, 'POST', 'user.wrongApiUsage']);
      expect(await ask(broker, '?clientList,topicList')).toBe('clientList=joe\ntopicList=a');
    },
  );

  test('does not know secrets and places of files', async () => {
    const broker = await startBroker({ monitorDir: '/somewhere' });
    const list = await ask(broker, '?syspropList');
    expect(list).toContain('maxTopics');
    expect(list).not.toMatch(/passwordFile|tlsKey|dataDir|monitorDir/);
    const secret = parseXml((await asJoe(broker, '<connect/>')).body)
      .getElementsByTagName('session')
      .item(0)
      ?.getAttribute('sessionId');
    for (const path of ['?dump', 'client/joe/1/?id,subscriptionDump']) {
      const { body } = await broker.get(`/admin/${path}`);
      expect(secret).toMatch(/^sessionId:/);
      expect(body).not.toContain(secret);
    }
  });

  test('dumps the broker as XML', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    await subscribe(broker, "<key oid='&lt;a>'/>");
    await broker.put('/topics/b', '1');
    const dump = await ask(broker, '?dump');
    const handlers = [...parseXml(dump).getElementsByTagName('TopicHandler')];
    expect(handlers.map((element) => [element.getAttribute('id'), element.getAttribute('state')])).toEqual([
      ['heron/topic/<a>', 'UNCONFIGURED'],
      ['heron/topic/b', 'ALIVE'],
    ]);
    expect(dump).toContain('<uniqueKey>b</uniqueKey>');
    expect(dump).toContain("<SessionInfo id='/node/heron/client/joe/1' state='POLLING'");
  });

  test('obeys the rules that protect a broker on localhost', async () => {
    const broker = await startBroker();
    for (const path of ['/admin/?nodeId', '/metrics', '/status.html']) {
      const answer = await broker.get(path, { Origin: 'http://evil.example' });
      expect(answer.status, path).toBe(403);
    }
    const answer = await broker.post('', '/admin/?exit', { Origin: 'null', ...basic('admin') });
    expect(answer.status).toBe(403);
  });
});

describe('POST /admin', () => {
  test('kills a session: its subscriptions go, and its secret id is worth nothing', async () => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>");
    const { status, body } = await change(broker, 'client/joe/1/?killSession');
    expect([status, body]).toEqual([200, expect.stringContaining('/client/joe/1 killed')]);
    expect(await ask(broker, '?numClients,numSubscriptions')).toBe('numClients=0\nnumSubscriptions=0');
  });

  test('kills all sessions of a client', async () => {
    const broker = await startBroker();
    for (const name of ['joe/1', 'joe/2', 'jane/1']) await broker.post('<ping/>', `/?session=${name}`);
    expect((await change(broker, 'client/joe/?killClient')).status).toBe(200);
    expect(await ask(broker, '?clientList')).toBe('jane');
  });

  test('empties a callback queue, in part or whole', async () => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>");
    for (const text of ['1', '2', '3', '4']) await broker.put('/topics/a', text);
    expect((await change(broker, 'client/joe/1/?removeFromCallbackQueue=1')).body).toBe('1\n');
    expect((await updates(broker)).map(({ text }) => text)).toEqual(['2', '3', '4']);
    await broker.put('/topics/a', '5');
    expect((await change(broker, 'client/joe/1/?clearCallbackQueue')).body).toBe('1\n');
    expect(await updates(broker)).toEqual([]);
    expect((await change(broker, 'client/joe/1/?removeFromCallbackQueue=x')).status).toBe(400);
  });

  test('clears a history, erases a topic, ends subscriptions', async () => {
    const broker = await startBroker();
    await subscribe(broker, "<key oid='a'/>");
    await broker.put('/topics/a', '1');
    expect((await change(broker, 'topic/a/?clearHistoryQueue')).body).toBe('1\n');
    expect((await broker.get('/topics/a')).status).toBe(404);
    expect((await change(broker, 'topic/a/?unSubscribeAll')).body).toBe('1\n');
    await broker.put('/topics/b', '1');
    expect((await change(broker, 'topic/b/?eraseTopic')).body).toBe("Erased topic 'b'\n");
    expect(await ask(broker, '?topicList')).not.toContain('b');
    expect((await updates(broker)).map(({ text }) => text)).toEqual(['1']);
  });

  test('subscribes and unsubscribes for a session', async () => {
    const broker = await startBroker();
    await asJoe(broker, '<ping/>');
    const { body } = await change(broker, 'client/joe/1/?subscribe=xpath://x');
    expect(await ask(broker, 'client/joe/1/?subscribedTopics')).toBe('xpath://x');
    await broker.put('/topics/a', '1', { 'X-Key': '<x/>' });
    expect(await updates(broker)).toHaveLength(1);
    expect((await change(broker, 'client/joe/1/?unSubscribe', body.trim())).body).toContain(body.trim());
    expect(await ask(broker, 'client/joe/1/?subscribedTopics')).toBe('');
    expect((await change(broker, 'client/joe/1/?subscribe=xpath://x[')).status).toBe(422);
    expect((await change(broker, 'client/joe/1/?subscribe')).status).toBe(400);
  });

  test('sets the time-out of a session', async () => {
    const broker = await startBroker();
    await asJoe(broker, '<ping/>');
    expect((await change(broker, 'client/joe/1/?sessionTimeout=0')).body).toBe('OK\n');
    expect(await ask(broker, 'client/joe/1/?sessionTimeout,sessionTimeoutExpireDate')).toBe(
      'sessionTimeout=0\nsessionTimeoutExpireDate=unlimited',
    );
    expect((await change(broker, 'client/joe/1/?sessionTimeout=soon')).status).toBe(400);
  });

  test('sets properties, of the configuration none', async () => {
    const broker = await startBroker();
    expect((await change(broker, 'sysprop/?xmlBlaster/monitor/statusRefresh=60')).status).toBe(200);
    expect(await ask(broker, 'sysprop/?xmlBlaster/monitor/statusRefresh')).toBe('60');
    expect((await change(broker, 'sysprop/?maxTopics=1')).status).toBe(400);
    expect((await change(broker, `sysprop/?${'n'.repeat(300)}=1`)).status).toBe(400);
    for (let i = 0; i < 1_000; i++) await change(broker, `sysprop/?p${i}=1`);
    expect((await change(broker, 'sysprop/?more=1')).status).toBe(503);
    expect((await change(broker, 'sysprop/?p998=2')).status).toBe(200);
  });

  test('takes a value from the body, and needs one', async () => {
    const broker = await startBroker();
    await change(broker, 'sysprop/?a', '1 = 2 & 3');
    expect(await ask(broker, 'sysprop/?a')).toBe('1 = 2 & 3');
    const missing = await change(broker, 'sysprop/?a');
    expect([missing.status, exceptionOf(missing.body).message]).toEqual([400, expect.stringContaining('?a=VALUE')]);
    expect((await change(broker, '?uptime=1')).status).toBe(400);
    expect((await change(broker, '?clearLastError,clearLastWarning')).status).toBe(400);
    expect((await change(broker, 'sysprop/?a', 'x'.repeat(70_000))).status).toBe(413);
  });
});

test('shows what waits in queues to administrators, and lets them take it by POST', async () => {
  const broker = await startBroker();
  await subscribe(broker, "<key oid='a'/>");
  for (const text of ['1', '2', '3']) await broker.put('/topics/a', text);
  const entries = async (path: string) =>
    readMessages((await broker.get(`/admin/${path}`, basic('admin'))).body).map(({ text }) => text);
  const queue = 'client/joe/session/1/?callbackQueueEntries';
  expect(await entries(queue)).toEqual(['1', '2', '3']);
  expect(await entries(`${queue}=maxEntries=2`)).toEqual(['1', '2']);
  expect(await entries('topic/a/?historyQueueEntries')).toEqual(['3', '2', '1']);
  expect(await entries('client/joe/?subjectQueueEntries')).toEqual([]);
  expect((await broker.get(`/admin/${queue}`)).status).toBe(403);
  expect((await broker.get(`/admin/${queue}=maxEntries=1&consumable=true`, basic('admin'))).status).toBe(405);
  expect((await broker.get(`/admin/${queue}=waitingDelay%20=5`, basic('admin'))).status).toBe(400);
  expect((await change(broker, `${queue}=maxEntries=1&consumable=true`)).body).toContain('<content>1</content>');
  expect((await updates(broker)).map(({ text }) => text)).toEqual(['2', '3']);
});

test('whoever may not have a session is not known afterwards', async () => {
  const broker = await startBroker({ noLoginTopics: false });
  for (let i = 0; i < 3; i++) {
    const { status } = await broker.post(`<connect><qos><session name='nobody${i}' maxSessions='0'/></qos></connect>`);
    expect(status).toBe(429);
  }
  expect(await ask(broker, '?numClients,clientList')).toBe('numClients=0\nclientList=');
  expect((await broker.get('/topics/__sys__UserList')).body).toBe('');
});

test('keeps out whom an administrator blocks', async () => {
  const broker = await startBroker();
  for (const name of ['joe/1', 'jane/1', 'jane/2']) await broker.post('<ping/>', `/?session=${name}`);
  await change(broker, 'client/joe/?blockClientLogin=true');
  await change(broker, 'client/jane/2/?blockClientSessionLogin=true');
  const code = async (session: string) => exceptionOf((await broker.get(`/topics?session=${session}`)).body).code;
  const denied = 'communication.noConnection.serverDeny';
  expect([await code('joe/1'), await code('joe/2'), await code('jane/1'), await code('jane/2')]).toEqual([
    denied,
    denied,
    '',
    denied,
  ]);
  await change(broker, 'client/joe/?blockClientLogin=false');
  expect(await code('joe/2')).toBe('');
  expect((await change(broker, 'client/joe/?maxSessions=2')).status).toBe(200);
  expect(await code('joe/3')).toBe('user.configuration.maxSession');
});

test('of any characters is answered or refused', async () => {
  const broker = await startBroker();
  await broker.put('/topics/a', '1');
  const parts = [
    '/',
    '?',
    '=',
    ',',
    'client/',
    'joe',
    'topic/',
    'a',
    'subscription/',
    'sysprop/',
    '%',
    '%2F',
    '%3F',
    '%00',
    '..',
    '#',
    '-1',
    '__proto__',
    'node/',
  ];
  const path = fc.array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary', maxLength: 4 }).map(encode)), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(path, async (pieces) => {
      const address = pieces.join('');
      for (const method of ['GET', 'POST']) {
        const response = await broker.fetch(`/admin/${address}`, { method, headers: basic('admin') });
        const body = await response.text();
        expect([200, 400, 404, 405], `${method} ${address}: ${body}`).toContain(response.status);
      }
      const { status } = await broker.post(`<get><key oid="__cmd:${escapeAttribute(pieces.join(''))}"/></get>`);
      expect([200, 400, 403], address).toContain(status);
    }),
    { numRuns: 300 },
  );
  expect(await ask(broker, '?numTopics')).toBe('1');
});

function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}
