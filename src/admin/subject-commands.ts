import type { Session } from '../broker/session.ts';
import type { Subject } from '../broker/subject.ts';
import { DEFAULT_DISCONNECT_QOS } from '../model/connect.ts';
import { type CommandTable, formatTime, integerArgument, parseBoolean } from './command.ts';
import { QUEUE_HELP, queueEntries } from './queue-entries.ts';

const MAX_SESSIONS = 1e9;

/** `client/joe`. */
export const SUBJECT_COMMANDS: CommandTable<Subject> = {
  uptime: {
    help: 'seconds since it is known',
    read: ({ createdAt }, { broker }) => Math.floor((broker.now() - createdAt) / 1_000),
  },
  creationDate: { help: 'when that was, in UTC', read: ({ createdAt }) => formatTime(createdAt) },
  numSessions: { help: 'its sessions', read: ({ sessions }) => sessions.size },
  maxSessions: {
    help: 'how many it may have',
    read: ({ maxSessions }) => maxSessions,
    write: (subject, text) => {
      subject.maxSessions = integerArgument({ argument: text }, 0, MAX_SESSIONS);
    },
  },
  sessionList: { help: 'their numbers, with commas', read: ({ sessions }) => [...sessions.keys()].join(',') },
  sessions: { help: 'their numbers, one a line', read: ({ sessions }) => [...sessions.keys()].map(String) },
  numUpdate: { help: 'updates handed out to these sessions', read: ({ sessions }) => updatesOf([...sessions.values()]) },
  subjectQueueNumMsgs: { help: 'messages that wait until one of its sessions takes them', read: ({ queueSize }) => queueSize },
  subjectQueueMaxMsgs: { help: 'messages that may wait', read: ({ bounds }) => bounds.maxEntries },
  subjectQueueEntries: {
    help: QUEUE_HELP,
    run: ({ name }, call) => queueEntries(`client/${name}`, 'subjectQueueEntries', call),
    isHarmless: true,
  },
  blockClientLogin: {
    help: 'true: it gets no more sessions, as long as it is known',
    read: ({ isLoginBlocked }) => isLoginBlocked,
    write: (subject, text) => {
      subject.isLoginBlocked = parseBoolean(text);
    },
  },
  blockClientAndResetConnections: {
    help: 'blocks it, and ends the connections of its sessions; these stay',
    run: (subject) => {
      subject.isLoginBlocked = true;
      for (const { dispatcher } of subject.sessions.values()) dispatcher.close('disconnected');
      return `${subject.name} blocked`;
    },
  },
  killClient: {
    help: 'disconnects all its sessions',
    run: async ({ name, sessions }, { broker }) => {
      for (const session of [...sessions.values()]) {
        broker.disconnect(session, DEFAULT_DISCONNECT_QOS);
        await broker.breathe();
      }
      return `${name} killed`;
    },
  },
};

function updatesOf(sessions: readonly Session[]): number {
  return sessions.reduce((total, { dispatcher }) => total + dispatcher.updates, 0);
}
