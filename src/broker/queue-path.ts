import { shorten } from '../base/shorten.ts';
import { BrokerError } from '../model/error.ts';

/** A queue that a get on `__cmd:…` means. */
export type QueuePath =
  | { readonly kind: 'callback'; readonly subject: string; readonly pubSessionId: number }
  | { readonly kind: 'subject'; readonly subject: string }
  | { readonly kind: 'history'; readonly oid: string };

const NODE = /^__cmd:\/?node\/([^/]+)\/(?=.)/;
const CALLBACK = /^client\/([^/]+)\/(?:session\/)?(-?[0-9]{1,15})\/\?(?:callback|cb)QueueEntries$/;
const SUBJECT = /^client\/([^/]+)\/\?subjectQueueEntries$/;
const HISTORY = /^topic\/(.+)\/\?historyQueueEntries$/s;

/**
 * Reads `__cmd:[node/NODE/]client/NAME/[session/]NUMBER/?callbackQueueEntries`, `…client/NAME/?subjectQueueEntries` and
 * `…topic/OID/?historyQueueEntries`; undefined for any other command. Other than in the original an oid may have slashes.
 *
 * @throws BrokerError `user.illegalArgument` for the queue of another node.
 */
export function parseQueuePath(commandOid: string, nodeId: string): QueuePath | undefined {
  const node = NODE.exec(commandOid);
  const path = commandOid.slice(node ? node[0].length : '__cmd:'.length);
  const queue = parsePath(path);
  if (queue && node && node[1] !== nodeId) {
    throw new BrokerError('user.illegalArgument', `The node "${shorten(node[1] ?? '')}" is not this one, which is ${nodeId}`);
  }
  return queue;
}

function parsePath(path: string): QueuePath | undefined {
  const [, oid] = HISTORY.exec(path) ?? [];
  if (oid !== undefined) return { kind: 'history', oid };
  const [, owner] = SUBJECT.exec(path) ?? [];
  if (owner !== undefined) return { kind: 'subject', subject: owner };
  const [, subject, id] = CALLBACK.exec(path) ?? [];
  return subject === undefined ? undefined : { kind: 'callback', subject, pubSessionId: Number(id) };
}
