import type { Delivery } from './delivery.ts';
import { isEraseNotice } from './erase-notice.ts';
import type { Message } from './message.ts';

/**
 * The deliveries that wait in one queue for subscriptions that want only the newest message of each topic (`__newestOnly`): one per
 * subscription and topic.
 */
export class NewestOnly {
  readonly #withdraw: (delivery: Delivery) => void;
  readonly #waiting = new Map<string, Delivery>();

  /** `withdraw` takes a delivery out of the queue. */
  constructor(withdraw: (delivery: Delivery) => void) {
    this.#withdraw = withdraw;
  }

  /** Withdraws the older one that waits in the place of `message`; false when that is a newer one. */
  makeRoom(message: Message, subscriptionId: string): boolean {
    const waiting = this.#waiting.get(placeOf(message, subscriptionId));
    if (!waiting) return true;
    if (waiting.message.rcvTimestamp > message.rcvTimestamp) return false;
    this.#withdraw(waiting);
    return true;
  }

  waits(delivery: Delivery): void {
    this.#waiting.set(placeOf(delivery.message, delivery.subscriptionId), delivery);
  }

  leaves(delivery: Delivery): void {
    const place = placeOf(delivery.message, delivery.subscriptionId);
    if (this.#waiting.get(place) === delivery) this.#waiting.delete(place);
  }

  /** These had been handed out and wait again; those that are not the newest any more are withdrawn. */
  areBack(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (!delivery.parts.newestOnly) continue;
      if (this.makeRoom(delivery.message, delivery.subscriptionId)) this.waits(delivery);
      else this.#withdraw(delivery);
    }
  }
}

/** The notice that a topic is erased takes nobody's place. */
function placeOf(message: Message, subscriptionId: string): string {
  return `${isEraseNotice(message) ? 'ERASED' : ''}\0${subscriptionId}\0${message.key.oid}`;
}
