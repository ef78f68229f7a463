import type { Timer, TimerWheel } from '../../base/timer-wheel.ts';
import type { Delivery } from '../../broker/delivery.ts';
import type { CallbackChannel } from '../../broker/ports.ts';
import type { Session } from '../../broker/session.ts';
import type { MethodResponse, RpcValue } from '../../codec/xmlrpc.ts';
import type { CallbackQos } from '../../model/connect.ts';
import { refuseUpdate } from '../update-refusal.ts';
import type { CallbackAnswer, CallbackMethods } from './callback-methods.ts';
import { clientExceptionOf } from './client-exception.ts';
import { rpcUnit } from './rpc-unit.ts';

export interface CallbackChannelContext {
  readonly call: (method: string, params: readonly RpcValue[], signal: AbortSignal) => Promise<MethodResponse | undefined>;
  readonly methods: CallbackMethods;
  readonly timers: TimerWheel;
  readonly now: () => number;
  /** See `RefusedUpdate`. */
  readonly onRefused: (deliveries: readonly Delivery[], reason: string) => void;
  readonly onDisowned: () => void;
  /** The callback server can not be reached, or does not speak XML-RPC; the channel is no longer that of the session. */
  readonly onLost: (reason: string) => void;
}

/** Updates and pings as calls of the server that a client runs: one at a time, so that they keep their order. */
export class XmlRpcChannel implements CallbackChannel {
  readonly isSignOfLife = false;
  readonly batchEntries = 1;
  readonly #session: Session;
  readonly #callback: CallbackQos;
  readonly #context: CallbackChannelContext;
  readonly #abort = new AbortController();
  #isBusy = false;
  #pingTimer: Timer | undefined;

  constructor(session: Session, callback: CallbackQos, context: CallbackChannelContext) {
    this.#session = session;
    this.#callback = callback;
    this.#context = context;
    this.#schedulePing();
  }

  get capacity(): number {
    return this.#isBusy || !this.#isOpen || !this.#session.dispatcher.isActive ? 0 : 1;
  }

  get maxBytes(): number {
    return Number.POSITIVE_INFINITY; // one message is one call
  }

  get collectTimeMs(): number {
    return this.#callback.burst.collectTimeMs;
  }

  get #isOpen(): boolean {
    return !this.#abort.signal.aborted;
  }

  update(deliveries: readonly Delivery[], cursor: number, waiting: number): void {
    this.#isBusy = true;
    void this.#push(deliveries[0] as Delivery, cursor, waiting);
  }

  /** Errors that concern the session have no place in this protocol: the client learns of them with its next request. */
  fail(): void {}

  close(): void {
    this.#pingTimer?.cancel();
    this.#abort.abort();
  }

  async #push(
    { message, parts, subscriptionId, redeliver, isInitial }: Delivery,
    cursor: number,
    waiting: number,
  ): Promise<void> {
    const isOneway = this.#callback.oneway || parts.updateOneway === true;
    const info = { subscriptionId, redeliver, isInitial, queueIndex: 0, queueSize: 1 + waiting };
    const unit = rpcUnit(message, parts, info, this.#context.now(), this.#callback.contentAsString);
    const params = [this.#callback.sessionId, ...unit];
    const answer = await this.#call(isOneway ? 'updateOneway' : 'update', params);
    if (!answer) return;
    this.#isBusy = false;
    const { dispatcher } = this.#session;
    if (!('fault' in answer) || isOneway) dispatcher.settle(cursor, cursor);
    else this.#refused(answer.fault, cursor);
    dispatcher.wake();
  }

  /** As in the original, a fault without an error code says that the client can not take updates now. */
  #refused(fault: string, cursor: number): void {
    refuseUpdate(clientExceptionOf(fault, 'user.update.holdback'), {
      ...this.#context,
      dispatcher: this.#session.dispatcher,
      first: cursor,
      last: cursor,
      onUseless: () => this.#lost(fault),
    });
  }

  /** Undefined: the server could not be reached, or nobody wants to know any more. */
  async #call(method: string, params: readonly RpcValue[]): Promise<CallbackAnswer | undefined> {
    const { signal } = this.#abort;
    try {
      const answer = await this.#context.methods.call(method, (name) => this.#context.call(name, params, signal));
      if (!this.#isOpen) return undefined;
      this.#session.lastSeenAt = this.#context.now();
      return answer;
    } catch (error) {
      this.#lost((error as Error).message);
      return undefined;
    }
  }

  #lost(reason: string): void {
    if (!this.#isOpen) return;
    this.#session.dispatcher.detach(this, 'disconnected');
    this.#context.onLost(reason);
  }

  #schedulePing(): void {
    const { pingIntervalMs } = this.#callback;
    if (pingIntervalMs > 0) this.#pingTimer = this.#context.timers.start(pingIntervalMs, () => void this.#ping());
  }

  /** Also a fault shows that somebody is there. */
  async #ping(): Promise<void> {
    if (await this.#call('ping', [''])) this.#schedulePing();
  }
}
