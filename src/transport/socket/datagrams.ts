import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from 'node:dgram';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Lru } from '../../base/lru.ts';
import type { Timer } from '../../base/timer-wheel.ts';
import type { OnGone } from '../../broker/queue-queries.ts';
import { FrameError } from '../../codec/socket-frame.ts';
import type { EncodedFrame } from '../../codec/socket-frame-encode.ts';
import { decodeDatagram } from '../../codec/socket-frame-reader.ts';
import { BrokerError } from '../../model/error.ts';
import { handleCommand } from '../command-handler.ts';
import { FrameCaller } from './frame-caller.ts';
import type { SocketContext } from './socket-connection.ts';

/** So much of a datagram the C library reads; bytes. */
const MAX_UPDATE_BYTES = 10_240;

/** Clients of which it is remembered that they use datagrams; of more, those that used them last. */
const MAX_KNOWN_CLIENTS = 20_000;

/** A datagram has no connection that could be gone. */
const NOBODY_WAITS: OnGone = () => () => {};

/** Between two lines of the log about datagrams that were dropped; ms. */
const REPORT_MS = 60_000;

/** The way to one client beside its connection. */
export interface DatagramSender {
  /** Whether datagrams of this session have come from the very port of the connection: then the client reads there, too. */
  knows(secretSessionId: string): boolean;
  /** `onSent` is called once the frame has left the process; with an error when it has not, for example because it is too large. */
  send(frame: EncodedFrame, onSent: (error?: Error | null) => void): void;
}

/** The calls of the SOCKET protocol that nobody answers, over UDP (protocol/socket.md, "Datagrams"). */
export class Datagrams {
  readonly #context: SocketContext;
  readonly #sockets = new Map<number, DatagramSocket>();
  readonly #clients = new Lru<string, true>(MAX_KNOWN_CLIENTS, MAX_KNOWN_CLIENTS);
  #inFlight = 0;
  /** Since the last report. */
  #dropped = 0;
  #report: Timer | undefined;

  constructor(context: SocketContext) {
    this.#context = context;
  }

  /** Takes datagrams at an address on which connections are taken already. Rejects with the error of the system. */
  async open({ address, family, port }: AddressInfo): Promise<void> {
    const socket = createSocket(family === 'IPv6' ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind(port, address, () => {
        socket.off('error', reject).on('error', (error) => this.#context.logger.error({ err: error }, 'datagrams failed'));
        resolve();
      });
    });
    socket.on('message', (bytes, client) => this.#receive(bytes, client));
    this.#sockets.set(port, socket);
  }

  /** The way to whoever is at the other end of `stream`; undefined when there is none, or it would be less private. */
  to(stream: Duplex): DatagramSender | undefined {
    if (stream instanceof TLSSocket) return undefined;
    const { localPort = 0, remoteAddress = '', remotePort = 0 } = stream as Socket;
    return {
      knows: (secretSessionId) => this.#clients.get(`${secretSessionId} ${remoteAddress} ${remotePort}`) === true,
      send: ({ parts, bytes }, onSent) => {
        const socket = this.#sockets.get(localPort);
        if (!socket || bytes > MAX_UPDATE_BYTES) onSent(new Error(`A datagram of ${bytes} bytes cannot be sent`));
        else
          socket.send(
            parts.map((part) => Buffer.from(part)),
            remotePort,
            remoteAddress,
            onSent,
          );
      },
    };
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  /** Whatever is wrong, there is no answer: who claims to be the sender need not be it. */
  async #receive(bytes: Buffer, client: RemoteInfo): Promise<void> {
    this.#inFlight++;
    try {
      await this.#publish(bytes, client);
    } catch (error) {
      this.#drop(error as Error);
    } finally {
      this.#inFlight--;
    }
  }

  /** @throws FrameError for anything but one publishOneway; BrokerError as publish. */
  async #publish(bytes: Buffer, { address, port }: RemoteInfo): Promise<void> {
    const { broker, decoder, options } = this.#context;
    if (this.#inFlight > options.limits.maxRequestsInFlight) throw new FrameError('too many are under way');
    const frame = decodeDatagram(bytes);
    if (frame.type !== 'I' || frame.method !== 'publishOneway') throw new FrameError('only publishOneway may come this way');
    const caller = new FrameCaller(broker, 'publish', frame.secretSessionId, address);
    this.#clients.set(`${caller.session.secretId} ${address} ${port}`, true, 1);
    await handleCommand(broker, caller, decoder.decode(frame), NOBODY_WAITS);
  }

  #drop(error: Error): void {
    const { broker, logger } = this.#context;
    if (!(error instanceof BrokerError || error instanceof FrameError)) {
      logger.error({ err: error }, 'a datagram failed because of a bug');
    }
    this.#dropped++;
    this.#report ??= broker.timers.start(REPORT_MS, () => {
      logger.warn(`Datagrams dropped within a minute: ${this.#dropped}, the first one because: ${error.message}`);
      this.#dropped = 0;
      this.#report = undefined;
    });
  }
}
