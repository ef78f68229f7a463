import { expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { contentsOf, encode, SocketClient } from '../helpers/socket.ts';

// protocol/socket.md, "Frame" and "Bounds": what ends a connection, and that it ends nothing else.

const ping = encode('I', '1', 'ping', '', '').toString('latin1');

test.each([
  ['a length of 10 GB', `9999999999${ping.slice(10)}`],
  ['a negative length', `       -10${ping.slice(10)}`],
  ['no digits', '1         '],
  ['too short a length', `         5${ping.slice(10)}`],
  ['a length that splits the frame', `        20${ping.slice(10)}`],
  ['an unknown type', ping.replace('I', 'X')],
  ['an unknown version', ping.replace('\x001', '\x002')],
  ['a compressed frame', `${ping.slice(0, 11)}Z${ping.slice(12)}`],
  ['a content that does not fit', encode('I', '1', 'publish', '', '\0\x0099\0Hello').toString('latin1')],
])('%s ends the connection, and nothing else', async (_what, bytes) => {
  const { port } = await startBroker();
  const other = await SocketClient.login(port, 'ann/1');
  const client = await SocketClient.login(port, 'joe/1');
  await client.subscribe('a');
  client.socket.write(Buffer.from(bytes, 'latin1'));
  await client.closed();
  expect((await other.publish('a', '1')).type).toBe('R');
});

test('a frame of more than --max-frame-bytes ends the connection before it is there', async () => {
  const { port } = await startBroker({ maxFrameBytes: 1_000 });
  const client = await SocketClient.open(port);
  client.socket.write('      1001');
  await client.closed();
});

test('answers that nobody asked for are ignored', async () => {
  const { port } = await startBroker();
  const client = await SocketClient.login(port, 'joe/1');
  await client.subscribe('a');
  await client.publish('a', '1');
  const update = await client.request();
  const strange = { ...update, requestId: 'client/joe/1:update:99' };
  client.acknowledge(strange);
  client.refuse({ ...update, requestId: '' }, 'user.x');
  client.acknowledge({ ...update, requestId: 'x', method: 'ping' });
  client.acknowledge(update);
  client.acknowledge(update);
  client.refuse(update, 'user.x');
  await client.publish('a', '2');
  expect(contentsOf(await client.request())).toEqual(['2']);
});

test('a session id of somebody else acknowledges nothing of theirs', async () => {
  const { port } = await startBroker({ maxUpdatesInFlight: 1 });
  const client = await SocketClient.login(port, 'joe/1');
  const stranger = await SocketClient.login(port, 'eve/1');
  await client.subscribe('a');
  await client.publish('a', '1');
  await client.publish('a', '2');
  stranger.acknowledge(await client.request());
  await stranger.settled();
  await client.settled();
  expect(client.waiting).toEqual([]);
});

test('who does not take its answers is cut off in the end', async () => {
  const clock = new ManualClock();
  const { port } = await startBroker({ maxBytesWaiting: 10_000, responseTimeout: 1_000 }, { clock });
  const client = await SocketClient.login(port, 'joe/1');
  await client.publish('a', 'x'.repeat(5_000_000));
  client.socket.pause();
  for (let i = 0; i < 10; i++) client.send('get', "\0<key oid='a'/>\0");
  const other = await SocketClient.open(port);
  let isClosed = false;
  client.socket.once('close', () => {
    isClosed = true;
  });
  while (!isClosed) {
    await other.settled();
    clock.advance(600);
    client.socket.write(ping); // without writing, a paused socket never learns that it was closed
  }
});
