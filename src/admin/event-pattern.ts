import { shorten } from '../base/shorten.ts';
import { BrokerError } from '../model/error.ts';
import { parseSessionName } from '../model/session-name.ts';
import { isCommandOid } from '../model/system-topics.ts';

const SESSION_EVENTS = ['connect', 'disconnect', 'subscribe', 'unSubscribe', 'callbackState'] as const;
const TOPIC_EVENTS = ['alive', 'dead', 'erase', 'subscribe', 'unSubscribe'] as const;

export type SessionEvent = (typeof SESSION_EVENTS)[number];
export type TopicEvent = (typeof TOPIC_EVENTS)[number];

/** How full a queue is to be: entries, or percent of those that it may have. */
export interface Threshold {
  readonly amount: number;
  readonly isPercent: boolean;
}

/** What happens, and to whom; `*` is anybody. */
export type EventPattern =
  | { readonly kind: 'session'; readonly subject: string; readonly pubSessionId: string; readonly event: SessionEvent }
  | { readonly kind: 'topic'; readonly oid: string; readonly event: TopicEvent }
  | { readonly kind: 'callbackQueue'; readonly subject: string; readonly pubSessionId: string; readonly threshold: Threshold }
  | { readonly kind: 'subjectQueue'; readonly subject: string; readonly threshold: Threshold }
  | { readonly kind: 'historyQueue'; readonly oid: string; readonly threshold: Threshold }
  | { readonly kind: 'logging'; readonly level: 'warning' | 'severe' }
  | { readonly kind: 'heartbeat'; readonly everyMs: number };

/** One event that is to be published, and where. */
export interface EventRule {
  readonly pattern: EventPattern;
  readonly oid: string;
}

const DEFAULT_OID = '__sys__Event';
const DAY_MS = 86_400_000;
const MIN_HEARTBEAT_MS = 1_000;

/**
 * Reads one `--event`: an event type of the original, and perhaps the topic to publish it on, as in
 * `topic/hello/event/alive=births` (protocol/admin.md, "Events").
 *
 * @throws BrokerError `user.illegalArgument`.
 */
export function parseEventRule(text: string): EventRule {
  const [, type = '', oid = DEFAULT_OID] =
    /^(.*?\/event\/[\w.%]+|logging\/\w+\/\*|heartbeat[.0-9]*)(?:=(.+))?$/s.exec(text.trim()) ?? [];
  const pattern = parseType(type);
  if (!pattern) throw new BrokerError('user.illegalArgument', `"${shorten(text)}" is not an event; known are ${KNOWN}`);
  if (isCommandOid(oid)) throw new BrokerError('user.illegalArgument', `"${shorten(oid)}" is a command and no topic`);
  return { pattern, oid };
}

const KNOWN = [
  `client/NAME/session/NUMBER/event/${SESSION_EVENTS.join('|')}`,
  'client/NAME/session/NUMBER/queue/callback/event/threshold.90%',
  'client/NAME/queue/subject/event/threshold.90%',
  `topic/OID/event/${TOPIC_EVENTS.join('|')}`,
  'topic/OID/queue/history/event/threshold.90%',
  'logging/severe/*',
  'logging/warning/*',
  'heartbeat.60000; NAME, NUMBER and OID may be *',
].join(', ');

const SESSION = String.raw`^client\/([^/]+)\/(?:session\/)?(\*|-?[0-9]+)`;
const SESSION_TYPE = new RegExp(`${SESSION}\\/event\\/(${SESSION_EVENTS.join('|')})$`);
const CALLBACK_QUEUE_TYPE = new RegExp(`${SESSION}\\/queue\\/callback\\/event\\/threshold\\.([0-9]{1,9})(%?)$`);
const SUBJECT_QUEUE_TYPE = /^client\/([^/]+)\/queue\/subject\/event\/threshold\.([0-9]{1,9})(%?)$/;
const HISTORY_TYPE = /^topic\/(.+)\/queue\/history\/event\/threshold\.([0-9]{1,9})(%?)$/s;
const TOPIC_TYPE = new RegExp(`^topic\\/(.+)\\/event\\/(${TOPIC_EVENTS.join('|')})$`, 's');

function parseType(type: string): EventPattern | undefined {
  const [, queueOf, queueId = '*', amount, unit] = CALLBACK_QUEUE_TYPE.exec(type) ?? [];
  if (queueOf !== undefined) {
    return { kind: 'callbackQueue', ...sessionOf(queueOf, queueId), threshold: thresholdOf(amount, unit) };
  }
  const [, subject, pubSessionId = '*', sessionEvent] = SESSION_TYPE.exec(type) ?? [];
  if (subject !== undefined) {
    return { kind: 'session', ...sessionOf(subject, pubSessionId), event: sessionEvent as SessionEvent };
  }
  const [, ofSubject, messages, share] = SUBJECT_QUEUE_TYPE.exec(type) ?? [];
  if (ofSubject !== undefined) {
    return { kind: 'subjectQueue', subject: sessionOf(ofSubject, '*').subject, threshold: thresholdOf(messages, share) };
  }
  const [, historyOf, entries, percent] = HISTORY_TYPE.exec(type) ?? [];
  if (historyOf !== undefined) return { kind: 'historyQueue', oid: historyOf, threshold: thresholdOf(entries, percent) };
  const [, oid, topicEvent] = TOPIC_TYPE.exec(type) ?? [];
  if (oid !== undefined) return { kind: 'topic', oid, event: topicEvent as TopicEvent };
  return parsePlainType(type);
}

function parsePlainType(type: string): EventPattern | undefined {
  const level = /^logging\/(warning|severe)\/\*$/.exec(type)?.[1];
  if (level !== undefined) return { kind: 'logging', level: level as 'warning' | 'severe' };
  const [heartbeat, everyMs] = /^heartbeat(?:\.([0-9]{1,12}))?$/.exec(type) ?? [];
  if (heartbeat === undefined) return undefined;
  return { kind: 'heartbeat', everyMs: Math.max(MIN_HEARTBEAT_MS, Number(everyMs ?? DAY_MS)) };
}

function sessionOf(subject: string, pubSessionId: string): { readonly subject: string; readonly pubSessionId: string } {
  if (subject !== '*') parseSessionName(subject);
  return { subject, pubSessionId };
}

function thresholdOf(amount: string | undefined, unit: string | undefined): Threshold {
  return { amount: Number(amount), isPercent: unit === '%' };
}
