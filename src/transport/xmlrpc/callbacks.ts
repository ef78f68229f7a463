import type { Logger } from '../../base/logger.ts';
import type { Timer } from '../../base/timer-wheel.ts';
import type { Broker } from '../../broker/broker.ts';
import { FIRST_RETRY_MS } from '../../broker/callbacks.ts';
import type { PushTarget } from '../../broker/push-target.ts';
import type { Session } from '../../broker/session.ts';
import { type CallbackAddress, checkCallback } from './callback-address.ts';
import { XmlRpcChannel } from './callback-channel.ts';
import { CallbackClient } from './callback-client.ts';
import { CallbackMethods } from './callback-methods.ts';

/** Opens the channels to callback servers, and tries again where one could not be reached. */
export class Callbacks {
  readonly #broker: Broker;
  readonly #logger: Logger;
  readonly #client: CallbackClient;

  constructor(broker: Broker, responseTimeoutMs: number, logger: Logger) {
    this.#broker = broker;
    this.#logger = logger;
    this.#client = new CallbackClient(responseTimeoutMs);
  }

  /** The updates of `session` go to `target`, which is that of the session, from now on. */
  open(session: Session, target: PushTarget): void {
    session.dispatcher.isActive = target.qos.dispatcherActive;
    this.#attach(session, target, new CallbackMethods(target.isVersion2));
  }

  /** The broker starts: sessions that were called before are called again, unless their hosts are not `allowed` any more. */
  resume(allowed: readonly string[]): void {
    for (const session of this.#broker.sessions.all()) {
      const { push } = session;
      if (!push || session.dispatcher.hasChannel) continue;
      try {
        checkCallback(push, allowed);
        this.open(session, push);
      } catch (error) {
        this.#logger.warn(`The updates of ${session.absoluteName} wait until its client connects: ${(error as Error).message}`);
      }
    }
  }

  close(): void {
    this.#client.close();
  }

  #attach(session: Session, target: PushTarget, methods: CallbackMethods): void {
    const broker = this.#broker;
    const address = addressOf(target);
    const channel = new XmlRpcChannel(session, target.qos, {
      call: (method, params, signal) => this.#client.call(address, method, params, signal),
      methods,
      timers: broker.timers,
      now: broker.now,
      onRefused: (deliveries, reason) => broker.callbacks.refused(session, deliveries, reason),
      onDisowned: () => broker.callbacks.disowned(session),
      onLost: (reason) => {
        this.#logger.debug(`The callback of ${session.absoluteName} can not be reached: ${reason}`);
        this.#lost(session, target, methods);
      },
    });
    session.dispatcher.attach(channel);
    broker.events.emit({ type: 'callbackState', session, state: 'ALIVE' });
  }

  #lost(session: Session, target: PushTarget, methods: CallbackMethods): void {
    this.#broker.callbacks.polling(session);
    if (target.qos.retries === 0) this.#broker.callbacks.dead(session);
    else this.#retryAfter(FIRST_RETRY_MS, session, target, methods, 1);
  }

  #retryAfter(delayMs: number, session: Session, target: PushTarget, methods: CallbackMethods, attempt: number): Timer {
    return this.#broker.timers.start(delayMs, () => void this.#retry(session, target, methods, attempt));
  }

  /** The session may have ended meanwhile, or its client come back, here or elsewhere. */
  async #retry(session: Session, target: PushTarget, methods: CallbackMethods, attempt: number): Promise<void> {
    const isOver = (): boolean => session.isClosed || session.dispatcher.hasChannel || session.push !== target;
    if (isOver()) return;
    const isThere = await this.#isThere(target, methods);
    if (isOver()) return;
    const { retries, delayMs } = target.qos;
    if (isThere) this.#attach(session, target, methods);
    else if (retries > 0 && attempt >= retries) this.#broker.callbacks.dead(session);
    else this.#retryAfter(delayMs, session, target, methods, attempt + 1);
  }

  async #isThere(target: PushTarget, methods: CallbackMethods): Promise<boolean> {
    const address = addressOf(target);
    const { signal } = new AbortController();
    try {
      await methods.call('ping', (method) => this.#client.call(address, method, [''], signal));
      return true;
    } catch {
      return false;
    }
  }
}

function addressOf({ qos, ip }: PushTarget): CallbackAddress {
  return { url: new URL(qos.address), ip };
}
