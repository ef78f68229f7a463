import type { Delivery } from '../../broker/delivery.ts';
import type { CallbackChannel } from '../../broker/ports.ts';
import type { OnGone } from '../../broker/queue-queries.ts';
import type { Session } from '../../broker/session.ts';
import type { RpcValue } from '../../codec/xmlrpc.ts';
import { type RefusedUpdate, refuseUpdate } from '../update-refusal.ts';
import { clientExceptionOf } from './client-exception.ts';
import { rpcUnit } from './rpc-unit.ts';

export interface SingleChannelContext extends Pick<RefusedUpdate, 'onDisowned' | 'onRefused'> {
  readonly now: () => number;
  readonly startTimer: (delayMs: number, onOver: () => void) => { cancel(): void };
  /** Ms without a request after which the client is lost; 0 = never. */
  readonly pingIntervalMs: number;
  /** The client asks no more; the channel is no longer that of the session. */
  readonly onLost: () => void;
}

/** Updates as answers of `updateRequest`, for clients that nobody can reach: one at a time, each acknowledged by a call. */
export class SingleChannel implements CallbackChannel {
  readonly isSignOfLife = false; // as in the original, a request counts when it comes, not while it waits
  readonly #session: Session;
  readonly #context: SingleChannelContext;
  /** The request that waits for an update. */
  #answer: ((value: RpcValue) => void) | undefined;
  /** The number of the update that was handed out and is not acknowledged yet. */
  #unacknowledged: number | undefined;
  #isText = false;
  #isOpen = true;
  #idleTimer: { cancel(): void } | undefined;

  constructor(session: Session, context: SingleChannelContext) {
    this.#session = session;
    this.#context = context;
    this.#expectRequest();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get capacity(): number {
    return this.#answer === undefined ? 0 : 1;
  }

  get maxBytes(): number {
    return Number.POSITIVE_INFINITY;
  }

  /**
   * The next update, its content as a string if `isText`, or null after `waitMs`. What was not acknowledged comes again; a request
   * that waits already gets null.
   */
  request(waitMs: number, isText: boolean, onGone: OnGone): Promise<RpcValue> {
    this.#answer?.(null);
    this.#idleTimer?.cancel();
    this.#giveBack();
    return new Promise((resolve) => {
      const answer = (value: RpcValue): void => {
        if (this.#answer === answer) {
          this.#answer = undefined;
          this.#expectRequest();
        }
        timer.cancel();
        stopWatching();
        resolve(value);
      };
      const timer = this.#context.startTimer(waitMs, () => answer(null));
      const stopWatching = onGone(() => answer(null));
      this.#answer = answer;
      this.#isText = isText;
      this.#session.dispatcher.wake();
    });
  }

  update(deliveries: readonly Delivery[], cursor: number, waiting: number): void {
    const { message, parts, subscriptionId, redeliver, isInitial } = deliveries[0] as Delivery;
    const info = { subscriptionId, redeliver, isInitial, queueIndex: 0, queueSize: 1 + waiting };
    const isOneway = parts.updateOneway === true;
    const unit = rpcUnit(message, parts, info, this.#context.now(), this.#isText);
    this.#unacknowledged = cursor;
    this.#answer?.([isOneway ? 'updateOneway' : 'update', String(cursor), [unit]]);
    if (isOneway) this.acknowledge(String(cursor), undefined);
  }

  /** The client took the update `id`, or threw `exception` instead. An id that is not awaited means nothing. */
  acknowledge(id: string, exception: string | undefined): void {
    const cursor = this.#unacknowledged;
    if (cursor === undefined || id !== String(cursor)) return;
    this.#unacknowledged = undefined;
    const { dispatcher } = this.#session;
    if (exception === undefined) dispatcher.settle(cursor, cursor);
    else {
      const onUseless = (): void => dispatcher.giveBack(cursor, cursor);
      const update = { ...this.#context, dispatcher, first: cursor, last: cursor, onUseless };
      refuseUpdate(clientExceptionOf(exception, 'user.update.error'), update);
    }
  }

  /** The client does not ask any more. */
  shutdown(): void {
    if (!this.#isOpen) return;
    this.#session.dispatcher.detach(this, 'disconnected');
    this.#context.onLost();
  }

  fail(): void {}

  close(): void {
    this.#isOpen = false;
    this.#answer?.(null);
    this.#idleTimer?.cancel();
  }

  #expectRequest(): void {
    const { pingIntervalMs, startTimer } = this.#context;
    if (pingIntervalMs > 0 && this.#isOpen) this.#idleTimer = startTimer(pingIntervalMs, () => this.shutdown());
  }

  #giveBack(): void {
    if (this.#unacknowledged === undefined) return;
    this.#session.dispatcher.giveBack(this.#unacknowledged, this.#unacknowledged);
    this.#unacknowledged = undefined;
  }
}
