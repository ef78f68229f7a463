import { describe, expect, test } from 'vitest';
import { child, exceptionOf, parseXml, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { readStatistics } from '../helpers/statistics.ts';

/** The names of the elements in an answer, in order. */
function elementsOf(xml: string): string[] {
  const root = parseXml(xml);
  expect(root.nodeName).toBe('xmlBlasterResponse');
  return [...root.childNodes].map(({ nodeName }) => nodeName).filter((name) => name !== '#text');
}

describe('POST /', () => {
  test('runs a script in order and answers one element per command', async () => {
    const broker = await startBroker();
    const script = `<?xml version="1.0"?><!-- all verbs --><xmlBlaster id="7 &amp; 8">
      <connect><qos><session name="joe/1"/></qos></connect>
      <ping/>
      <subscribe><key oid="a"/></subscribe>
      <publish><key oid="a"/><content>1</content></publish>
      <publishArr>
        <message><key oid="a"/><content>2</content></message>
        <message><key oid="b"/><content>3</content></message>
      </publishArr>
      <get><key queryType="XPATH">//key</key></get>
      <get><key oid="unknown"/></get>
      <unSubscribe><key oid="a"/></unSubscribe>
      <erase><key oid="a"/></erase>
      <disconnect/>
    </xmlBlaster>`;
    const { status, body, headers } = await broker.post(script);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/xml; charset=utf-8']);
    const verbs = ['connect', 'ping', 'subscribe', 'publish', 'publishArr', 'get', 'get', 'unSubscribe', 'erase', 'disconnect'];
    expect(elementsOf(body)).toEqual(verbs);
    expect(parseXml(body).getAttribute('id')).toBe('7 & 8');
    expect(textsOf(body)).toEqual(['2', '3']);
    const [first, second] = parseXml(body).getElementsByTagName('get');
    expect(first && [...first.getElementsByTagName('message')]).toHaveLength(2);
    expect(second?.childNodes, 'an unknown topic is an empty result').toHaveLength(0);
    expect(await readStatistics(broker)).toMatchObject({ topics: 1, sessions: 0 });
  });

  test('takes one command alone', async () => {
    const broker = await startBroker();
    expect(elementsOf((await broker.post('<publish><key oid="a"/></publish>')).body)).toEqual(['publish']);
  });

  test('makes up an oid for a publish without one', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    const oids = new Set<string>();
    for (const key of ['', '<key/>', '<key oid=""/>', '<key oid=" "/>']) {
      const { body } = await broker.post(`<publish>${key}<content>x</content></publish>`);
      const oid = parseXml(body).getElementsByTagName('key').item(0)?.getAttribute('oid') ?? '';
      expect(oid).toMatch(/^heron-\d+$/);
      oids.add(oid);
    }
    expect(oids.size).toBe(4);
    expect((await readStatistics(broker)).topics).toBe(4);
  });

  test('gives each message a time stamp of its own, ascending', async () => {
    const broker = await startBroker();
    const { body } = await broker.post(`<xmlBlaster>${'<publish><key oid="a"/></publish>'.repeat(500)}</xmlBlaster>`);
    const nanos = [...parseXml(body).getElementsByTagName('rcvTimestamp')].map((stamp) =>
      BigInt(stamp.getAttribute('nanos') ?? 0),
    );
    expect(nanos).toHaveLength(500);
    expect(nanos.every((stamp, i) => i === 0 || stamp > (nanos[i - 1] ?? stamp))).toBe(true);
  });

  test('answers more than one buffer full, to the same bytes', async () => {
    const broker = await startBroker();
    const content = 'grüße <&> \r\n'.repeat(100_000);
    for (let i = 0; i < 5; i++) await broker.put('/topics/a', content);
    const { body } = await broker.post("<get><key oid='a'/><qos><history numEntries='5'/></qos></get>");
    expect(textsOf(body).every((text) => text === content)).toBe(true);
    expect(readMessages(body)).toHaveLength(5);
  });
});

describe('a command that fails', () => {
  test.each([
    ['<publish><key oid="__sys__x"/></publish>', 403, 'user.security.authorization.notAuthorized'],
    ['<subscribe><key oid="x"/></subscribe>', 400, 'user.subscribe.noCallback'],
    ["<get><key queryType='XPATH'>//[</key></get>", 422, 'user.query.invalid'],
    ["<get><key queryType='REGEX'>x</key></get>", 400, 'user.query.type.invalid'],
    ['<get><key/></get>', 400, 'user.illegalArgument'],
    ['<publish><key oid="x"/><qos><priority>10</priority></qos></publish>', 400, 'user.illegalArgument'],
    ["<publish><key oid='x'/><content encoding='base64'>!</content></publish>", 400, 'user.illegalArgument'],
    ["<publish><key oid='x'/><content link='/etc/passwd'/></publish>", 400, 'user.illegalArgument'],
    ['<publish><key oid="x"/><qos><destination>joe</destination></qos></publish>', 404, 'user.ptp.unknownDestination'],
    ["<get><key oid='x'/><qos><filter>x</filter></qos></get>", 400, 'user.illegalArgument'],
  ])(
    '%s ends its script with %i %s; what was before it stands, what is behind it does not run',
    async (command, status, code) => {
      const broker = await startBroker();
      const script = `<xmlBlaster><publish><key oid="before"/></publish>${command}<publish><key oid="behind"/></publish></xmlBlaster>`;
      const answer = await broker.post(script);
      expect([answer.status, exceptionOf(answer.body).code], answer.body).toEqual([status, code]);
      expect(elementsOf(answer.body)).toEqual(['publish', 'exception']);
      expect([(await broker.get('/topics/before')).status, (await broker.get('/topics/behind')).status]).toEqual([200, 404]);
    },
  );

  test.each(['wait', 'input', 'echo', 'property', 'replaceKeyTokens', 'replaceQosTokens', 'replaceContentTokens'])(
    '<%s> is refused by name, before anything has happened',
    async (name) => {
      const broker = await startBroker();
      const answer = await broker.post(`<xmlBlaster><publish><key oid="before"/></publish><${name}/></xmlBlaster>`);
      expect([answer.status, exceptionOf(answer.body).code]).toEqual([400, 'user.illegalArgument']);
      expect(exceptionOf(answer.body).message).toContain(`<${name}> is not supported`);
      expect((await broker.get('/topics/before')).status).toBe(404);
    },
  );

  test.each([
    ['<publish><key oid="a"/><key oid="b"/></publish>', '<key> stands twice in <publish>'],
    ['<publish><key oid="a"/>text</publish>', 'text directly inside <publish>'],
    ['<get><key oid="a"/><content>x</content></get>', '<content> is not allowed in <get>'],
    ['<publishArr><publish/></publishArr>', '<publish> is not allowed in <publishArr>'],
    ['<ping><key/></ping>', '<key> is not allowed in <ping>'],
  ])('%s is told: %s', async (body, message) => {
    const broker = await startBroker();
    const answer = await broker.post(body);
    expect(answer.status).toBe(400);
    expect(exceptionOf(answer.body).message).toContain(message);
  });
});

describe('POST /{verb}', () => {
  test.each([
    ['publish', '<key oid="a"/><content>x</content><qos><priority>9</priority></qos>'],
    ['publish', '<?xml version="1.0"?>\n<!-- c -->\n<key oid="a"/><content>x</content>'],
    ['subscribe', '<key oid="a"/>'],
    ['unSubscribe', '<key oid="a"/>'],
    ['get', '<key oid="a"/><qos/>'],
    ['erase', '<key oid="a"/>'],
    ['connect', "<qos><session name='joe/1'/></qos>"],
    ['ping', ''],
    ['ping', '<qos/>'],
    ['disconnect', ''],
  ])('%s takes its command without the wrapper: %s', async (verb, inner) => {
    const broker = await startBroker();
    await broker.put('/topics/a', '1');
    for (const body of [inner, `<${verb}>${inner.replace(/^<\?.*\n.*\n/, '')}</${verb}>`]) {
      const answer = await broker.post(body, `/${verb}?session=joe/1`);
      expect(answer.status, answer.body).toBe(200);
      expect(elementsOf(answer.body)).toEqual([verb]);
    }
  });

  test('takes several of its kind, but no other', async () => {
    const broker = await startBroker();
    const two = '<xmlBlaster><publish><key oid="a"/></publish><publish><key oid="b"/></publish></xmlBlaster>';
    expect(elementsOf((await broker.post(two, '/publish')).body)).toEqual(['publish', 'publish']);
    const other = await broker.post('<erase><key oid="a"/></erase>', '/publish');
    expect([other.status, exceptionOf(other.body).code]).toEqual([400, 'user.illegalArgument']);
    expect(exceptionOf(other.body).message).toContain('<publish>');
    expect((await readStatistics(broker)).topics).toBe(2);
  });

  test('refuses parameters that it does not know', async () => {
    const broker = await startBroker();
    expect((await broker.post('<ping/>', '/ping?colour=red')).status).toBe(400);
    expect((await broker.post('<ping/>', '/?session=joe/1&session=joe/2')).status).toBe(400);
  });
});

describe('the bounds of a script', () => {
  const publish = (key: string, content = ''): string => `<publish>${key}<content>${content}</content></publish>`;
  const key = (bytes: number): string => `<key oid='a'>${'x'.repeat(bytes - "<key oid='a'></key>".length)}</key>`;
  const MAX_CONTENT = 10 * 1024 * 1024;

  test.each<[what: string, body: string, status: number]>([
    ['1,000 commands', `<xmlBlaster>${'<ping/>'.repeat(1_000)}</xmlBlaster>`, 200],
    ['1,001 commands', `<xmlBlaster>${'<ping/>'.repeat(1_001)}</xmlBlaster>`, 413],
    ['1,000 messages', `<publishArr>${'<message/>'.repeat(1_000)}</publishArr>`, 200],
    ['1,001 messages', `<publishArr>${'<message/>'.repeat(1_001)}</publishArr>`, 413],
    ['a key of 64 kB', publish(key(65_536)), 200],
    ['a key of 64 kB and a byte', publish(key(65_537)), 413],
    ['an oid of 1,024 bytes', publish(`<key oid="${'x'.repeat(1_024)}"/>`), 200],
    ['an oid of 1,025 bytes', publish(`<key oid="${'x'.repeat(1_025)}"/>`), 413],
    ['an oid of 1,026 bytes in 513 characters', publish(`<key oid="${'é'.repeat(513)}"/>`), 413],
    ['an oid of 1,025 bytes in a query', `<get><key oid="${'x'.repeat(1_025)}"/></get>`, 413],
    ['a content of 10 MB', publish('<key oid="a"/>', 'x'.repeat(MAX_CONTENT)), 200],
    ['a content of 10 MB and a byte', publish('<key oid="a"/>', 'x'.repeat(MAX_CONTENT + 1)), 413],
    ['no oid in a query', '<get><key/></get>', 400],
  ])('%s', async (_what, body, status) => {
    const broker = await startBroker();
    const answer = await broker.post(body);
    expect(answer.status).toBe(status);
    if (status === 413) expect(exceptionOf(answer.body).code).toBe('user.maxSizeExceed');
    else expect(child(parseXml(answer.body), 'exception') === undefined).toBe(status === 200);
  });
});
