import { type Place, parseCommandPath } from '../model/command-path.ts';
import { commandPathOf } from '../model/system-topics.ts';

/** Whose queue a get on `__cmd:…` means: updates of a session, messages for a subject, the history of a topic. */
export type QueuePath = Extract<Place, { readonly kind: keyof typeof QUEUE_NAMES }>;

const QUEUE_NAMES = {
  session: ['callbackQueueEntries', 'cbQueueEntries'],
  subject: ['subjectQueueEntries'],
  topic: ['historyQueueEntries'],
} as const;

/**
 * Reads `__cmd:client/NAME/session/NUMBER/?callbackQueueEntries`, `…client/NAME/?subjectQueueEntries` and
 * `…topic/OID/?historyQueueEntries`; undefined for any other command.
 *
 * @throws BrokerError as `parseCommandPath`.
 */
export function parseQueuePath(commandOid: string, nodeId: string): QueuePath | undefined {
  const { place, names, argument } = parseCommandPath(commandPathOf(commandOid), nodeId);
  const [name = ''] = names;
  if (names.length !== 1 || argument !== undefined || !hasQueue(place)) return undefined;
  const known: readonly string[] = QUEUE_NAMES[place.kind];
  return known.includes(name) ? place : undefined;
}

function hasQueue(place: Place): place is QueuePath {
  return Object.hasOwn(QUEUE_NAMES, place.kind);
}
