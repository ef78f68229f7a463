import { expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { CallbackServer, call, callbackQos } from '../helpers/xmlrpc.ts';

// `xmlScriptInvoke`: a command in XML as the only parameter (protocol/xmlrpc.md, "Scripts").

const OK = "<qos><state id='OK'/></qos>";

async function connect(port: number, qos = '<qos/>'): Promise<string> {
  const answer = await call(port, 'authenticate.xmlScriptInvoke', `<connect sessionId='unknown' type='I'>${qos}</connect>`);
  return /sessionId='([^']+)'\/>/.exec(String(answer))?.[1] ?? '';
}

test('commands answer what the methods of their names do; contents are strings', async () => {
  const { port } = await startBroker();
  const id = await connect(port, "<qos><session name='joe/1'/></qos>");
  const invoke = (command: string, inside: string) =>
    call(port, 'xmlBlaster.xmlScriptInvoke', `<?xml version='1.0'?>\n<${command} sessionId='${id}'>${inside}</${command}>`);
  const content = "<content type='String'>&lt;one&gt; ä</content>";
  expect(await invoke('publish', `<qos/><key oid='a'/>${content}`)).toContain("<key oid='a'/>");
  expect(
    await invoke('publishArr', `<message><qos/><key oid='b'/></message><message><qos/><key oid='c'/></message>`),
  ).toHaveLength(2);
  expect(await invoke('publishArr', `<qos/><key oid='d'/><content encoding='base64'>/w==</content>`)).toHaveLength(1);
  expect(await invoke('publishOneway', "<qos/><key oid='e'/>")).toBe('');
  expect(await invoke('get', "<qos/><key oid='a'/>")).toEqual([
    ["<key oid='a'/>", '<one> ä', expect.stringContaining('<sender>')],
  ]);
  const subscribed = String(await invoke('subscribe', "<qos/><key oid='a'/>"));
  const [, subscriptionId] = /<subscribe id='([^']+)'/.exec(subscribed) ?? [];
  expect(await invoke('unSubscribe', `<qos/><key oid='${subscriptionId}'/>`)).toHaveLength(1);
  expect(await invoke('erase', "<qos/><key oid='a'/>")).toEqual([expect.stringContaining('<isErase/>')]);
  expect(await invoke('ping', '<qos/>')).toBe(OK);
  expect(await invoke('disconnect', '<qos/>')).toBe(OK);
  await expect(invoke('get', "<qos/><key oid='a'/>")).rejects.toThrow('authentication.accessDenied');
});

test('updates have the names of 2.x', async () => {
  const { port } = await startBroker();
  const server = await CallbackServer.start();
  const id = await connect(port, callbackQos(server.url));
  for (const command of ['subscribe', 'publish'])
    await call(port, 'xmlBlaster.xmlScriptInvoke', `<${command} sessionId='${id}'><qos/><key oid='a'/></${command}>`);
  await server.until(({ received }) => received.length > 0);
  expect(server.received[0]?.method).toBe('$default.update');
});

test.each([
  ['no XML', 'garbage', 'user.illegalArgument'],
  ['a DTD', '<!DOCTYPE a [<!ENTITY b "c">]><ping/>', 'user.illegalArgument'],
  ['several commands', '<xmlBlaster><ping/><ping/></xmlBlaster>', 'must hold one command'],
  ['no command', '<xmlBlaster/>', 'must hold one command'],
  ['an unknown command', '<explode/>', 'No such handler: xmlBlaster.explode'],
  ['itself', '<xmlScriptInvoke/>', 'No method matching arguments'],
  ['no session', "<get><key oid='a'/></get>", 'authentication.accessDenied'],
  ['wrong base64', "<publish><key oid='a'/><content encoding='base64'>a=b</content></publish>", 'base64'],
  ['10,000 elements in each other', '<a>'.repeat(10_000), 'user.maxSizeExceed'],
])('%s is a fault', async (_what, script, message) => {
  const { port } = await startBroker();
  await expect(call(port, 'xmlBlaster.xmlScriptInvoke', script)).rejects.toThrow(message);
});
