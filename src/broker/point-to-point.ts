import { BrokerError } from '../model/error.ts';
import type { Destination, PublishUnit } from '../model/message.ts';
import { formatSessionName } from '../model/session-name.ts';
import type { Message } from './message.ts';
import { overflowError } from './overflow.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Subject } from './subject.ts';

/** Somebody who gets a message because its publisher named them. */
export type Receiver = Session | Subject;

/** Where updates say which subscription they come through. */
const PTP_SUBSCRIPTION_ID = '__subId:PtP';
const WHOLE = { content: true, meta: true, updateOneway: false, newestOnly: false };
/** Client property of a publish: who is not there is left out, instead of an error. */
const IGNORE_UNKNOWN = '_user.ptp.unknownDestination.ignoreSilently';

/** Delivers messages to the receivers that their publishers name (protocol/http.md, "Point-to-point"). */
export class PointToPoint {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /**
   * Finds all receivers of a message, each once, before anything has happened; forceQueuing makes those that are not there yet.
   *
   * @throws BrokerError `user.ptp.unknownDestination`, `user.ptp.denied`, `resource.overflow.queue.entries` or `.bytes`, and what making
   * one throws; then none stays.
   */
  resolve({ qos, content }: PublishUnit): readonly Receiver[] {
    const ignoresUnknown = qos.clientProperties.some(({ name, value }) => name === IGNORE_UNKNOWN && value === 'true');
    const destinations = qos.destinations.filter((destination) => this.#check(destination, content.length, ignoresUnknown));
    const receivers = new Set<Receiver>();
    try {
      for (const { name } of destinations) receivers.add(this.#find(name) ?? this.#sessions.openProvisional(name));
      return [...receivers];
    } catch (error) {
      this.abandon(receivers);
      throw error;
    }
  }

  /** They do not get their message after all: those that were made for it are forgotten. */
  abandon(receivers: Iterable<Receiver>): void {
    for (const receiver of receivers) {
      if ('dispatcher' in receiver) this.#sessions.forgetUnused(receiver);
      else this.#sessions.subjects.forgetUnneeded(receiver);
    }
  }

  /** Drops what they may not get any more. */
  sweep(receivers: readonly Receiver[]): void {
    for (const receiver of receivers) ('dispatcher' in receiver ? receiver.dispatcher : receiver).sweep();
  }

  deliver(message: Message, receivers: readonly Receiver[]): void {
    const init = { message, subscriptionId: PTP_SUBSCRIPTION_ID, parts: WHOLE, isInitial: false };
    for (const receiver of receivers) {
      if ('dispatcher' in receiver) receiver.dispatcher.enqueue(init);
      else receiver.enqueue(init);
    }
  }

  /** Whether the destination is there or can be made; false when it is to be left out. */
  #check({ name, text, forceQueuing }: Destination, contentBytes: number, ignoresUnknown: boolean): boolean {
    const receiver = this.#find(name);
    if (!receiver) {
      // A number below 0 is the broker's to give.
      if (forceQueuing && (name.pubSessionId ?? 1) > 0) return true;
      if (ignoresUnknown) return false;
      const problem = `There is no client "${formatSessionName(name)}"`;
      throw new BrokerError(
        'user.ptp.unknownDestination',
        `${problem}; <destination forceQueuing='true'> keeps the message until it connects`,
      );
    }
    if ('dispatcher' in receiver && !receiver.options.ptp)
      throw new BrokerError('user.ptp.denied', `${text} takes no point-to-point messages`);
    requireRoom(receiver, text, contentBytes);
    return true;
  }

  #find({ subject: subjectName, pubSessionId }: Destination['name']): Receiver | undefined {
    const subject = this.#sessions.subjects.get(subjectName);
    return pubSessionId === undefined ? subject : subject?.sessions.get(pubSessionId);
  }
}

/** Whose queue is full learns nothing of the message: its publisher does. */
function requireRoom(receiver: Receiver, text: string, contentBytes: number): void {
  const queue = 'dispatcher' in receiver ? receiver.dispatcher.queue : receiver;
  if (queue.hasRoom(contentBytes)) return;
  const own = 'dispatcher' in receiver ? receiver.dispatcher.queue : receiver.queue;
  if (own.bounds.onOverflow === 'discardOldest' && own.makeRoom(contentBytes)) return;
  throw overflowError(text, own);
}
