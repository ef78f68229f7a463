import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { startBroker } from '../helpers/broker.ts';
import { createCertificate, hasOpenssl } from '../helpers/certificate.ts';
import { ManualClock } from '../helpers/clock.ts';
import { contentsOf, encode, SocketClient, type WireFrame } from '../helpers/socket.ts';

// protocol/socket.md, "Datagrams".

const ATTRIBUTE = "<attribute name='useUdpForOneway'>true</attribute>";
const unit = (text: string): string => `<qos/>\0<key oid='a'/>\0${text.length}\0${text}`;

/** A client's socket for datagrams, and what it received. */
class DatagramClient {
  readonly received: WireFrame[] = [];
  /** Ports that they came from. */
  readonly ports = new Set<number>();
  readonly #socket: Socket;
  readonly #port: number;

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (bytes, from) => {
      const [, method = '', session = '', , ...data] = bytes.toString('latin1', 16).split('\0');
      this.received.push({ type: String.fromCharCode(bytes[12] ?? 0), requestId: '', method, session, data: data.join('\0') });
      this.ports.add(from.port);
    });
  }

  /** `ownPort`: that of the client's connection, for those who want updates there. */
  static async open(port: number, ownPort = 0): Promise<DatagramClient> {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    socket.bind(ownPort, '127.0.0.1');
    await once(socket, 'listening');
    return new DatagramClient(socket, port);
  }

  send(bytes: Buffer): void {
    this.#socket.send(bytes, this.#port, '127.0.0.1');
  }

  publish(session: string, ...texts: string[]): void {
    this.send(encode('I', '1', 'publishOneway', session, texts.map(unit).join('')));
  }

  /** The contents of the next datagram. */
  async next(): Promise<string[]> {
    if (this.received.length === 0) await once(this.#socket, 'message');
    return contentsOf(this.received.shift() as WireFrame);
  }
}

const ownPortOf = (client: SocketClient): number => client.socket.localPort ?? 0;

describe('publishOneway as a datagram', () => {
  test('is published, on either port, one message or several', async () => {
    const broker = await startBroker({ udp: true, socketPort: 0 });
    const client = await SocketClient.login(broker.port, 'joe/1');
    await client.subscribe('a');
    for (const port of [broker.port, broker.socketPort ?? 0]) {
      const datagrams = await DatagramClient.open(port);
      datagrams.publish(client.session, '1', '2');
      expect([...(await client.update()), ...(await client.update())]).toEqual(['1', '2']);
      expect(datagrams.received).toEqual([]);
    }
  });

  test('is what the broker does not listen for unless somebody wants it', async () => {
    const { port } = await startBroker();
    const free = createSocket('udp4').bind(port, '127.0.0.1');
    await once(free, 'listening');
    free.close();
  });

  test('does not end the broker when its port is busy: it does not start', async () => {
    const { port } = await startBroker({ udp: true });
    await expect(startBroker({ udp: true, port })).rejects.toThrow(/EADDRINUSE/);
  });

  test('is all that comes this way: anything else is dropped, counted, and not answered', async () => {
    const lines: string[] = [];
    const clock = new ManualClock();
    const logger = createLogger('warn', { write: (line) => void lines.push(JSON.parse(line).msg) });
    const { port } = await startBroker({ udp: true, maxContentBytes: 1_000 }, { clock, logger });
    const client = await SocketClient.login(port, 'joe/1', 'pingInterval="0"');
    await client.subscribe('a');
    const { session } = client;
    const good = encode('I', '1', 'publishOneway', session, unit('good'));
    const relabelled = (length: number): Buffer => Buffer.concat([Buffer.from(String(length).padStart(10)), good.subarray(10)]);
    const bad = [
      Buffer.alloc(0),
      Buffer.from('        10'),
      Buffer.from('GET / HTTP/1.0\r\n\r\n'),
      good.subarray(0, -1),
      Buffer.concat([good, good]),
      relabelled(good.length + 1),
      relabelled(99_999_999),
      encode('R', '1', 'publishOneway', session, unit('answer')),
      encode('I', '1', 'publish', session, unit('acknowledged')),
      encode('I', '1', 'connect', '', "<qos><session name='ann/1'/></qos>"),
      encode('I', '1', 'erase', session, "<qos/>\0<key oid='a'/>\0"),
      encode('I', '1', 'ping', session, ''),
      encode('I', '1', 'publishOneway', 'guessed', unit('stranger')),
      encode('I', '1', 'publishOneway', '', unit('nobody')),
      encode('I', '1', 'publishOneway', session, '<qos\0<key/>\x000\0'),
      encode('I', '1', 'publishOneway', session, "<qos/>\0<key oid='a'/>\x0099\0short"),
      encode('I', '1', 'publishOneway', session, unit('x'.repeat(1_001))),
      encode('I', '1', 'publishOneway', session, "<qos/>\0<key oid='__sys__a'/>\x000\0"),
    ];
    const datagrams = await DatagramClient.open(port);
    for (const bytes of bad) datagrams.send(bytes);
    datagrams.send(good);
    expect(await client.update()).toEqual(['good']);
    await client.settled();
    expect(client.waiting).toEqual([]);
    expect(datagrams.received).toEqual([]);
    expect(lines.filter((line) => line.startsWith('Datagrams'))).toEqual([]);
    clock.advance(60_000);
    const report = `Datagrams dropped within a minute: ${bad.length}, the first one because: A datagram of 0 bytes does not hold one frame`;
    expect(lines.filter((line) => line.startsWith('Datagrams'))).toEqual([report]);
    datagrams.send(Buffer.from('x'));
    datagrams.send(good);
    expect(await client.update()).toEqual(['good']);
    clock.advance(60_000);
    expect(lines.at(-1)).toMatch(/^Datagrams dropped within a minute: 1,/);
  });
});

describe('updateOneway as a datagram', () => {
  test('comes to the port of the connection, from the port that it goes to, when the callback asks for it', async () => {
    const { port } = await startBroker({ udp: true });
    const client = await SocketClient.login(port, 'joe/1', "oneway='true' sessionId='mine'", ATTRIBUTE);
    const datagrams = await DatagramClient.open(port, ownPortOf(client));
    await client.subscribe('a');
    await client.publish('a', '1');
    expect(await datagrams.next()).toEqual(['1']);
    await client.publish('a', '2');
    await client.publish('a', '3');
    expect([...(await datagrams.next()), ...(await datagrams.next())].toSorted()).toEqual(['2', '3']);
    expect([...datagrams.ports]).toEqual([port]);
    expect(client.waiting).toEqual([]);
  });

  test('comes without asking to a client that publishes from there, as the C library does', async () => {
    const { port } = await startBroker({ udp: true });
    const client = await SocketClient.login(port, 'joe/1');
    const other = await SocketClient.login(port, 'ann/1');
    const datagrams = await DatagramClient.open(port, ownPortOf(client));
    const elsewhere = await DatagramClient.open(port);
    for (const subscriber of [client, other]) await subscriber.subscribe('a', '<updateOneway/>');
    elsewhere.publish(other.session, '1');
    expect(contentsOf(await client.request('updateOneway'))).toEqual(['1']);
    datagrams.publish(client.session, '2');
    expect(await datagrams.next()).toEqual(['2']);
    expect(contentsOf(await other.request('updateOneway'))).toEqual(['1']);
    expect(contentsOf(await other.request('updateOneway'))).toEqual(['2']);
    expect(elsewhere.received).toEqual([]);
  });

  test('is none when it is too large for one, or is to be acknowledged, or the broker takes no datagrams', async () => {
    const { port } = await startBroker({ udp: true });
    const client = await SocketClient.login(port, 'joe/1', '', ATTRIBUTE);
    const datagrams = await DatagramClient.open(port, ownPortOf(client));
    await client.subscribe('a', '<updateOneway/>');
    await client.subscribe('b');
    const large = 'x'.repeat(10_240);
    await client.publish('a', large);
    expect(contentsOf(await client.request('updateOneway'))).toEqual([large]);
    await client.publish('b', '2');
    expect(await client.update()).toEqual(['2']);
    await client.publish('a', '3');
    expect(await datagrams.next()).toEqual(['3']);
    const without = await startBroker();
    const joe = await SocketClient.login(without.port, 'joe/1', "oneway='true'", ATTRIBUTE);
    await joe.subscribe('a');
    await joe.publish('a', '4');
    expect(contentsOf(await joe.request('updateOneway'))).toEqual(['4']);
  });

  test.skipIf(!hasOpenssl())('is none for a client that speaks TLS', async () => {
    const files = createCertificate();
    const { port } = await startBroker({ udp: true, ...files });
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(files.tlsCert) });
    await once(socket, 'secureConnect');
    const client = new SocketClient(socket);
    await client.connect('joe/1', "oneway='true'", ATTRIBUTE);
    await client.subscribe('a');
    await client.publish('a', 'secret');
    expect(contentsOf(await client.request('updateOneway'))).toEqual(['secret']);
  });
});
