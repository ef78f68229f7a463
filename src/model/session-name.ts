import { shorten } from '../base/shorten.ts';
import { isXmlText } from '../base/xml-text.ts';
import { BrokerError } from './error.ts';

/**
 * The name of a subject or of one of its sessions: `joe`, `joe/1`, `client/joe/session/1`, `/node/heron/client/joe/-3`.
 * Public session ids above 0 are chosen by the client, those below 0 by the broker; 0 or none means the subject.
 */
export interface SessionName {
  readonly subject: string;
  readonly pubSessionId?: number;
}

/** The subject of whoever names nobody. */
export const GUEST = 'guest';

const MAX_SUBJECT_BYTES = 256;

/**
 * As in the original, empty parts do not count (`joe//1`), and a leading slash must begin `/node/NODE/client/`.
 *
 * @throws BrokerError `user.illegalArgument` saying what is wrong with `text`.
 */
export function parseSessionName(text: string): SessionName {
  const parts = text
    .split('/')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (text.trim().startsWith('/')) {
    if (parts[0] !== 'node' || parts[2] !== 'client') throw illegal(text, 'a leading slash must begin /node/NODE/client/');
    parts.splice(0, 2);
  }
  if (parts[0] === 'client') parts.shift();
  if (parts[1] === 'session' && parts.length > 2) parts.splice(1, 1);
  const [subject = '', id, ...rest] = parts;
  if (subject === '' || rest.length > 0) throw illegal(text, 'expected NAME or NAME/NUMBER');
  if (!isXmlText(subject) || /\p{Cc}/u.test(subject)) throw illegal(text, 'it has a control character');
  if (Buffer.byteLength(subject) > MAX_SUBJECT_BYTES) throw illegal(text, `names have at most ${MAX_SUBJECT_BYTES} bytes`);
  if (id === undefined) return { subject };
  if (!/^[+-]?[0-9]{1,15}$/.test(id)) throw illegal(text, 'the part behind the slash must be a whole number');
  const pubSessionId = Number(id);
  return pubSessionId === 0 ? { subject } : { subject, pubSessionId };
}

/** `joe` or `joe/1`: the form people type. */
export function formatSessionName(name: SessionName): string {
  return name.pubSessionId === undefined ? name.subject : `${name.subject}/${name.pubSessionId}`;
}

/** Who sends what the broker itself publishes. */
export function brokerName(nodeId: string): string {
  return formatAbsoluteName(nodeId, { subject: '__RequestBroker_internal', pubSessionId: 1 });
}

/** `/node/heron/client/joe/1`: the form that stands in QoS. */
export function formatAbsoluteName(nodeId: string, name: SessionName): string {
  return `/node/${nodeId}/client/${formatSessionName(name)}`;
}

function illegal(text: string, problem: string): BrokerError {
  return new BrokerError('user.illegalArgument', `"${shorten(text)}" is not a session name: ${problem}, for example joe/1`);
}
