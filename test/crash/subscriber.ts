import type { Message } from './message.ts';

/** Somebody whose messages are to survive. How it behaves stands in its actor. */
export interface Subscriber {
  /** The user; its session is `name/session`. */
  readonly name: string;
  readonly session: number;
  /** How it subscribes; none: it gets what is addressed to it. */
  readonly queries: readonly Query[];
  /** Whether a message is for it. */
  wants(message: Message): boolean;
  readonly way: 'poll' | 'socket';
  /** Attributes and content of the `<callback>` of those on SOCKET. */
  readonly burst?: string;
  /** How likely it is there in one life of the broker. */
  readonly presence: number;
}

type Query = { readonly oid: string } | { readonly xpath: string };

/** For whom a message without destination is. */
const isPublic = ({ destination }: Message): boolean => destination === undefined;

export const SUBSCRIBERS: readonly Subscriber[] = [
  {
    name: 'sleeper',
    session: 1,
    queries: [{ xpath: '//crash' }],
    wants: isPublic,
    way: 'poll',
    presence: 0.15,
  },
  {
    name: 'poller',
    session: 1,
    queries: [{ oid: 't0' }, { oid: 'mixed' }],
    wants: (message) => isPublic(message) && ['t0', 'mixed'].includes(message.topic),
    way: 'poll',
    presence: 0.9,
  },
  {
    name: 'picker',
    session: 3,
    queries: [{ xpath: '//crash[@n > 0 and @n < 9]' }],
    wants: (message) => isPublic(message) && ['t1', 't2'].includes(message.topic),
    way: 'poll',
    presence: 0.6,
  },
  {
    name: 'listener',
    session: 1,
    queries: [{ oid: 't0' }, { oid: 't1' }],
    wants: (message) => isPublic(message) && ['t0', 't1'].includes(message.topic),
    way: 'socket',
    presence: 0.9,
  },
  {
    name: 'burst',
    session: 2,
    queries: [{ xpath: "//crash[@n='2' or @n='9']" }],
    wants: (message) => isPublic(message) && ['t2', 'mixed'].includes(message.topic),
    way: 'socket',
    burst: "<burstMode collectTime='5' maxEntries='20'/>",
    presence: 0.7,
  },
  {
    name: 'citizen',
    session: 1,
    queries: [],
    wants: ({ destination }) => destination === 'citizen',
    way: 'poll',
    presence: 0.3,
  },
  {
    name: 'letterbox',
    session: 7,
    queries: [],
    wants: ({ destination }) => destination === 'letterbox/7',
    way: 'poll',
    presence: 0.3,
  },
];

/** Whom messages may be addressed to. */
export const DESTINATIONS: readonly string[] = ['citizen', 'letterbox/7'];

export function sessionOf({ name, session }: Subscriber): string {
  return `${name}/${session}`;
}
