import type { Logger } from '../../base/logger.ts';
import type { Timer } from '../../base/timer-wheel.ts';
import type { Broker } from '../../broker/broker.ts';
import { FIRST_RETRY_MS } from '../../broker/callbacks.ts';
import type { Session } from '../../broker/session.ts';
import type { CallbackQos } from '../../model/connect.ts';
import type { CallbackAddress } from './callback-address.ts';
import { XmlRpcChannel } from './callback-channel.ts';
import { CallbackClient } from './callback-client.ts';
import { CallbackMethods } from './callback-methods.ts';

export interface Callback {
  readonly qos: CallbackQos;
  readonly address: CallbackAddress;
  /** What the client is likely to call its methods. */
  readonly isVersion2: boolean;
}

/** Opens the channels to callback servers, and tries again where one could not be reached. */
export class Callbacks {
  readonly #broker: Broker;
  readonly #logger: Logger;
  readonly #client: CallbackClient;
  /** The last callback of each session: tries to reach an older one end. */
  readonly #current = new WeakMap<Session, Callback>();

  constructor(broker: Broker, responseTimeoutMs: number, logger: Logger) {
    this.#broker = broker;
    this.#logger = logger;
    this.#client = new CallbackClient(responseTimeoutMs);
  }

  /** The updates of `session` go to this callback from now on. */
  open(session: Session, callback: Callback): void {
    session.dispatcher.isActive = callback.qos.dispatcherActive;
    this.#current.set(session, callback);
    this.#attach(session, callback, new CallbackMethods(callback.isVersion2));
  }

  close(): void {
    this.#client.close();
  }

  #attach(session: Session, callback: Callback, methods: CallbackMethods): void {
    const broker = this.#broker;
    const channel = new XmlRpcChannel(session, callback.qos, {
      call: (method, params, signal) => this.#client.call(callback.address, method, params, signal),
      methods,
      timers: broker.timers,
      now: broker.now,
      onRefused: (deliveries, reason) => broker.callbacks.refused(session, deliveries, reason),
      onDisowned: () => broker.callbacks.disowned(session),
      onLost: (reason) => {
        this.#logger.debug(`The callback of ${session.absoluteName} can not be reached: ${reason}`);
        this.#lost(session, callback, methods);
      },
    });
    session.dispatcher.attach(channel);
    broker.events.emit({ type: 'callbackState', session, state: 'ALIVE' });
  }

  #lost(session: Session, callback: Callback, methods: CallbackMethods): void {
    this.#broker.callbacks.polling(session);
    if (callback.qos.retries === 0) this.#broker.callbacks.dead(session);
    else this.#retryAfter(FIRST_RETRY_MS, session, callback, methods, 1);
  }

  #retryAfter(delayMs: number, session: Session, callback: Callback, methods: CallbackMethods, attempt: number): Timer {
    return this.#broker.timers.start(delayMs, () => void this.#retry(session, callback, methods, attempt));
  }

  /** The session may have ended meanwhile, or its client come back, here or elsewhere. */
  async #retry(session: Session, callback: Callback, methods: CallbackMethods, attempt: number): Promise<void> {
    const isOver = (): boolean => session.isClosed || session.dispatcher.hasChannel || this.#current.get(session) !== callback;
    if (isOver()) return;
    const isThere = await this.#isThere(callback, methods);
    if (isOver()) return;
    const { retries, delayMs } = callback.qos;
    if (isThere) this.#attach(session, callback, methods);
    else if (retries > 0 && attempt >= retries) this.#broker.callbacks.dead(session);
    else this.#retryAfter(delayMs, session, callback, methods, attempt + 1);
  }

  async #isThere({ address }: Callback, methods: CallbackMethods): Promise<boolean> {
    const { signal } = new AbortController();
    try {
      await methods.call('ping', (method) => this.#client.call(address, method, [''], signal));
      return true;
    } catch {
      return false;
    }
  }
}
