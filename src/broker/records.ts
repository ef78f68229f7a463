import type { QueueQos } from '../model/connect.ts';
import type { TopicQos } from '../model/message.ts';
import { DEFAULT_QUERY_QOS, type QueryKey, type QueryQos } from '../model/query.ts';
import type { SessionName } from '../model/session-name.ts';
import type { PushTarget } from './push-target.ts';
import type { QueueBounds } from './queue-bounds.ts';
import type { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import type { Subject } from './subject.ts';
import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

/** What the store knows of the broker beside messages. Everything is JSON, where what is undefined, or without bound, is left out. */
export type BrokerRecord = TopicRecord | SubjectRecord | SessionRecord | SubscriptionRecord;

export interface TopicRecord {
  readonly kind: 'topic';
  /** Erased topics are kept as long as updates of them wait; those of a destroyed one are not delivered. */
  readonly state: 'alive' | 'erased' | 'destroyed';
  readonly keyXml: string;
  readonly creator: string;
  readonly qos: TopicQos;
}

export interface SubjectRecord {
  readonly kind: 'subject';
  readonly name: string;
  readonly maxSessions: number;
  readonly queue: QueueQos;
}

export interface SessionRecord {
  readonly kind: 'session';
  readonly name: Required<SessionName>;
  readonly secretId: string;
  /** Who connected last. */
  readonly user: string;
  readonly options: SessionOptions;
  readonly queue: QueueQos;
  readonly isReachable: boolean;
  readonly subject: Omit<SubjectRecord, 'kind'>;
  readonly push?: PushTarget | undefined;
}

export interface SubscriptionRecord {
  readonly kind: 'subscription';
  /** The record of its session. */
  readonly sessionId: number;
  readonly id: string;
  readonly query: QueryKey;
  readonly qos: QueryQos;
}

export function topicRecord(topic: Topic, state: TopicRecord['state']): TopicRecord {
  const { options, creator, key, consumers } = topic;
  const qos: TopicQos = {
    readonly: options.readonly,
    destroyDelayMs: options.destroyDelayMs,
    createDomEntry: options.createDomEntry,
    historyMaxEntries: finite(options.historyMaxEntries),
    historyMaxBytes: finite(options.historyMaxBytes),
    storeMaxEntries: finite(options.storeMaxEntries),
    storeMaxBytes: finite(options.storeMaxBytes),
    distributor: consumers && 'ConsumableQueue',
  };
  return { kind: 'topic', state, keyXml: key?.xml ?? '', creator, qos };
}

export function subjectRecord({ name, maxSessions, bounds }: Subject): SubjectRecord {
  return { kind: 'subject', name, maxSessions, queue: queueQos(bounds) };
}

export function sessionRecord(session: Session, subject: Subject): SessionRecord {
  const { name, secretId, principal, options, dispatcher, isReachable, push } = session;
  return {
    kind: 'session',
    name: { subject: name.subject, pubSessionId: name.pubSessionId ?? 0 },
    secretId,
    user: principal.user,
    options,
    queue: queueQos(dispatcher.queue.bounds),
    isReachable,
    subject: subjectRecord(subject),
    push,
  };
}

export function subscriptionRecord({ session, id, query, qos }: Subscription): SubscriptionRecord {
  return { kind: 'subscription', sessionId: session.recordId, id, query, qos };
}

/** What `JSON.stringify` made of a record; undefined when it is none. */
export function parseRecord(text: string): BrokerRecord | undefined {
  const record = JSON.parse(text) as BrokerRecord;
  if (record.kind === 'subscription') return { ...record, qos: { ...DEFAULT_QUERY_QOS, ...record.qos } };
  return KINDS.has(record.kind) ? record : undefined;
}

const KINDS: ReadonlySet<string> = new Set<BrokerRecord['kind']>(['topic', 'subject', 'session', 'subscription']);

function queueQos({ maxEntries, maxBytes, maxEntriesCache, maxBytesCache, onOverflow }: QueueBounds): QueueQos {
  return { maxEntries: finite(maxEntries), maxBytes: finite(maxBytes), maxEntriesCache, maxBytesCache, onOverflow };
}

function finite(bound: number): number | undefined {
  return Number.isFinite(bound) ? bound : undefined;
}
