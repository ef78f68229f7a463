import { DEFAULT_CONNECT_QOS } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import type { BrokerOptions } from './broker-options.ts';
import type { DispatcherContext } from './dispatcher.ts';
import type { BrokerEvents } from './events.ts';
import type { Persistence } from './persistence.ts';
import { queueBounds } from './queue-bounds.ts';
import type { SubjectRecord } from './records.ts';
import type { StoredQueue } from './stored-queue.ts';
import { Subject } from './subject.ts';

/** What one subject costs beside its sessions, in bytes (`npm run bench -- memory`). */
const SUBJECT_BYTES = 400;

const MIN_NAME_CHARS = 2;

/** All subjects that have sessions, or messages that wait for them. */
export class Subjects {
  readonly #options: BrokerOptions;
  readonly #context: DispatcherContext;
  readonly #persistence: Persistence;
  readonly #events: BrokerEvents;
  readonly #subjects = new Map<string, Subject>();

  constructor(options: BrokerOptions, context: DispatcherContext, persistence: Persistence, events: BrokerEvents) {
    this.#options = options;
    this.#context = context;
    this.#persistence = persistence;
    this.#events = events;
  }

  get size(): number {
    return this.#subjects.size;
  }

  get(name: string): Subject | undefined {
    return this.#subjects.get(name);
  }

  [Symbol.iterator](): IterableIterator<Subject> {
    return this.#subjects.values();
  }

  /** @throws BrokerError `user.illegalArgument`, `user.configuration.identicalClient`, `resource.exhaust`. */
  getOrCreate(name: string): Subject {
    const known = this.#subjects.get(name);
    if (known) return known;
    this.#check(name);
    this.#context.account.require(SUBJECT_BYTES);
    return this.#add(name);
  }

  /** One of an earlier life of the broker: it is there whatever the bounds are now, as what waits for it would be lost otherwise. */
  recover({ name, maxSessions, queue }: Omit<SubjectRecord, 'kind'>): Subject {
    const subject = this.#subjects.get(name) ?? this.#add(name);
    subject.maxSessions = maxSessions;
    subject.bounds = queueBounds(queue, this.#options.limits);
    return subject;
  }

  /** Forgets a subject that has no session and nothing waiting. */
  forgetUnneeded(subject: Subject): void {
    if (subject.isNeeded || !this.#subjects.delete(subject.name)) return;
    subject.close();
    this.#persistence.forget(subject.recordId);
    this.#context.account.release(SUBJECT_BYTES);
    this.#events.emit({ type: 'subjectDead', subject });
  }

  #add(name: string): Subject {
    const { limits } = this.#options;
    const bounds = queueBounds(DEFAULT_CONNECT_QOS.subjectQueue, limits);
    const { maxSessionsPerSubject: maxSessions } = limits;
    const subject = new Subject({
      name,
      maxSessions,
      bounds,
      context: this.#context,
      openStored: (owner) => this.#openStored(owner),
    });
    this.#subjects.set(name, subject);
    this.#context.account.charge(SUBJECT_BYTES);
    this.#events.emit({ type: 'subjectAlive', subject });
    return subject;
  }

  #openStored(subject: Subject): StoredQueue {
    if (subject.recordId === 0) this.#persistence.saveSubject(subject);
    return this.#persistence.queueOf(subject.recordId);
  }

  #check(name: string): void {
    if (name.length < MIN_NAME_CHARS) {
      throw new BrokerError(
        'user.illegalArgument',
        `The name "${name}" is too short; names have at least ${MIN_NAME_CHARS} characters`,
      );
    }
    if (name !== this.#options.nodeId) return;
    throw new BrokerError('user.configuration.identicalClient', `"${name}" is the name of this broker; choose another one`);
  }
}
