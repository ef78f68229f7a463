import type { Timer, TimerWheel } from '../../base/timer-wheel.ts';
import type { Delivery } from '../../broker/delivery.ts';
import type { CallbackChannel, ChannelEnd } from '../../broker/ports.ts';
import type { Session } from '../../broker/session.ts';
import { decodeException, type Frame, type RawUnit } from '../../codec/socket-frame.ts';
import type { EncodedFrame } from '../../codec/socket-frame-encode.ts';
import type { CallbackQos } from '../../model/connect.ts';
import { messageUnit, qosUnit } from '../message-unit.ts';
import { refuseUpdate } from '../update-refusal.ts';
import type { DatagramSender } from './datagrams.ts';
import type { FrameCodec } from './frame-codec.ts';
import type { FrameWriter } from './frame-writer.ts';

export interface SocketChannelContext {
  readonly writer: FrameWriter;
  readonly codec: FrameCodec;
  /** Undefined: all updates go over the connection. */
  readonly datagrams: DatagramSender | undefined;
  readonly timers: TimerWheel;
  readonly now: () => number;
  /** Calls that are not answered yet. */
  readonly maxUpdatesInFlight: number;
  readonly maxBytesWaiting: number;
  readonly responseTimeoutMs: number;
  /** A number for a request, unique on this connection. */
  readonly newRequestNumber: () => number;
  /** The client threw an exception on these: they are not delivered again. */
  readonly onRefused: (deliveries: readonly Delivery[], reason: string) => void;
  /** The client does not know the session any more: it has to end. */
  readonly onDisowned: () => void;
  /** The peer does not answer, or says that it can not be reached: the connection is of no use. */
  readonly onUseless: () => void;
  /** The connection has ended, the session has not. */
  readonly onLost: () => void;
  /** The session is over or goes on elsewhere. */
  readonly onClosed: (end: ChannelEnd) => void;
}

/** Updates and pings over the connection that a client opened: the callback of the SOCKET protocol. */
export class SocketChannel implements CallbackChannel {
  readonly isSignOfLife = false;
  readonly #session: Session;
  readonly #callback: CallbackQos;
  readonly #context: SocketChannelContext;
  readonly #relativeName: string;
  /** Not answered yet, in their order, which is mostly the order of their answers; at most `maxUpdatesInFlight`. */
  readonly #unanswered: SentUpdate[] = [];
  /** What one hand-out brings may be several calls; these wait for answers to those before. */
  readonly #held: UpdateCall[] = [];
  /** Until the next ping, or until its answer has to be there. */
  #pingTimer: Timer | undefined;
  /** The ping that is not answered yet. */
  #pingId: string | undefined;
  #isOpen = true;

  constructor(session: Session, callback: CallbackQos, context: SocketChannelContext) {
    this.#session = session;
    this.#callback = callback;
    this.#context = context;
    session.dispatcher.isActive = callback.dispatcherActive;
    const { subject, pubSessionId = 0 } = session.name;
    this.#relativeName = pubSessionId > 0 ? `client/${subject}/${pubSessionId}` : `client/${subject}`;
    this.#schedulePing();
  }

  get capacity(): number {
    const { writer, maxBytesWaiting, maxUpdatesInFlight } = this.#context;
    const isReady = this.#isOpen && this.#session.dispatcher.isActive && this.#held.length === 0;
    const calls = maxUpdatesInFlight - this.#unanswered.length;
    if (!isReady || calls <= 0 || writer.bytesWaiting >= maxBytesWaiting) return 0;
    return Math.min(MAX_ENTRIES, calls * this.batchEntries);
  }

  get batchEntries(): number {
    const { maxEntries } = this.#callback.burst;
    return maxEntries < 0 ? Number.POSITIVE_INFINITY : Math.max(1, maxEntries);
  }

  get collectTimeMs(): number {
    return this.#callback.burst.collectTimeMs;
  }

  get maxBytes(): number {
    return this.#context.maxBytesWaiting;
  }

  update(deliveries: readonly Delivery[], lastCursor: number, waiting: number): void {
    const now = this.#context.now();
    const firstCursor = lastCursor - deliveries.length + 1;
    for (let start = 0, end = 0; start < deliveries.length; start = end) {
      end = this.#endOfCall(deliveries, start);
      const queueSize = deliveries.length - start + waiting;
      const units: RawUnit[] = [];
      for (let i = start; i < end; i++) {
        const { message, parts, subscriptionId, redeliver, isInitial } = deliveries[i] as Delivery;
        const info = { subscriptionId, redeliver, isInitial, queueIndex: i - start, queueSize };
        units.push(messageUnit(message, parts, info, now));
      }
      const isOneway = this.#isOneway(deliveries[start]);
      this.#held.push({ units, isOneway, first: firstCursor + start, last: firstCursor + end - 1 });
    }
    this.#sendHeld();
  }

  /** How many go out in one call: as many as burst mode allows, all of them oneway or none. */
  #endOfCall(deliveries: readonly Delivery[], start: number): number {
    const { maxBytes } = this.#callback.burst;
    const isOneway = this.#isOneway(deliveries[start]);
    let bytes = (deliveries[start] as Delivery).message.content.length;
    let end = start + 1;
    for (; end < deliveries.length && end - start < this.batchEntries; end++) {
      const delivery = deliveries[end] as Delivery;
      bytes += delivery.message.content.length;
      if (this.#isOneway(delivery) !== isOneway || (maxBytes >= 0 && bytes > maxBytes)) break;
    }
    return end;
  }

  /** Errors that concern the session have no place in this protocol: the client learns of them with its next request. */
  fail(): void {}

  close(end: ChannelEnd): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#pingTimer?.cancel();
    this.#context.onClosed(end);
  }

  /** The connection is gone; what it did not acknowledge stays in the session's queue. */
  lost(): void {
    if (!this.#isOpen) return;
    this.#session.dispatcher.detach(this, 'disconnected');
    this.#context.onLost();
  }

  /** The peer took bytes: there may be room for more updates. */
  wake(): void {
    if (this.#isOpen && this.capacity > 0) this.#session.dispatcher.wake();
  }

  /** The client's answer to an update or a ping; false when it belongs to no request of this channel. */
  answered(frame: Frame): boolean {
    if (!this.#isOpen) return false;
    if (frame.requestId === this.#pingId) return this.#pong();
    const update = this.#takeUpdate(frame.requestId);
    if (!update) return false;
    this.#session.lastSeenAt = this.#context.now();
    if (frame.type === 'R') this.#session.dispatcher.settle(update.first, update.last);
    else refuseUpdate(decodeException(frame), { ...this.#context, ...update, dispatcher: this.#session.dispatcher });
    this.#sendHeld();
    this.#session.dispatcher.wake();
    return true;
  }

  #takeUpdate(requestId: string): SentUpdate | undefined {
    if (this.#unanswered[0]?.requestId === requestId) return this.#unanswered.shift();
    const index = this.#unanswered.findIndex((update) => update.requestId === requestId);
    return index < 0 ? undefined : this.#unanswered.splice(index, 1)[0];
  }

  #isOneway(delivery: Delivery | undefined): boolean {
    return this.#callback.oneway || delivery?.parts.updateOneway === true;
  }

  #sendHeld(): void {
    const { maxUpdatesInFlight } = this.#context;
    while (this.#isOpen && this.#session.dispatcher.isActive && this.#unanswered.length < maxUpdatesInFlight) {
      const call = this.#held.shift();
      if (!call) return;
      this.#send(call);
    }
  }

  #send({ units, isOneway, first, last }: UpdateCall): void {
    const { writer, codec } = this.#context;
    const method = isOneway ? 'updateOneway' : 'update';
    const requestId = this.#newRequestId(method);
    const frame = codec.encodeUnits('I', { requestId, method, secretSessionId: this.#callback.sessionId }, units);
    if (isOneway) this.#sendOneway(frame, (error) => this.#left(error, first, last));
    else {
      this.#unanswered.push({ requestId, first, last });
      writer.writeUpdate(frame);
    }
  }

  /** What cannot be a datagram goes over the connection. */
  #sendOneway(frame: EncodedFrame, onLeft: (error?: Error | null) => void): void {
    const { writer, datagrams } = this.#context;
    if (datagrams && (this.#callback.usesDatagrams || datagrams.knows(this.#session.secretId))) {
      datagrams.send(frame, (error) => (error ? writer.write(frame, onLeft) : onLeft()));
    } else writer.write(frame, onLeft);
  }

  /** Nobody acknowledges a oneway update: what has left the process is done. */
  #left(error: Error | null | undefined, first: number, last: number): void {
    if (error || !this.#isOpen) return;
    this.#session.dispatcher.settle(first, last);
    this.#session.dispatcher.wake();
  }

  #schedulePing(): void {
    if (this.#callback.pingIntervalMs > 0) {
      this.#pingTimer = this.#context.timers.start(this.#callback.pingIntervalMs, () => this.#ping());
    }
  }

  #ping(): void {
    this.#pingId = this.#newRequestId('ping');
    const header = { requestId: this.#pingId, method: 'ping', secretSessionId: '' };
    this.#context.writer.write(this.#context.codec.encodeUnits('I', header, [qosUnit('')]));
    this.#pingTimer = this.#context.timers.start(this.#context.responseTimeoutMs, () => this.#context.onUseless());
  }

  #pong(): boolean {
    this.#session.lastSeenAt = this.#context.now();
    this.#pingId = undefined;
    this.#pingTimer?.cancel();
    this.#schedulePing();
    return true;
  }

  #newRequestId(method: string): string {
    return `${this.#relativeName}:${method}:${this.#context.newRequestNumber()}`;
  }
}

/** What one call holds is at most so many. */
const MAX_ENTRIES = 1_000;

/** A call with the updates that were handed out as numbers `first` to `last`. */
interface UpdateCall {
  readonly units: readonly RawUnit[];
  readonly isOneway: boolean;
  readonly first: number;
  readonly last: number;
}

interface SentUpdate extends Pick<UpdateCall, 'first' | 'last'> {
  readonly requestId: string;
}
