import type { Duplex } from 'node:stream';
import type { Logger } from '../../base/logger.ts';
import type { Timer } from '../../base/timer-wheel.ts';
import type { Broker } from '../../broker/broker.ts';
import { OK_QOS } from '../../codec/return-qos-xml.ts';
import { type Frame, FrameError, type FrameHeader, type RawUnit } from '../../codec/socket-frame.ts';
import type { Command, Verb } from '../../model/command.ts';
import { BrokerError } from '../../model/error.ts';
import { type CommandResult, handleCommand } from '../command-handler.ts';
import { messageUnit, qosUnit } from '../message-unit.ts';
import type { RequestDecoder } from '../request-decoder.ts';
import type { DatagramSender } from './datagrams.ts';
import { FrameCaller } from './frame-caller.ts';
import { binaryCodec, type FrameCodec } from './frame-codec.ts';
import { FrameWriter } from './frame-writer.ts';
import { RequestTurns } from './request-turns.ts';
import { SocketChannels } from './socket-channels.ts';
import type { SocketOptions } from './socket-options.ts';

export interface SocketContext {
  readonly broker: Broker;
  readonly options: SocketOptions;
  readonly decoder: RequestDecoder;
  readonly logger: Logger;
}

/** Who is at the other end. */
export interface SocketPeer {
  /** Its IP address. */
  readonly address: string | undefined;
  /** Undefined: it gets no datagrams. */
  readonly datagrams: DatagramSender | undefined;
}

/** One client of the SOCKET protocol, over any byte stream: its requests, and the updates of its sessions. */
export class SocketConnection {
  readonly #context: SocketContext;
  readonly #peer: SocketPeer;
  readonly #stream: Duplex;
  readonly #codec: FrameCodec;
  readonly #reader: ReturnType<FrameCodec['createReader']>;
  readonly #writer: FrameWriter;
  readonly #channels: SocketChannels;
  readonly #turns = new RequestTurns();
  /** Called when the peer has closed its side: most likely it is gone. */
  readonly #goneListeners = new Set<() => void>();
  #requestsInFlight = 0;
  /** In the middle of a chunk: `#throttle` follows. */
  #isReading = false;
  #isFinished = false;
  /** Scripts may leave the session out: then it is that of the last connect on this connection. */
  #lastSecretId = '';
  /** Until a peer must have taken what waits for it, or have closed its side. */
  #patience: Timer | undefined;

  constructor(stream: Duplex, context: SocketContext, peer: SocketPeer, codec: FrameCodec = binaryCodec) {
    this.#peer = peer;
    this.#codec = codec;
    this.#context = context;
    this.#stream = stream;
    this.#reader = codec.createReader(context.options.limits.maxFrameBytes);
    this.#writer = new FrameWriter(stream);
    this.#channels = new SocketChannels({
      ...context,
      writer: this.#writer,
      codec,
      datagrams: peer.datagrams,
      onUseless: () => stream.destroy(),
      // Not at once: the answer to a disconnect goes out first.
      onUnused: () => setImmediate(() => this.#end()),
    });
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('drain', () => this.#throttle());
    stream.on('error', (error) => context.logger.debug({ err: error }, 'a SOCKET connection failed'));
    stream.on('end', () => this.#finish());
    stream.on('close', () => this.#closed());
  }

  /** Ends the connection when the answers under way are out. */
  close(): void {
    this.#isFinished = true;
    this.#endIfDone();
  }

  #read(chunk: Buffer): void {
    this.#writer.release();
    this.#isReading = true;
    this.#parse(() => this.#reader.push(chunk, (frame) => this.#receive(frame)));
    this.#isReading = false;
    this.#throttle();
  }

  /** The peer has said all it wants to say; it still gets its answers. */
  #finish(): void {
    this.#parse(() => this.#reader.end((frame) => this.#receive(frame)));
    this.#isFinished = true;
    this.#tellGone();
    this.#endIfDone();
  }

  #closed(): void {
    this.#patience?.cancel();
    this.#tellGone();
    this.#channels.lost();
  }

  readonly #onGone = (listener: () => void): (() => void) => {
    this.#goneListeners.add(listener);
    if (this.#isFinished || this.#stream.destroyed) setImmediate(listener);
    return () => void this.#goneListeners.delete(listener);
  };

  #tellGone(): void {
    for (const tell of [...this.#goneListeners]) tell();
  }

  #endIfDone(): void {
    if (this.#isFinished && this.#requestsInFlight === 0) setImmediate(() => this.#end());
  }

  /** Sends what is left and closes; a peer that does not close its side is cut off. */
  #end(): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    this.#writer.end();
    this.#losePatience();
  }

  #losePatience(): void {
    const { broker, options } = this.#context;
    this.#patience ??= broker.timers.start(options.limits.responseTimeoutMs, () => this.#stream.destroy());
  }

  #parse(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#hangUp(error);
    }
  }

  #hangUp(error: FrameError): void {
    this.#context.logger.warn(`A SOCKET connection is closed: ${error.message}`);
    this.#stream.destroy();
  }

  #receive(frame: Frame): void {
    if (frame.type !== 'I') {
      this.#channels.answered(frame);
      return;
    }
    this.#requestsInFlight++;
    this.#turns.run(() => this.#answer(frame));
  }

  /** Every request is answered once, publishOneway never. Returns a promise only when there is something to wait for. */
  #answer(frame: Frame): Promise<void> | undefined {
    try {
      const command = this.#context.decoder.decode(frame);
      // The units of an array are published one after the other: what comes behind must not overtake the last ones.
      if (this.#codec.isSequential || command.verb === 'publishArr') this.#turns.finishFirst();
      const { broker } = this.#context;
      const caller = new FrameCaller(broker, command.verb, frame.secretSessionId || this.#lastSecretId, this.#peer.address);
      const isFarewell = command.verb === 'disconnect' && !caller.isKnown;
      const result = isFarewell ? FAREWELL : handleCommand(broker, caller, command, this.#onGone);
      if (result instanceof Promise) return this.#replyLater(frame, command, caller, result);
      this.#reply(frame, command, caller, result);
    } catch (error) {
      this.#refuse(frame, error);
    }
    this.#answered();
    return undefined;
  }

  async #replyLater(frame: Frame, command: Command, caller: FrameCaller, result: Promise<CommandResult>): Promise<void> {
    try {
      this.#reply(frame, command, caller, await result);
    } catch (error) {
      this.#refuse(frame, error);
    }
    this.#answered();
  }

  #answered(): void {
    this.#requestsInFlight--;
    if (!this.#isReading) this.#throttle();
    this.#endIfDone();
  }

  #reply(frame: Frame, command: Command, caller: FrameCaller, result: CommandResult): void {
    if (frame.method === 'publishOneway') return;
    if (command.verb === 'connect') this.#lastSecretId = caller.session.secretId;
    const secretSessionId = command.verb === 'connect' ? caller.session.secretId : frame.secretSessionId;
    const answer = this.#codec.encodeUnits('R', { ...headerOf(frame), secretSessionId }, this.#units(result));
    if (CAUSES_UPDATES.has(command.verb) && !this.#codec.isSequential) this.#writer.writeAfterUpdates(answer);
    else this.#writer.write(answer, 'settle' in result ? (error) => result.settle?.(!error) : undefined);
    if (command.verb === 'connect' && command.qos.callback) this.#channels.open(caller.session, command.qos.callback);
    if (command.verb === 'disconnect') this.#end();
  }

  #units(result: CommandResult): RawUnit[] {
    if ('qos' in result) return result.qos.map(qosUnit);
    const { messages, infos, parts } = result;
    return messages.map((message, index) => messageUnit(message, parts, infos?.[index], this.#context.broker.now()));
  }

  #refuse(frame: Frame, error: unknown): void {
    if (error instanceof FrameError) {
      this.#hangUp(error);
      return;
    }
    const { broker, logger } = this.#context;
    if (!(error instanceof BrokerError)) logger.error({ err: error }, 'a SOCKET request failed because of a bug');
    if (frame.method === 'publishOneway') return;
    const { code, message } = error instanceof BrokerError ? error : BUG;
    const fields = { errorCode: code, node: broker.nodeId, message };
    this.#writer.write(this.#codec.encodeException(headerOf(frame), fields, new Date(broker.now()).toISOString()));
  }

  /** Reads no more from a peer that does not take its answers, or has too many requests under way. */
  #throttle(): void {
    const { maxBytesWaiting, maxRequestsInFlight } = this.#context.options.limits;
    const isStuck = this.#writer.bytesWaiting >= maxBytesWaiting;
    if (isStuck) this.#losePatience();
    else if (!this.#stream.writableEnded) this.#forgive();
    if (isStuck || this.#requestsInFlight >= maxRequestsInFlight) this.#stream.pause();
    else if (this.#stream.isPaused()) this.#stream.resume();
    this.#channels.wake();
  }

  #forgive(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }
}

const FAREWELL: CommandResult = { qos: [OK_QOS] };

const BUG = new BrokerError('internal.unknown', 'The broker failed on this request; its log says more');

const CAUSES_UPDATES: ReadonlySet<Verb> = new Set(['publish', 'publishArr', 'erase']);

function headerOf({ requestId, method, secretSessionId }: Frame): FrameHeader {
  return { requestId, method, secretSessionId };
}
