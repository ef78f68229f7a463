import { shorten } from '../base/shorten.ts';
import { BrokerError } from './error.ts';

/** What a command is about. */
export type Place =
  | { readonly kind: 'node' }
  | { readonly kind: 'subject'; readonly subject: string }
  | { readonly kind: 'session'; readonly subject: string; readonly pubSessionId: number }
  | { readonly kind: 'topic'; readonly oid: string }
  | { readonly kind: 'subscription'; readonly id: string }
  | { readonly kind: 'sysprop' }
  | { readonly kind: 'logging' };

/** A command: where, which, and with what. */
export interface CommandPath {
  readonly place: Place;
  /** Several only when all of them are to be read; empty when the path ends before its `?`. */
  readonly names: readonly string[];
  /** What stands behind the first `=`; undefined when nothing does. */
  readonly argument: string | undefined;
}

/** Characters of a path, and names in one list. */
const MAX_CHARS = 16_384;
const MAX_NAMES = 100;

/**
 * Reads `client/joe/session/1/?cbQueueNumMsgs`, `/node/heron/?nodeId, uptime`, `?exit=0` and the like (protocol/admin.md).
 *
 * @throws BrokerError `user.illegalArgument` saying what is wrong.
 */
export function parseCommandPath(text: string, nodeId: string): CommandPath {
  const start = startOfCommand(text);
  const place = start < 0 ? text : text.slice(0, start);
  return joinCommandPath(place, start < 0 ? '' : text.slice(start + 1), nodeId);
}

/** The same from two parts: what stands before the `?`, and what behind it. @throws as `parseCommandPath`. */
export function joinCommandPath(place: string, command: string, nodeId: string): CommandPath {
  if (place.length + command.length > MAX_CHARS) throw illegal(`The path of a command has at most ${MAX_CHARS} characters`);
  return { place: parsePlace(place, nodeId), ...parseCommand(command) };
}

/** The path as answers write it, with all of it before the `?`. */
export function formatPlace(place: Place, nodeId: string): string {
  const start = `/node/${nodeId}/`;
  switch (place.kind) {
    case 'node':
      return start;
    case 'subject':
      return `${start}client/${place.subject}/`;
    case 'session':
      return `${start}client/${place.subject}/session/${place.pubSessionId}/`;
    case 'topic':
      return `${start}topic/${place.oid}/`;
    case 'subscription':
      return `${start}subscription/${place.id}/`;
    default:
      return `${start}${place.kind}/`;
  }
}

/**
 * The index of the `?`: the last one behind a slash before any `=`, since names may hold others, and arguments; else the first one
 * behind a slash; else the first at all.
 */
function startOfCommand(text: string): number {
  if (text.startsWith('?')) return 0;
  const equals = text.indexOf('=');
  const last = text.lastIndexOf('/?', equals < 0 ? text.length : equals);
  const slash = last < 0 ? text.indexOf('/?') : last;
  return slash < 0 ? text.indexOf('?') : slash + 1;
}

function parsePlace(text: string, nodeId: string): Place {
  const path = withoutNode(text, nodeId);
  const [, kind = '', rest = ''] = /^([^/]*)\/*(.*?)\/?$/s.exec(path) ?? [];
  switch (kind) {
    case '':
      return { kind: 'node' };
    case 'client':
      return parseClient(rest);
    case 'topic':
      return { kind, oid: required(rest, 'topic/OID/?numSubscribers') };
    case 'subscription':
      return { kind, id: required(rest, 'subscription/ID/?topicId') };
    case 'sysprop':
    case 'logging':
      if (rest === '') return { kind };
      throw illegal(`"${shorten(rest)}" stands where a ? must: ${kind}/?NAME`);
    default:
      throw illegal(
        `"${shorten(kind)}" is not part of the broker; known are client/…, topic/…, subscription/…, sysprop/?…, logging/?… and ?…`,
      );
  }
}

/** Takes `/node/heron/` off; the first slash is only there with it. */
function withoutNode(text: string, nodeId: string): string {
  const path = text.replace(/^\/+/, '');
  const [, id, rest] = /^node(?:\/+([^/]*))?(?:\/+(.*))?$/s.exec(path) ?? [];
  if (!/^node(\/|$)/.test(path)) {
    if (path === text) return path;
    throw illegal(`"${shorten(text)}" begins with a slash: then it must begin with /node/${nodeId}/`);
  }
  if (id === nodeId) return rest ?? '';
  throw illegal(`"${shorten(id ?? '')}" is another broker; this one is /node/${nodeId}/`);
}

/** `joe`, `joe/1`, `joe/session/1`. */
function parseClient(text: string): Place {
  const [subject = '', ...rest] = text.split('/').filter((part) => part !== '');
  required(subject, 'client/NAME/?numSessions');
  const [id, ...beyond] = rest[0] === 'session' ? rest.slice(1) : rest;
  if (id === undefined && rest.length === 0) return { kind: 'subject', subject };
  if (id === undefined || !/^[+-]?[0-9]{1,15}$/.test(id) || Number(id) === 0) {
    throw illegal(`"${shorten(rest.join('/'))}" is not the number of a session; write client/${shorten(subject)}/session/1/?…`);
  }
  if (beyond.length > 0) throw illegal(`"${shorten(beyond.join('/'))}" stands where a ? must: client/…/session/${id}/?NAME`);
  return { kind: 'session', subject, pubSessionId: Number(id) };
}

function parseCommand(text: string): Omit<CommandPath, 'place'> {
  const equals = text.indexOf('=');
  if (equals >= 0) return { names: [text.slice(0, equals).trim()], argument: text.slice(equals + 1) };
  const names = text
    .split(',', MAX_NAMES + 1)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length > MAX_NAMES) throw illegal(`At most ${MAX_NAMES} commands can be asked for at once`);
  return { names, argument: undefined };
}

function required(text: string, form: string): string {
  if (text !== '') return text;
  throw illegal(`A name is missing: ${form}`);
}

function illegal(message: string): BrokerError {
  return new BrokerError('user.illegalArgument', message);
}
