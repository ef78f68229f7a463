import { join } from 'node:path';
import { expect } from 'vitest';
import { runProgram, testWith } from '../examples/programs.ts';
import { startBroker } from '../helpers/broker.ts';

// protocol/*.xsd, held against real scripts and the broker's answers to them.

const schema = join(import.meta.dirname, '../../protocol/script.xsd');

const SCRIPT = `<xmlBlaster id="1">
  <connect><qos>
    <securityService type="htpasswd" version="1.0"><user>joe</user><passwd>secret</passwd></securityService>
    <session name="joe/1" timeout="60000" maxSessions="5" clearSessions="true"/>
    <queue relating="callback" maxEntries="100"><callback type="SOCKET">socket://x</callback></queue>
    <persistent/><clientProperty name="a" type="int">1</clientProperty>
  </qos></connect>
  <subscribe><key queryType="xpath">//b[@c&gt;1]</key><qos>
    <subscribe id="__subId:joe-1"/><content/><meta>true</meta><multiSubscribe>false</multiSubscribe><local>TRUE</local>
    <initialUpdate/><notify/><persistent>false</persistent><history numEntries="-1" newestFirst="false"/>
  </qos></subscribe>
  <subscribe><key queryType="XPATH">//b[@c&gt;1]</key><qos><multiSubscribe>false</multiSubscribe></qos></subscribe>
  <subscribe><key domain="d"/></subscribe>
  <publish><key oid="k" domain="d" any="thing"><a:b xmlns:a="x"/><b c="2">text</b></key><content><i>1</i></content><qos>
    <priority>high</priority><persistent/><expiration lifeTime="60000" forceDestroy="false"/><forceUpdate>true</forceUpdate>
    <topic readonly="false" destroyDelay="-1" createDomEntry="true"><queue relating="history" maxEntries="5"/></topic>
    <state id="OK" info="fresh"/><clientProperty name="p" encoding="base64">QQ==</clientProperty>
  </qos></publish>
  <publishArr><message><key oid="k"/></message><message><content encoding="base64">AAEC</content><key oid="v"/><qos><isVolatile/></qos></message></publishArr>
  <publish><key oid="k"/><qos><administrative/><topic destroyDelay=""/></qos></publish>
  <get><key oid="k"/><qos><history numEntries="10"/><filter type="GnuRegexFilter">.*</filter><filter type="Sql92Filter" version="1.0"><![CDATA[a < 1]]></filter></qos></get>
  <publish><key oid="jobs"/><qos><topic><msgDistributor typeVersion="ConsumableQueue,1.0"/></topic></qos></publish>
  <get><key oid="jobs"/></get>
  <get><key oid="__cmd:client/joe/1/?callbackQueueEntries"/><qos>
    <querySpec type="QueueQuery" version="1.0"><![CDATA[maxEntries=2&consumable=true]]></querySpec>
  </qos></get>
  <get><key oid="__cmd:topic/k/?historyQueueEntries"/></get>
  <get><key oid="nothing"/></get>
  <ping/>
  <erase><key oid="k"/><qos><erase forceDestroy="false"/></qos></erase>
  <unSubscribe><key oid="__subId:joe-1"/></unSubscribe>
  <unSubscribe><key domain="d"/></unSubscribe>
  <disconnect/>
</xmlBlaster>`;

testWith(['xmllint'], 'script.xsd, key.xsd and qos.xsd describe scripts, their answers and updates', async () => {
  const broker = await startBroker();
  await expect(lint(SCRIPT)).resolves.toBe('valid');
  const named = await broker.post('<subscribe><key oid="k"/></subscribe>', '/?session=jim/1');
  await expect(lint(named.body)).resolves.toBe('valid');
  const answer = await broker.post(SCRIPT);
  expect(answer.status).toBe(200);
  await expect(lint(answer.body)).resolves.toBe('valid');
  const updates = await broker.get('/updates?session=jim/1&timeout=0');
  expect(updates.body).toMatch(/<state id='ERASED'\/>/);
  await expect(lint(updates.body)).resolves.toBe('valid');
  const again = await broker.get('/updates?session=jim/1&timeout=0');
  expect(again.body).toMatch(/<redeliver>1<\/redeliver>/);
  await expect(lint(again.body)).resolves.toBe('valid');
  const failed = await broker.post('<xmlBlaster><ping/><get/></xmlBlaster>');
  expect(failed.status).toBe(400);
  await expect(lint(failed.body)).resolves.toBe('valid');
  await expect(lint((await broker.get('/nothing')).body)).resolves.toBe('valid');
});

testWith(['xmllint'], 'qos.xsd refuses the values that the broker refuses', async () => {
  const broker = await startBroker();
  const refused = [
    '<publish><key oid="a"/><qos><priority>12</priority></qos></publish>',
    '<publish><key oid="a"/><qos><persistent>yes</persistent></qos></publish>',
    '<publish><key oid="a"/><qos><expiration lifeTime="soon"/></qos></publish>',
    '<get><key oid="a" queryType="REGEX"/></get>',
    '<get><key oid="a"/><qos><history numEntries="1.5"/></qos></get>',
    '<connect><qos><session name="joe" clearSessions="perhaps"/></qos></connect>',
    '<publish><key oid="a"/><content/><content/></publish>',
    '<wait delay="1"/>',
  ];
  for (const command of refused) {
    const script = `<xmlBlaster>${command}</xmlBlaster>`;
    expect((await broker.post(script)).status, command).toBe(400);
    expect(await lint(script), command).toContain('error');
  }
});

async function lint(document: string): Promise<string> {
  const { code, stderr } = await runProgram('xmllint', ['--noout', '--nonet', '--schema', schema, '-'], { input: document });
  return code === 0 ? 'valid' : stderr;
}
