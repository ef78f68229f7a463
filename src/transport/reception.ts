import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Logger } from '../base/logger.ts';
import type { Connections } from './connections.ts';
import { Prober } from './prober.ts';
import type { Protocol } from './recognise.ts';
import { REFUSALS } from './refusal.ts';
import { inflateBlocks, inflateStream } from './socket/compression.ts';
import type { Datagrams } from './socket/datagrams.ts';
import { binaryCodec, type FrameCodec, scriptCodec } from './socket/frame-codec.ts';
import { SocketConnection, type SocketContext } from './socket/socket-connection.ts';

export interface ReceptionContext {
  readonly socket: SocketContext;
  /** Takes over an HTTP connection, and what nobody knows: it answers in its own words. */
  readonly http: (stream: Duplex) => void;
  /** Undefined: none are sent. */
  readonly datagrams: Datagrams | undefined;
  readonly connections: Connections;
  /** Certificate and key; undefined: no TLS. */
  readonly secureContext: SecureContext | undefined;
  /** Ms that a connection may take for the bytes that tell what it speaks, and for the handshake of TLS. */
  readonly firstByteTimeoutMs: number;
  readonly logger: Logger;
}

/** Receives connections and gives each to the code that speaks its protocol. */
export class Reception {
  readonly #context: ReceptionContext;
  readonly #prober: Prober;
  readonly #socketConnections = new Set<SocketConnection>();

  constructor(context: ReceptionContext) {
    this.#context = context;
    this.#prober = new Prober(context.firstByteTimeoutMs, (stream, protocol) => this.#accept(stream, protocol));
  }

  receive(socket: Socket): void {
    if (!this.#context.connections.add(socket)) return;
    this.#ignoreErrors(socket);
    this.#prober.probe(socket);
  }

  /** Cuts off those that have not said anything; ends those of SOCKET when their answers are out. */
  close(): void {
    this.#prober.close();
    for (const connection of this.#socketConnections) connection.close();
  }

  #accept(stream: Duplex, protocol: Protocol | 'unknown'): void {
    const { http, connections, secureContext, socket } = this.#context;
    if (protocol === 'tls' && secureContext && !(stream instanceof TLSSocket)) {
      this.#startTls(stream as Socket, secureContext);
      return;
    }
    connections.recognised(stream, protocol);
    if (protocol === 'http' || protocol === 'unknown') http(stream);
    else if (connections.isTooMany(stream)) this.#refuse(stream, protocol);
    else if (protocol === 'socket') this.#startSocket(stream, stream);
    else if (protocol === 'zlib-stream') this.#startSocket(stream, inflateStream(stream));
    else if (protocol === 'zlib-blocks') this.#startSocket(stream, inflateBlocks(stream, socket.options.limits.maxFrameBytes));
    else if (protocol === 'script') this.#startSocket(stream, stream, scriptCodec);
    else this.#refuse(stream, protocol, REFUSALS[protocol]);
    stream.resume();
  }

  /** `plain` is what `stream` carries. */
  #startSocket(stream: Duplex, plain: Duplex, codec: FrameCodec = binaryCodec): void {
    const { socket, datagrams } = this.#context;
    const address = (stream as Socket).remoteAddress;
    const peer = { address, datagrams: codec === binaryCodec ? datagrams?.to(stream) : undefined };
    const connection = new SocketConnection(plain, socket, peer, codec);
    this.#socketConnections.add(connection);
    stream.once('close', () => this.#socketConnections.delete(connection));
  }

  #startTls(socket: Socket, secureContext: SecureContext): void {
    const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    this.#context.connections.addInner(secure, socket);
    this.#ignoreErrors(secure);
    this.#prober.probe(secure);
  }

  /** Resets and the like: whoever has taken the connection over sees it close, and that is all there is to do. */
  #ignoreErrors(stream: Duplex): void {
    stream.on('error', (error) => this.#context.logger.debug({ err: error }, 'a connection failed'));
  }

  /** What the client still sends is dropped, so that it gets to see the answer and not a reset. */
  #refuse(stream: Duplex, protocol: Protocol, answer?: Buffer): void {
    this.#context.logger.debug(`a connection was refused: it speaks ${protocol}`);
    if (answer) stream.end(answer);
    else stream.end();
  }
}
