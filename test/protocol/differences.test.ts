import { expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../helpers/broker.ts';

// protocol/differences.md, "here": what other tests do not show already.

test('input that is wrong is an error', async () => {
  const broker = await startBroker();
  const publish = (qos: string) => broker.post(`<publish><key oid="a"/><qos>${qos}</qos></publish>`);
  const get = (key: string) => broker.post(`<get>${key}</get>`);
  const outcomes = [
    [await broker.post('<qos><', '/publish'), 'user.illegalArgument'],
    [await broker.post('<!DOCTYPE a><ping/>'), 'user.illegalArgument'],
    [await publish('<persistent>1</persistent>'), 'user.illegalArgument'],
    [await publish('<expiration lifeTime="soon"/>'), 'user.illegalArgument'],
    [await publish('<priority>10</priority>'), 'user.illegalArgument'],
    [await get('<key oid="a" queryType="REGEX"/>'), 'user.query.type.invalid'],
    [await get('<key/>'), 'user.illegalArgument'],
    [await broker.post('<publish><key oid="a"/><key oid="b"/></publish>'), 'user.illegalArgument'],
    [await broker.post('<publish><key oid="__sys__a"/></publish>'), 'user.security.authorization.notAuthorized'],
    [await broker.post('<erase><key oid="a"/><qos><history numEntries="2"/></qos></erase>'), 'user.illegalArgument'],
    [await broker.post('<publish><key oid="a"/><content link="b"/></publish>'), 'user.illegalArgument'],
  ] as const;
  for (const [{ body }, code] of outcomes) expect(body).toContain(`errorCode='${code}'`);
  expect((await publish('<readonly>false</readonly><CLIENTPROPERTY name="x">1</CLIENTPROPERTY>')).status).toBe(200);
  const again = await publish('<unknown/>');
  expect(again.status).toBe(200);
});

test('a bad XPath does not stay registered', async () => {
  const broker = await startBroker();
  const { status } = await broker.post('<subscribe><key queryType="XPATH">//a[</key></subscribe>', '/?session=joe/1');
  expect(status).toBe(422);
  expect((await broker.post('<publish><key oid="a"/></publish>')).status).toBe(200);
});

test('an XPath sees one topic at a time, and finds it once, by whatever result', async () => {
  const broker = await startBroker();
  await broker.post('<xmlBlaster><publish><key oid="a"><m/><m/></key></publish><publish><key oid="b"/></publish></xmlBlaster>');
  const found = async (xpath: string) => oids((await broker.get(`/topics?xpath=${encodeURIComponent(xpath)}`)).body);
  expect(await found('/xmlBlaster/key[2]')).toEqual([]);
  expect(await found('//key/following-sibling::key')).toEqual([]);
  expect(await found('//key/@oid')).toEqual(['a', 'b']);
  expect(await found('//m')).toEqual(['a']);
  expect(await found('count(//m) > 1')).toEqual(['a']);
});

test('DOMAIN subscriptions meet later topics, and end by DOMAIN', async () => {
  const broker = await startBroker();
  await broker.post('<subscribe><key queryType="DOMAIN" domain="d"/></subscribe>', '/?session=joe/1');
  await broker.post('<publish><key oid="a" domain="d"/></publish>');
  expect(oids((await poll(broker)).body)).toEqual(['a']);
  const ended = await broker.post('<unSubscribe><key domain="d"/></unSubscribe>', '/?session=joe/1');
  expect(ended.body).toContain('<isUnSubscribe/>');
  expect((await broker.post('<erase><key domain="d"/></erase>')).body).toContain("<key oid='a'/>");
});

test('subscriptions: <id>, content and meta, redeliver, __isInitialUpdate, one update each', async () => {
  const broker = await startBroker();
  await broker.post('<publish><key oid="a"><m/></key><content>1</content></publish>');
  const subscribe = (rest: string) => broker.post(`<subscribe>${rest}</subscribe>`, '/?session=joe/1');
  const own = await subscribe('<key oid="a"/><qos><id>__subId:joe-1</id><content>false</content><meta>false</meta></qos>');
  expect(own.body).toContain("<subscribe id='__subId:joe-1'/>");
  const first = await poll(broker);
  expect(first.body).toContain("<key oid='a'/>\n<content/>");
  expect(first.body).toContain('__isInitialUpdate');
  expect((await poll(broker)).body).toContain('<redeliver>1</redeliver>');
  expect((await broker.post('<get><key oid="a"/></get>')).body).not.toContain('__isInitialUpdate');
  await subscribe('<key queryType="XPATH">//m</key><qos><initialUpdate>false</initialUpdate></qos>');
  await broker.post('<publish><key oid="a"/><content>2</content></publish>');
  expect(oids((await poll(broker)).body)).toEqual(['a', 'a', 'a']); // initial, EXACT, XPath
  await subscribe('<key oid="b"/><qos><id>__subId:joe-1</id></qos>');
  await broker.post('<publish><key oid="a"/><content>3</content></publish>');
  expect((await poll(broker)).body.match(/<content>3</g)).toHaveLength(1); // by XPath only
});

test('an erased topic is gone at once, and what waits is delivered unless forceDestroy says otherwise', async () => {
  const broker = await startBroker();
  await broker.post(
    '<xmlBlaster><subscribe><key oid="a"/></subscribe><subscribe><key oid="b"/></subscribe></xmlBlaster>',
    '/?session=joe/1',
  );
  await broker.post('<xmlBlaster><publish><key oid="a"><old/></key></publish><publish><key oid="b"/></publish></xmlBlaster>');
  await broker.post('<erase><key oid="a"/></erase>');
  await broker.post('<erase><key oid="b"/><qos><erase forceDestroy="true"/></qos></erase>');
  await broker.post('<publish><key oid="a"><new/></key></publish>');
  expect(oids((await broker.get('/topics?xpath=//new')).body)).toEqual(['a']);
  const { body } = await poll(broker);
  expect(oids(body)).toEqual(['a', 'a', 'b']);
  expect(body.match(/<state id='ERASED'\/>/g)).toHaveLength(2);
});

test('an administrative publish sets what it states; a topic that dies at once tells its subscribers', async () => {
  const broker = await startBroker();
  await broker.post('<publish><key oid="a"/><qos><topic readonly="true"/></qos></publish>');
  await broker.post('<publish><key oid="a"/><qos><administrative/><topic destroyDelay="5"/></qos></publish>');
  expect((await broker.post('<publish><key oid="a"/></publish>')).status).toBe(409);
  await broker.post('<subscribe><key queryType="XPATH">//m</key></subscribe>', '/?session=joe/1');
  await broker.post('<publish><key oid="b"><m/></key><qos><expiration lifeTime="0"/><topic destroyDelay="0"/></qos></publish>');
  const { body } = await poll(broker);
  const ack = /ack='([^']*)'/.exec(body)?.[1];
  expect((await broker.get(`/updates?session=joe/1&timeout=1&ack=${ack}`)).body).toContain("<state id='ERASED'/>");
});

test('connect echoes no password, scripts end with the first failure, queues hold what they say, highest priority first', async () => {
  const broker = await startBroker();
  const connected = await broker.post(`<connect><qos><securityService><user>joe</user><passwd>hush</passwd></securityService>
    <session name="joe/1"/><queue relating="callback" maxEntries="2"/></qos></connect>`);
  expect(connected.body).not.toContain('hush');
  await broker.post('<subscribe><key oid="a"/></subscribe>', '/?session=joe/1');
  await broker.post('<subscribe><key oid="__sys__deadMessage"/></subscribe>', '/?session=undertaker/1');
  for (const priority of [1, 9, 5])
    await broker.post(`<publish><key oid="a"/><qos><priority>${priority}</priority></qos></publish>`);
  const { body } = await poll(broker);
  expect([...body.matchAll(/<priority>(\w+)</g)].map(([, name]) => name)).toEqual(['MAX', '1']);
  const dead = await broker.get('/updates?session=undertaker/1');
  expect(oids(dead.body)).toEqual(['__sys__deadMessage']);
  expect([...dead.body.matchAll(/clientProperty name='(\w+)'/g)].map(([, name]) => name)).toEqual([
    '__key',
    '__qos',
    '__oid',
    '__rcvTimestamp',
    '__deadMessageReason',
    '__receiver',
    '__sender',
  ]);
  const script = await broker.post(
    '<xmlBlaster><publish><key oid="s1"/></publish><get/><publish><key oid="s2"/></publish></xmlBlaster>',
  );
  expect(script.body).toMatch(/<publish>[\s\S]*<\/exception>\n<\/xmlBlasterResponse>\n$/);
  expect(oids((await broker.get('/topics')).body)).not.toContain('s2');
});

function poll(broker: TestBroker): Promise<{ body: string }> {
  return broker.get('/updates?session=joe/1&timeout=0');
}

/** The oids of the keys that stand directly in an answer, one line each. */
function oids(body: string): (string | undefined)[] {
  return [...body.matchAll(/^<key oid='([^']*)'/gm)].map(([, oid]) => oid);
}
