import { type LoggedProblem, type Logger, watchProblems } from '../base/logger.ts';
import type { Timer } from '../base/timer-wheel.ts';
import type { Broker } from '../broker/broker.ts';
import type { BrokerEvent } from '../broker/events.ts';
import { FillMark } from '../broker/fill-mark.ts';
import type { Session } from '../broker/session.ts';
import type { Subject } from '../broker/subject.ts';
import type { Subscription } from '../broker/subscription.ts';
import type { Topic } from '../broker/topic.ts';
import type { ClientProperty } from '../model/client-property.ts';
import { BrokerError } from '../model/error.ts';
import { createEventUnit } from './event-message.ts';
import type { EventPattern, EventRule, SessionEvent, Threshold, TopicEvent } from './event-pattern.ts';
import { encodeQueryKey } from './subscription-xml.ts';

/** Events that wait to be published; more at a time are lost, and the log says so. */
const MAX_PENDING = 10_000;
/** Log lines become at most one event per level and so many ms: publishing one might cause the next. */
const LOG_EVERY_MS = 1_000;

/** Something that happened, in words. */
export interface Happening {
  /** `client/joe/session/1/event/connect` */
  readonly type: string;
  readonly summary: string;
  readonly properties: readonly ClientProperty[];
}

/**
 * Publishes what happens on topics, as `--event` says. It is collected and published a little later: it happens in the middle of
 * other things.
 */
export class EventTopics {
  readonly #broker: Broker;
  readonly #logger: Logger;
  readonly #rules: readonly EventRule[];
  readonly #pending: { readonly oid: string; readonly happening: Happening }[] = [];
  readonly #lastLogged = new Map<string, number>();
  readonly #heartbeats = new Set<Timer>();
  readonly #stopWatching: () => void;
  #isPublishing = false;

  constructor(broker: Broker, rules: readonly EventRule[], logger: Logger) {
    this.#broker = broker;
    this.#rules = rules;
    this.#logger = logger;
    const has = (kind: EventPattern['kind']): boolean => rules.some(({ pattern }) => pattern.kind === kind);
    this.#stopWatching = has('logging') ? watchProblems(logger, (problem) => this.#tellProblem(problem)) : () => {};
    if (rules.length > 0) broker.events.subscribe((event) => this.#tell(event));
    for (const { pattern, oid } of rules) if (pattern.kind === 'heartbeat') this.#beat(oid, pattern.everyMs);
  }

  close(): void {
    this.#stopWatching();
    for (const timer of this.#heartbeats) timer.cancel();
  }

  #tell(event: BrokerEvent): void {
    switch (event.type) {
      case 'connect':
        this.#watchQueue(event.session);
        this.#tellSession('connect', event.session);
        break;
      case 'disconnect':
        this.#tellSession('disconnect', event.session);
        break;
      case 'callbackState':
        this.#tellSession('callbackState', event.session, ` ${event.state}`);
        break;
      case 'subscribe':
      case 'unSubscribe':
        this.#tellSubscription(event.type, event.subscription);
        break;
      case 'subjectAlive':
        this.#watchSubjectQueue(event.subject);
        break;
      case 'topicAlive':
        this.#watchHistory(event.topic);
        this.#tellTopic('alive', event.topic);
        break;
      case 'topicDead':
        this.#tellTopic('dead', event.topic);
        break;
      case 'erase':
        this.#tellTopic('erase', event.topic, sessionProperties(event.session));
        break;
    }
  }

  #tellSession(event: SessionEvent, session: Session, state = '', more: readonly ClientProperty[] = []): void {
    const type = `${pathOf(session)}/event/${event}${state}`;
    const summary = `${event}${state} of ${session.absoluteName}`;
    const happening = { type, summary, properties: [...sessionProperties(session), ...more] };
    this.#addWhere((pattern) => pattern.kind === 'session' && pattern.event === event && isSession(pattern, session), happening);
  }

  #tellTopic(event: TopicEvent, { oid: topicOid }: Pick<Topic, 'oid'>, more: readonly ClientProperty[] = []): void {
    const topicId = { name: '_topicId', value: `${this.#broker.nodeId}/topic/${topicOid}` };
    const type = `topic/${topicOid}/event/${event}`;
    const happening = { type, summary: `${event} of the topic ${topicOid}`, properties: [topicId, ...more] };
    this.#addWhere(
      (pattern) => pattern.kind === 'topic' && pattern.event === event && isEither(pattern.oid, topicOid),
      happening,
    );
  }

  /** As in the original: of topics when it is for one, and of the session. */
  #tellSubscription(event: 'subscribe' | 'unSubscribe', { id, query, session }: Subscription): void {
    const url = `${query.type.toLowerCase()}:${encodeQueryKey(query).target.replace(/^(xpath|domain):/, '')}`;
    const properties: ClientProperty[] = [
      { name: '_subscriptionId', value: id },
      { name: '_url', value: url },
    ];
    if (query.type === 'EXACT') properties.push({ name: '_oid', value: query.oid });
    const oid = query.type === 'EXACT' ? query.oid : url;
    this.#tellTopic(event, { oid }, [...sessionProperties(session), ...properties]);
    this.#tellSession(event, session, '', properties);
  }

  #tellProblem({ level, text }: LoggedProblem): void {
    const now = this.#broker.now();
    if (this.#isPublishing || now - (this.#lastLogged.get(level) ?? 0) < LOG_EVERY_MS) return;
    this.#lastLogged.set(level, now);
    const happening = { type: `logging/${level}/*`, summary: text, properties: [] };
    this.#addWhere((pattern) => pattern.kind === 'logging' && pattern.level === level, happening);
  }

  #watchQueue(session: Session): void {
    const { dispatcher } = session;
    const marks = this.#rules.flatMap(({ pattern, oid }) => {
      if (pattern.kind !== 'callbackQueue' || !isSession(pattern, session)) return [];
      const type = `${pathOf(session)}/queue/callback/event/${nameOf(pattern.threshold)}`;
      const name = `The queue of ${session.absoluteName}`;
      return this.#markOf(
        oid,
        pattern.threshold,
        () => dispatcher.queue.bounds.maxEntries,
        type,
        name,
        sessionProperties(session),
      );
    });
    if (marks.length > 0) dispatcher.queue.fillMarks = marks;
  }

  #watchSubjectQueue(subject: Subject): void {
    const { name } = subject;
    const marks = this.#rules.flatMap(({ pattern, oid }) => {
      if (pattern.kind !== 'subjectQueue' || !isEither(pattern.subject, name)) return [];
      const type = `client/${name}/queue/subject/event/${nameOf(pattern.threshold)}`;
      const properties = [{ name: '_subjectId', value: name }];
      return this.#markOf(oid, pattern.threshold, () => subject.bounds.maxEntries, type, `The queue of ${name}`, properties);
    });
    if (marks.length > 0) subject.fillMarks = marks;
  }

  #watchHistory(topic: Topic): void {
    const marks = this.#rules.flatMap(({ pattern, oid }) => {
      if (pattern.kind !== 'historyQueue' || !isEither(pattern.oid, topic.oid)) return [];
      const type = `topic/${topic.oid}/queue/history/event/${nameOf(pattern.threshold)}`;
      const topicId = { name: '_topicId', value: `${this.#broker.nodeId}/topic/${topic.oid}` };
      const name = `The history of the topic ${topic.oid}`;
      return this.#markOf(oid, pattern.threshold, () => topic.options.historyMaxEntries, type, name, [topicId]);
    });
    if (marks.length > 0) topic.history.fillMarks = marks;
  }

  #markOf(
    oid: string,
    { amount, isPercent }: Threshold,
    maxEntries: () => number,
    type: string,
    name: string,
    properties: readonly ClientProperty[],
  ): FillMark {
    const limit = (): number => Math.min(maxEntries(), isPercent ? Math.ceil((maxEntries() * amount) / 100) : amount);
    return new FillMark(limit, (size) => {
      this.#add(oid, { type, summary: `${name} has ${size} of at most ${maxEntries()} entries`, properties });
    });
  }

  #beat(oid: string, everyMs: number): void {
    const timer = this.#broker.timers.start(everyMs, () => {
      this.#heartbeats.delete(timer);
      this.#add(oid, { type: `heartbeat.${everyMs}`, summary: `${this.#broker.nodeId} is alive`, properties: [] });
      this.#beat(oid, everyMs);
    });
    this.#heartbeats.add(timer);
  }

  /** Each topic is told once, however many rules say so. */
  #addWhere(fits: (pattern: EventPattern) => boolean, happening: Happening): void {
    const oids = new Set(this.#rules.filter(({ pattern }) => fits(pattern)).map(({ oid }) => oid));
    for (const oid of oids) this.#add(oid, happening);
  }

  #add(oid: string, happening: Happening): void {
    if (this.#pending.length >= MAX_PENDING) return;
    this.#pending.push({ oid, happening });
    if (this.#pending.length === 1) setImmediate(() => this.#publishPending());
  }

  #publishPending(): void {
    const pending = this.#pending.splice(0);
    if (pending.length >= MAX_PENDING) this.#logger.warn(`more than ${MAX_PENDING} events at once: some are lost`);
    this.#isPublishing = true;
    for (const { oid, happening } of pending) this.#publish(oid, happening);
    this.#isPublishing = false;
  }

  #publish(oid: string, happening: Happening): void {
    try {
      this.#broker.publishOwn(createEventUnit(oid, happening, this.#broker.nodeId));
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#logger.warn({ err: error }, `an event could not be published on ${oid}`);
    }
  }
}

function isSession(
  { subject, pubSessionId }: { readonly subject: string; readonly pubSessionId: string },
  { name }: Session,
): boolean {
  return isEither(subject, name.subject) && isEither(pubSessionId, String(name.pubSessionId));
}

function isEither(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name;
}

function nameOf({ amount, isPercent }: Threshold): string {
  return `threshold.${amount}${isPercent ? '%' : ''}`;
}

/** `client/joe/session/1` */
function pathOf({ name }: Session): string {
  return `client/${name.subject}/session/${name.pubSessionId}`;
}

function sessionProperties({ name, absoluteName }: Session): ClientProperty[] {
  return [
    { name: '_publicSessionId', type: 'long', value: String(name.pubSessionId) },
    { name: '_subjectId', value: name.subject },
    { name: '_absoluteName', value: absoluteName },
  ];
}
