import type { Job } from './consumable-queue.ts';
import type { Message } from './message.ts';

/** What one place in a queue costs beside the message, in bytes. */
export const DELIVERY_BYTES = 128;

/** One message on its way to one session: a place in the delivery queue. */
export interface Delivery {
  readonly message: Message;
  /** The id of the subscription it comes through. */
  readonly subscriptionId: string;
  /** Which parts the subscriber wants; without `content` it gets an empty one, without `meta` a key of the oid alone. */
  readonly parts: DeliveryParts;
  /** Ascending within one queue; returned deliveries keep it and so find their place again. */
  readonly order: number;
  /** It stood in the topic already when the subscription began. */
  readonly isInitial: boolean;
  /** How often it has been handed out before without being acknowledged. */
  redeliver: number;
  /** The number under which it was handed out last. */
  cursor: number;
  /** It is for this session alone, out of a ConsumableQueue. */
  readonly job: Job | undefined;
  /** It is in the store, too. */
  isStored: boolean;
  /** In the store it stands as one that may have been handed out: after a crash it would be handed out as a repetition. */
  isMarked: boolean;
}

export interface DeliveryParts {
  readonly content: boolean;
  readonly meta: boolean;
  readonly updateOneway: boolean;
  /** While it waits, a newer message of the topic takes its place. */
  readonly newestOnly: boolean;
}

/** What is queued. */
export interface DeliveryInit {
  readonly message: Message;
  readonly subscriptionId: string;
  readonly parts: DeliveryParts;
  readonly isInitial: boolean;
  /** It comes out of a ConsumableQueue. */
  readonly job?: Job | undefined;
  /** Default 0. */
  readonly redeliver?: number;
}

/** Takes its place in a queue. `isMarked`: it may be handed out before the store has it. */
export function queued(
  { message, subscriptionId, parts, isInitial, job, redeliver = 0 }: DeliveryInit,
  order: number,
  isMarked: boolean,
): Delivery {
  return { message, subscriptionId, parts, isInitial, order, redeliver, cursor: 0, job, isStored: false, isMarked };
}
