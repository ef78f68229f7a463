import { shorten } from '../base/shorten.ts';
import type { Place } from '../model/command-path.ts';
import { BrokerError } from '../model/error.ts';
import type { Administration, Command, CommandTable } from './command.ts';
import { loggingCommand } from './logging.ts';
import { NODE_COMMANDS } from './node-commands.ts';
import { SESSION_COMMANDS } from './session-commands.ts';
import { SUBJECT_COMMANDS } from './subject-commands.ts';
import { type FoundSubscription, SUBSCRIPTION_COMMANDS } from './subscription-commands.ts';
import { TOPIC_COMMANDS } from './topic-commands.ts';

/** The tables of the tree by kind of place; protocol/admin.md shows them. */
export const COMMAND_TABLES = {
  node: NODE_COMMANDS,
  subject: SUBJECT_COMMANDS,
  session: SESSION_COMMANDS,
  topic: TOPIC_COMMANDS,
  subscription: SUBSCRIPTION_COMMANDS,
} as const;

/** What a path names is not there. */
export class UnknownCommandError extends BrokerError {
  constructor(message: string) {
    super('user.illegalArgument', message);
  }
}

/** A place that is there, with its commands. */
export interface Branch {
  /** The names that have a command here. */
  readonly names: readonly string[];
  /** @throws UnknownCommandError, listing what is known. */
  command(name: string): BoundCommand;
}

/** A command whose target is found. */
interface BoundCommand {
  readonly command: Command<never>;
  readonly target: never;
}

/**
 * Finds what a path is about.
 *
 * Rejects with UnknownCommandError when there is no such client, session, topic or subscription.
 */
export async function findBranch(place: Place, administration: Administration): Promise<Branch> {
  const { broker, properties } = administration;
  switch (place.kind) {
    case 'node':
      return branchOf(NODE_COMMANDS, undefined);
    case 'subject':
    case 'session': {
      const subject = broker.sessions.subjects.get(place.subject);
      if (!subject) throw new UnknownCommandError(`The client "${shorten(place.subject)}" is unknown; ?clientList lists all`);
      if (place.kind === 'subject') return branchOf(SUBJECT_COMMANDS, subject);
      const session = subject.sessions.get(place.pubSessionId);
      if (session) return branchOf(SESSION_COMMANDS, session);
      const known = [...subject.sessions.keys()].slice(0, 100).join(', ');
      throw new UnknownCommandError(`${shorten(place.subject)} has no session ${place.pubSessionId}; known are ${known}`);
    }
    case 'topic': {
      const topic = broker.topics.get(place.oid);
      if (topic) return branchOf(TOPIC_COMMANDS, topic);
      throw new UnknownCommandError(`The topic "${shorten(place.oid)}" is unknown; ?topicList lists all`);
    }
    case 'subscription':
      return branchOf(SUBSCRIPTION_COMMANDS, await findSubscription(place.id, administration));
    case 'sysprop':
      return namedBranch(properties.names, (name) => propertyCommand(name));
    case 'logging':
      return namedBranch(['level'], loggingCommand);
  }
}

function branchOf<Target>(table: CommandTable<Target>, target: Target): Branch {
  const names = Object.keys(table);
  return {
    names,
    command(name) {
      const command = Object.hasOwn(table, name) ? table[name] : undefined;
      if (command) return { command: command as Command<never>, target: target as never };
      throw unknownName(name, names);
    },
  };
}

function namedBranch(names: readonly string[], find: (name: string) => Command<undefined> | undefined): Branch {
  return {
    names,
    command(name) {
      const command = find(name);
      if (command) return { command: command as Command<never>, target: undefined as never };
      throw unknownName(name, names);
    },
  };
}

/** `sysprop/?maxSessions`. */
function propertyCommand(name: string): Command<undefined> {
  return {
    help: 'the text of a property',
    read: (_, { properties }) => {
      const value = properties.get(name);
      if (value !== undefined) return value;
      throw unknownName(name, properties.names);
    },
    write: (_, text, { properties }) => properties.set(name, text),
  };
}

/** Ids are unique in one session only, and looked for in all of them. */
async function findSubscription(id: string, { broker }: Administration): Promise<FoundSubscription> {
  const parentId = id.slice(0, Math.max(0, id.lastIndexOf(':')));
  for (const session of broker.sessions.all()) {
    const whole = session.subscriptions.get(id);
    if (whole) return { id, subscription: whole, oids: [...whole.topics.keys()].map(({ oid }) => oid) };
    const parent = session.subscriptions.get(parentId);
    if (parent) {
      for (const [topic, routeId] of parent.topics) if (routeId === id) return { id, subscription: parent, oids: [topic.oid] };
    }
    await broker.breathe();
  }
  throw new UnknownCommandError(`The subscription "${shorten(id)}" is unknown; ?subscriptionList lists all`);
}

function unknownName(name: string, names: readonly string[]): UnknownCommandError {
  return new UnknownCommandError(
    `There is no command ?${shorten(name)} here; known are ${names.map((known) => `?${known}`).join(', ')}`,
  );
}
