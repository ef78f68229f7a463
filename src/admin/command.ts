import type { Broker } from '../broker/broker.ts';
import type { Session } from '../broker/session.ts';
import { BrokerError } from '../model/error.ts';
import type { ReceivedMessage } from '../model/message.ts';
import type { LogMemory } from './log-memory.ts';
import type { Properties } from './properties.ts';

/** What a command answers. Lists are written one entry per line; nothing is the word null, as in the original. */
export type Value =
  | string
  | number
  | boolean
  | undefined
  | readonly string[]
  | { readonly xml: string }
  | { readonly messages: readonly ReceivedMessage[] };

/** What commands work on, beside the broker's parts that their path names. */
export interface Administration {
  readonly broker: Broker;
  readonly version: string;
  /** The port on which the broker listens for every protocol. */
  readonly port: () => number;
  readonly log: LogMemory;
  readonly properties: Properties;
  /** Somebody wants the broker to end with this exit code. */
  readonly exit: (code: number) => void;
}

/** One call of a command. */
export interface CommandCall extends Administration {
  readonly caller: Session;
  /** What stands behind `=`, else the content of the publish, else the text of the QueueQuery. */
  readonly argument: string | undefined;
  /** To be called before anything changes. @throws BrokerError when it may not. */
  readonly requireChange: () => void;
}

/** One name in the tree: a value to read, a value to set, something to do. */
export interface Command<Target> {
  /** One line for protocol/admin.md. */
  readonly help: string;
  readonly read?: (target: Target, call: CommandCall) => Value | Promise<Value>;
  /** Sets it to `text`. */
  readonly write?: (target: Target, text: string, call: CommandCall) => void;
  /** Does it. Whoever calls has the right to change things, unless `isHarmless`. */
  readonly run?: (target: Target, call: CommandCall) => Value | Promise<Value>;
  /** `run` changes nothing, or asks `requireChange` by itself. */
  readonly isHarmless?: true;
}

export type CommandTable<Target> = Readonly<Record<string, Command<Target>>>;

/** The text of a value; messages have none. */
export function formatValue(value: Exclude<Value, { readonly messages: unknown }>): string {
  if (value === undefined) return 'null';
  if (typeof value !== 'object') return String(value);
  return 'xml' in value ? value.xml : value.join('\n');
}

/** How a command can be used: `read`, `set` (a value), `do`. */
export function usesOf({ read, write, run }: Command<never>): string {
  const uses = [read && 'read', write && 'set', run && 'do'];
  return uses.filter((use) => use !== undefined).join(', ');
}

/** For what has nothing to say when it is done. */
export function doing<Target>(action: (target: Target, call: CommandCall) => void): NonNullable<Command<Target>['run']> {
  return (target, call) => {
    action(target, call);
    return 'OK';
  };
}

/** @throws BrokerError `user.illegalArgument` unless the argument is a whole number from `min` to `max`. */
export function integerArgument({ argument = '' }: Pick<CommandCall, 'argument'>, min: number, max: number): number {
  const number = Number(argument);
  if (/^-?[0-9]{1,15}$/.test(argument.trim()) && number >= min && number <= max) return number;
  throw new BrokerError('user.illegalArgument', `"${argument.slice(0, 40)}" is not a whole number from ${min} to ${max}`);
}

/** @throws BrokerError `user.illegalArgument` unless `text` is true or false. */
export function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  throw new BrokerError('user.illegalArgument', `"${text.slice(0, 40)}" is neither true nor false`);
}

/** `2026-11-23 02:46:29.225`, in UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** Names that one answer lists; who has more asks `GET /topics`, or for a part of them. */
const MAX_LISTED = 100_000;

/** @throws BrokerError `resource.exhaust` for more names than one answer lists. */
export async function listed<T>(items: Iterable<T>, nameOf: (item: T) => string, { broker }: CommandCall): Promise<string[]> {
  const names: string[] = [];
  for (const item of items) {
    names.push(nameOf(item));
    if (names.length > MAX_LISTED) throw new BrokerError('resource.exhaust', `There are more than ${MAX_LISTED} of them`);
    if (names.length % 1_000 === 0) await broker.breathe();
  }
  return names;
}
