import { expect, test } from 'vitest';
import type { RpcValue } from '../../src/codec/xmlrpc.ts';
import { startBroker } from '../helpers/broker.ts';
import { hurriedClock } from '../helpers/clock.ts';
import { call, callbackQos, ended, login } from '../helpers/xmlrpc.ts';

// Updates as answers of `updateRequest` (protocol/xmlrpc.md, "Single-channel push").

const QOS = '<qos/>';
const OK = "<qos><state id='OK'/></qos>";
const TOPIC = "<key oid='a'/>";

async function connect(port: number, qos: string): Promise<string> {
  const answer = String(await call(port, 'authenticate.connectSingleChannel', null, qos));
  return /sessionId='([^']+)'\/>/.exec(answer.replace(/<callback [^>]*>/, ''))?.[1] ?? '';
}

test('one update per request, the same again until it is acknowledged', async () => {
  const { port } = await startBroker();
  const id = await connect(port, "<qos><session name='joe/1'/></qos>");
  await call(port, 'xmlBlaster.subscribe', id, TOPIC, QOS);
  const request = (isText = 'false') =>
    call(port, 'xmlBlaster.updateRequest', id, '20000', isText) as Promise<[string, string, RpcValue[][]]>;
  const waiting = request();
  for (const content of ['one', 'two', 'three', 'four']) await call(port, 'xmlBlaster.publish', id, TOPIC, content, QOS);
  const [method, , [unit]] = await waiting;
  expect([method, unit?.[1]]).toEqual(['update', Buffer.from('one')]);
  const [, first, [sameUnit]] = await request();
  expect(sameUnit?.[1]).toEqual(Buffer.from('one'));
  expect(await call(port, 'xmlBlaster.updateAckOrException', id, first, [OK], '')).toBe('');
  const [, second, [other]] = await request('true');
  expect(other?.[1]).toBe('two');
  await call(port, 'xmlBlaster.updateAckOrException', id, second, [], 'errorCode=[user.update.error] message=[no]');
  const [, third] = await request();
  await call(port, 'xmlBlaster.updateAckOrException', id, third, [], 'java.lang.NullPointerException');
  const [, fourth, [last]] = await request('true');
  expect(last?.[1]).toBe('four');
  await call(port, 'xmlBlaster.updateAckOrException', id, fourth, [OK], null);
  expect(await call(port, 'xmlBlaster.updateRequest', id, '0', 'false')).toBeNull();
});

test('shutdownCb ends the request that waits; the client can still disconnect, else its session ends', async () => {
  const { port } = await startBroker({}, { clock: hurriedClock() });
  const id = await connect(port, callbackQos('http://127.0.0.1/tunneled'));
  const waiting = call(port, 'xmlBlaster.updateRequest', id, '300000', 'false');
  expect(await call(port, 'xmlBlaster.shutdownCb', id)).toBe('');
  expect(await waiting).toBeNull();
  await ended(port, id);
  expect(await call(port, 'xmlBlaster.shutdownCb', id)).toBe('');
});

test('a client that asks no more is lost after its pingInterval', async () => {
  const { port } = await startBroker({}, { clock: hurriedClock() });
  const id = await connect(port, callbackQos('http://127.0.0.1/tunneled', "pingInterval='2000'"));
  expect(await call(port, 'xmlBlaster.updateRequest', id, '0', 'false')).toBeNull();
  await ended(port, id);
});

test('a request that waits does not keep a session from timing out', async () => {
  const { port } = await startBroker({}, { clock: hurriedClock() });
  const id = await connect(port, "<qos><session name='joe/1' timeout='1000'/></qos>");
  expect(await call(port, 'xmlBlaster.updateRequest', id, '300000', 'false')).toBeNull();
  await expect(call(port, 'xmlBlaster.updateRequest', id, '0', 'false')).rejects.toThrow('authentication.accessDenied');
});

test.each([
  ['a session that listens elsewhere', '0', 'callbackServer.notavailable'],
  ['a time that is none', 'soon', 'user.illegalArgument'],
])('updateRequest is a fault for %s', async (_what, waitMs, message) => {
  const { port } = await startBroker();
  const id = waitMs === '0' ? await login(port, 'joe') : await connect(port, QOS);
  await expect(call(port, 'xmlBlaster.updateRequest', id, waitMs, 'false')).rejects.toThrow(message);
});
