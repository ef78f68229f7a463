import type { TimerWheel } from '../base/timer-wheel.ts';
import { BrokerError, shuttingDown } from '../model/error.ts';
import type { ReceivedMessage, UpdateInfo } from '../model/message.ts';
import type { QueryKey, QueryQos } from '../model/query.ts';
import { parseQueueQuery, type QueueQuery } from '../model/queue-query.ts';
import { isCommandOid } from '../model/system-topics.ts';
import { authorizeQueueQuery } from './authorize-queue-query.ts';
import { findQueue } from './find-queue.ts';
import type { QueriedQueue, QueueEntry, Taken } from './queried-queue.ts';
import { parseQueuePath } from './queue-path.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Topics } from './topics.ts';

/** One answer holds so many entries, and so many bytes of content, one entry aside; what is beyond stays in the queue. */
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 10 * 1024 * 1024;

/** Also for those who wait for ever; ms. */
const MAX_WAITING_MS = 3_600_000;
const MAX_WAITING_PER_SESSION = 10;

/** Calls `listener`, later, when nobody is there any more to read an answer; returns what stops that. */
export type OnGone = (listener: () => void) => () => void;

/** Who asks, and waits for the answer. */
export interface Asker {
  readonly session: Session;
  readonly onGone: OnGone;
}

/** The messages that a queue answered, in its order. */
export interface QueueAnswer {
  readonly messages: readonly ReceivedMessage[];
  /** What each of them says of its place in the queue. */
  readonly infos: readonly UpdateInfo[];
  /** To be called once: whether the answer has left. If it has not, what was consumed returns to the queue. */
  settle(hasArrived: boolean): void;
}

export interface QueueQueriesContext {
  readonly nodeId: string;
  readonly sessions: Sessions;
  readonly topics: Topics;
  readonly timers: TimerWheel;
}

/** A query that waits for its entries. */
interface WaitingQuery {
  /** The queue has changed. */
  look(): void;
  /** Nobody wants an answer any more. */
  giveUp(): void;
}

/** Answers queries on queues, at once or as soon as there is what they ask for. First come, first served. */
export class QueueQueries {
  readonly #context: QueueQueriesContext;
  readonly #byQueue = new Map<QueriedQueue, Set<WaitingQuery>>();
  readonly #bySession = new Map<Session, Set<WaitingQuery>>();
  #isClosed = false;

  constructor(context: QueueQueriesContext) {
    this.#context = context;
  }

  /**
   * What a queue holds, for a get on `__cmd:…/?callbackQueueEntries` and the like, now or as soon as there is what `qos` waits for;
   * undefined when `key` means no queue.
   *
   * @throws BrokerError `user.illegalArgument`, `user.security.authorization.notAuthorized`, and when the broker ends; rejects with `resource.exhaust` when too
   * many queries of the session wait.
   */
  query(asker: Asker, key: QueryKey, qos: QueryQos): Promise<QueueAnswer> | undefined {
    const { nodeId, sessions, topics } = this.#context;
    const path = key.type === 'EXACT' && isCommandOid(key.oid) ? parseQueuePath(key.oid, nodeId) : undefined;
    if (!path) return undefined;
    if (this.#isClosed) throw shuttingDown();
    const query = parseQueueQuery(qos.querySpec);
    authorizeQueueQuery(asker.session, path, query.consumable);
    const answer = this.#ask(findQueue(path, sessions, topics), query, asker);
    return path.kind === 'subject' ? answer.then((found) => this.#forgetSubjectAfter(found, path.subject)) : answer;
  }

  /** The session is over: it gets no answers any more. */
  leave(session: Session): void {
    for (const waiting of [...(this.#bySession.get(session) ?? [])]) waiting.giveUp();
  }

  /** Ends everybody's waiting, and answers nothing any more. */
  close(): void {
    this.#isClosed = true;
    for (const session of [...this.#bySession.keys()]) this.leave(session);
  }

  async #ask(queue: QueriedQueue, query: QueueQuery, asker: Asker): Promise<QueueAnswer> {
    const mustWait = query.waitingDelayMs !== 0 && !isThere(queue, query);
    return mustWait ? this.#wait(queue, query, asker) : answerNow(queue, query);
  }

  /** A subject without sessions lives by what waits for it. */
  #forgetSubjectAfter(answer: QueueAnswer, name: string): QueueAnswer {
    const { subjects } = this.#context.sessions;
    const settle = (hasArrived: boolean): void => {
      answer.settle(hasArrived);
      const subject = subjects.get(name);
      if (subject) subjects.forgetUnneeded(subject);
    };
    return { ...answer, settle };
  }

  #wait(queue: QueriedQueue, query: QueueQuery, asker: Asker): Promise<QueueAnswer> {
    if ((this.#bySession.get(asker.session)?.size ?? 0) >= MAX_WAITING_PER_SESSION) throw tooMany();
    return new Promise((resolve) => {
      const end = (answer: QueueAnswer | Promise<QueueAnswer>): void => {
        timer.cancel();
        stopListening();
        this.#remove(queue, asker.session, waiting);
        resolve(answer);
      };
      const waiting: WaitingQuery = {
        look: () => {
          if (isThere(queue, query)) end(answerNow(queue, query));
        },
        giveUp: () => end(NOTHING),
      };
      const { waitingDelayMs } = query;
      const delayMs = waitingDelayMs < 0 ? MAX_WAITING_MS : Math.min(waitingDelayMs, MAX_WAITING_MS);
      const timer = this.#context.timers.start(delayMs, () => end(answerNow(queue, query)));
      const stopListening = asker.onGone(waiting.giveUp);
      this.#add(queue, asker.session, waiting);
    });
  }

  #add(queue: QueriedQueue, session: Session, waiting: WaitingQuery): void {
    const ofQueue = addTo(this.#byQueue, queue, waiting);
    addTo(this.#bySession, session, waiting);
    queue.onChange ??= () => {
      for (const each of [...ofQueue]) each.look();
    };
  }

  #remove(queue: QueriedQueue, session: Session, waiting: WaitingQuery): void {
    removeFrom(this.#bySession, session, waiting);
    if (removeFrom(this.#byQueue, queue, waiting)) queue.onChange = undefined;
  }
}

const NOTHING: QueueAnswer = { messages: [], infos: [], settle: () => {} };

/** Whether there is all that `query` waits for, or never will be. */
function isThere(queue: QueriedQueue, { maxEntries }: QueueQuery): boolean {
  return queue.isClosed || (maxEntries > 0 && queue.size >= Math.min(maxEntries, MAX_ENTRIES));
}

async function answerNow(queue: QueriedQueue, { maxEntries, consumable }: QueueQuery): Promise<QueueAnswer> {
  const count = maxEntries < 0 ? MAX_ENTRIES : Math.min(maxEntries, MAX_ENTRIES);
  const loading = queue.load(count, MAX_BYTES);
  if (loading !== undefined) await loading;
  const { entries, settle } = consumable ? await queue.take(count, MAX_BYTES) : untaken(queue.peek(count, MAX_BYTES));
  return {
    messages: entries.map(({ message }) => message),
    infos: entries.map((entry, index) => infoOf(entry, index, entries.length)),
    settle,
  };
}

function untaken(entries: readonly QueueEntry[]): Taken {
  return { entries, settle: () => {} };
}

/** As in the original, the size is that of the answer. */
function infoOf({ subscriptionId, redeliver, isInitial }: QueueEntry, queueIndex: number, queueSize: number): UpdateInfo {
  return { subscriptionId, redeliver, isInitial, queueIndex, queueSize };
}

function tooMany(): BrokerError {
  return new BrokerError(
    'resource.exhaust',
    `${MAX_WAITING_PER_SESSION} queries of this session wait already; wait for their answers first`,
  );
}

function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): Set<V> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(value));
  return set;
}

/** Whether it was the last one. */
function removeFrom<K, V>(sets: Map<K, Set<V>>, key: K, value: V): boolean {
  const set = sets.get(key);
  set?.delete(value);
  return set?.size === 0 && sets.delete(key);
}
