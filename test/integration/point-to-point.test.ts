import { describe, expect, test } from 'vitest';
import { ask } from '../helpers/admin.ts';
import { exceptionOf } from '../helpers/answers.ts';
import { type Answer, startBroker } from '../helpers/broker.ts';
import { contentsOf, SocketClient, type WireFrame } from '../helpers/socket.ts';

// protocol/http.md, "Point-to-point".

/** Publishes to `destinations`; the topic is `note`. */
function send(client: SocketClient, destinations: string, content: string, qos = ''): Promise<WireFrame> {
  return client.call('publish', `<qos>${destinations}${qos}</qos>\0<key oid='note'/>\0${content.length}\0${content}`);
}

const to = (name: string, attributes = ''): string => `<destination${attributes}>${name}</destination>`;
const FORCED = " forceQueuing='true'";

describe('a message to a subject', () => {
  test('reaches all its sessions, and nobody else', async () => {
    const { port } = await startBroker({ nodeId: 'heron' });
    const [first, second, other] = await Promise.all(['joe/1', 'joe/2', 'jack/1'].map((name) => SocketClient.login(port, name)));
    const ann = await SocketClient.login(port, 'ann/1');
    expect((await send(ann, to('joe'), 'hi')).type).toBe('R');
    for (const session of [first, second]) {
      const update = await (session as SocketClient).request();
      expect(update.data).toContain("<subscribe id='__subId:PtP'/>");
      expect(update.data).toContain('<destination>client/joe</destination>');
      expect(contentsOf(update)).toEqual(['hi']);
    }
    await other?.settled();
    expect(other?.waiting).toEqual([]);
  });

  test('that was never here is an error, and nothing is left of it', async () => {
    const broker = await startBroker();
    const ann = await SocketClient.login(broker.port, 'ann/1');
    const answer = await send(ann, to('nobody'), 'hi');
    expect(answer).toMatchObject({ type: 'E', data: expect.stringContaining('user.ptp.unknownDestination') });
    expect((await broker.get('/topics/note')).status).toBe(404);
  });

  test('with forceQueuing waits for the first session that it has', async () => {
    const { port } = await startBroker();
    const ann = await SocketClient.login(port, 'ann/1');
    expect((await send(ann, to('joe', FORCED), '1')).type).toBe('R');
    // It is known now: no need to force.
    expect((await send(ann, to('joe'), '2')).type).toBe('R');
    const joe = await SocketClient.login(port, 'joe');
    expect([...(await joe.update()), ...(await joe.update())]).toEqual(['1', '2']);
    const later = await SocketClient.login(port, 'joe');
    await later.settled();
    expect(later.waiting).toEqual([]);
  });

  test('is refused when its queue is full, with the original’s code', async () => {
    const { port } = await startBroker({ maxQueueEntries: 1 });
    const ann = await SocketClient.login(port, 'ann/1');
    await send(ann, to('joe', FORCED), '1');
    expect((await send(ann, to('joe'), '2')).data).toContain('resource.overflow.queue.entries');
    const joe = await SocketClient.login(port, 'joe');
    expect(await joe.update()).toEqual(['1']);
  });

  test('is lost with the disconnect of the last session, unless that says to keep it', async () => {
    const { port } = await startBroker();
    const ann = await SocketClient.login(port, 'ann/1');
    for (const [disconnectQos, expected] of [
      ['<deleteSubjectQueue>false</deleteSubjectQueue>', ['kept']],
      ['', []],
    ] as const) {
      const silent = await SocketClient.open(port);
      silent.session = (await silent.call('connect', "<qos><session name='joe/1'/></qos>", '')).session;
      await send(ann, to('joe'), 'kept');
      await silent.call('disconnect', `<qos>${disconnectQos}</qos>`);
      const joe = await SocketClient.login(port, 'joe/2');
      await joe.settled();
      expect(joe.waiting.flatMap(contentsOf)).toEqual(expected);
      for (const update of [...joe.waiting]) joe.acknowledge(update);
      await joe.call('disconnect');
    }
  });
});

describe('a message to a session', () => {
  test('reaches just this one, and those who subscribed to its topic', async () => {
    const { port } = await startBroker();
    const [joe1, joe2, ann] = await Promise.all(['joe/1', 'joe/2', 'ann/1'].map((name) => SocketClient.login(port, name)));
    await ann?.subscribe('note');
    await send(ann as SocketClient, to('/node/anywhere/client/joe/1'), 'hi');
    expect(await joe1?.update()).toEqual(['hi']);
    expect(await ann?.update()).toEqual(['hi']);
    await joe2?.settled();
    expect(joe2?.waiting).toEqual([]);
  });

  test('that is not subscribable stays between the two', async () => {
    const broker = await startBroker();
    const joe = await SocketClient.login(broker.port, 'joe/1');
    const ann = await SocketClient.login(broker.port, 'ann/1');
    await ann.subscribe('note');
    const answer = await send(ann, to('joe/1'), 'secret', '<subscribable>false</subscribable>');
    expect(answer.data).toContain("<state id='OK' info='PtP request handled'/>");
    const update = await joe.request();
    expect(update.data).toContain('<subscribable>false</subscribable>');
    expect(contentsOf(update)).toEqual(['secret']);
    await ann.settled();
    expect(ann.waiting).toEqual([]);
    expect((await broker.get('/topics/note')).status).toBe(404);
  });

  test('that does not exist is an error; with forceQueuing it is made, and its client takes it over', async () => {
    const { port } = await startBroker();
    const ann = await SocketClient.login(port, 'ann/1');
    expect((await send(ann, to('joe/7'), 'x')).data).toContain('user.ptp.unknownDestination');
    expect((await send(ann, to('joe/-7', FORCED), 'x')).data).toContain('user.ptp.unknownDestination');
    expect((await send(ann, to('joe/7', FORCED), 'hi')).type).toBe('R');
    const joe = await SocketClient.open(port);
    expect((await joe.connect('joe/7')).data).not.toContain('<reconnected/>');
    expect(await joe.update()).toEqual(['hi']);
  });

  test('that wants none is an error', async () => {
    const { port } = await startBroker();
    const joe = await SocketClient.open(port);
    await joe.call('connect', "<qos><ptp>false</ptp><session name='joe/1'/><queue relating='callback'><callback/></queue></qos>");
    const ann = await SocketClient.login(port, 'ann/1');
    expect((await send(ann, to('joe/1'), 'x')).data).toContain('user.ptp.denied');
  });

  test('that names it twice reaches it once', async () => {
    const { port } = await startBroker();
    const ann = await SocketClient.login(port, 'ann/1');
    await send(ann, to('joe/1', FORCED) + to('joe/1', FORCED) + to('jack', FORCED) + to('jack', FORCED), 'hi');
    for (const name of ['joe/1', 'jack/1']) {
      const client = await SocketClient.login(port, name);
      expect(await client.update()).toEqual(['hi']);
      await client.settled();
      expect(client.waiting).toEqual([]);
    }
  });

  test('that cannot be published makes nobody', async () => {
    const broker = await startBroker({ maxSessions: 1 });
    await broker.post("<publish><key oid='note'/><content>1</content><qos><topic readonly='true'/></qos></publish>");
    const both = to('jack', FORCED) + to('joe/1', FORCED);
    const publish = (oid: string, destinations: string): Promise<Answer> =>
      broker.post(`<publish><key oid='${oid}'/><content>2</content><qos>${destinations}</qos></publish>`);
    expect(exceptionOf((await publish('note', both)).body).code).toBe('user.publish.readonly');
    expect(await ask(broker, '?clientList')).toBe('');
    expect(exceptionOf((await publish('other', both + to('a', FORCED))).body).code).toBe('user.illegalArgument');
    expect(exceptionOf((await publish('other', both + to('joe/2', FORCED))).body).code).toBe('resource.exhaust');
    expect(await ask(broker, '?clientList')).toBe('');
    expect((await broker.get('/topics/other')).status).toBe(404);
  });

  test('made for messages by others takes no place from its user', async () => {
    const { port } = await startBroker({ maxSessionsPerSubject: 2 });
    const ann = await SocketClient.login(port, 'ann/1');
    for (const name of ['joe/7', 'joe/8']) expect((await send(ann, to(name, FORCED), 'hi')).type).toBe('R');
    expect((await send(ann, to('joe/9', FORCED), 'hi')).data).toContain('user.configuration.maxSession');
    const [joe, seven] = [await SocketClient.login(port, 'joe/1'), await SocketClient.login(port, 'joe/7')];
    expect([joe.session, seven.session].every((id) => id.length > 10)).toBe(true);
    expect(await seven.update()).toEqual(['hi']);
    const third = await SocketClient.open(port);
    expect((await third.connect('joe/3')).data).toContain('user.configuration.maxSession');
  });

  test('among several destinations none gets it when one is wrong', async () => {
    const { port } = await startBroker();
    const joe = await SocketClient.login(port, 'joe/1');
    const ann = await SocketClient.login(port, 'ann/1');
    expect((await send(ann, to('joe/1') + to('nobody'), 'x')).type).toBe('E');
    const ignore = "<clientProperty name='_user.ptp.unknownDestination.ignoreSilently'>true</clientProperty>";
    expect((await send(ann, to('joe/1') + to('nobody'), 'y', ignore)).type).toBe('R');
    expect(await joe.update()).toEqual(['y']);
  });

  test('can be sent and fetched with curl alone', async () => {
    const broker = await startBroker();
    expect((await broker.put('/topics/note?destination=joe/1', 'hi')).status).toBe(201);
    expect((await broker.get('/updates?session=joe/1')).body).toContain(
      "<destination forceQueuing='true'>client/joe/1</destination>",
    );
  });

  test('waits for a poll over HTTP like everything else', async () => {
    const broker = await startBroker();
    await broker.get('/updates?session=joe/1&timeout=0');
    const ann = await SocketClient.login(broker.port, 'ann/1');
    await send(ann, to('joe'), 'hi');
    expect((await broker.get('/updates?session=joe/1')).body).toContain('<content>hi</content>');
  });
});
