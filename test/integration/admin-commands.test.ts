import { describe, expect, test } from 'vitest';
import { command, getCommand, setCommand } from '../helpers/admin.ts';
import { startBroker } from '../helpers/broker.ts';
import { codeOf, contentsOf, SocketClient } from '../helpers/socket.ts';

describe('__cmd: over SOCKET', () => {
  test('is read by get: one message each, with the whole path as its oid', async () => {
    const { port } = await startBroker({ nodeId: 'heron' });
    const client = await SocketClient.login(port, 'joe/1');
    const answer = await getCommand(client, '?nodeId, version, uptime, totalMem, usedMem, freeMem, clientList');
    expect(contentsOf(answer)).toHaveLength(7);
    expect(contentsOf(answer)[0]).toBe('heron');
    expect(contentsOf(answer)[6]).toBe('joe');
    expect(answer.data).toContain("<key oid='__cmd:/node/heron/?nodeId'/>");
    const session = await getCommand(client, 'client/joe/1/?loginName');
    expect(contentsOf(session)).toEqual(['joe']);
    expect(session.data).toContain("<key oid='__cmd:/node/heron/client/joe/session/1/?loginName'/>");
  });

  test('dispatcherActive is read whatever stands behind it, and set by a publish', async () => {
    const { port } = await startBroker({ nodeId: 'heron' });
    const client = await SocketClient.login(port, 'joe/1');
    const path = 'client/joe/1/?dispatcherActive';
    await client.subscribe('a');
    expect(await command(client, `${path}=one,two,three`)).toEqual(['true']);
    const done = await setCommand(client, `${path}=false`);
    expect(done.data).toContain("info='/node/heron/client/joe/session/1/?dispatcherActive=false'");
    expect(done.data).toContain("<key oid='__cmd:client/joe/1/?dispatcherActive=false'/>");
    expect(await command(client, path)).toEqual(['false']);
    await client.publish('a', '1');
    await client.publish('a', '2');
    await client.settled();
    expect(client.waiting).toEqual([]);
    await setCommand(client, path, 'true');
    expect([...(await client.update()), ...(await client.update())]).toEqual(['1', '2']);
  });

  test('operations run by publish, and by get too', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1');
    await client.publish('a', '1');
    expect(await command(client, 'topic/a/?clearHistoryQueue')).toEqual(['1']);
    expect(await command(client, 'topic/a/?numOfHistoryEntries')).toEqual(['0']);
    expect(codeOf(await setCommand(client, 'topic/a/?eraseTopic'))).toBe('');
    expect(codeOf(await getCommand(client, 'topic/a/?stateStr'))).toBe('user.illegalArgument');
    const other = await SocketClient.login(port, 'jack/1');
    expect(codeOf(await setCommand(client, 'client/jack/1/?disconnectClientKeepSession'))).toBe('');
    await other.closed();
    expect(await command(client, 'client/jack/1/?connectionState')).toEqual(['POLLING']);
  });

  test('what is unknown or wrong is user.illegalArgument', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1');
    for (const path of [
      '?coffee',
      '',
      'client/jack/?uptime',
      'client/joe/x/?uptime',
      'topic/x/?id',
      '/node/x/?nodeId',
      '?',
      'queue/?x',
    ]) {
      expect(codeOf(await getCommand(client, path)), path).toBe('user.illegalArgument');
      expect(codeOf(await setCommand(client, path)), path).toBe('user.illegalArgument');
    }
    expect(codeOf(await setCommand(client, 'client/joe/1/?dispatcherActive=maybe'))).toBe('user.illegalArgument');
    expect((await getCommand(client, '?nodeId')).type).toBe('R');
  });

  test('the session of a kill learns it with its next request', async () => {
    const { port } = await startBroker();
    const client = await SocketClient.login(port, 'joe/1');
    const root = await SocketClient.login(port, 'root/1');
    await setCommand(root, 'client/joe/1/?killSession');
    expect(await command(root, '?clientList')).toEqual(['root']);
    await client.closed();
  });
});
