import type { Commands } from '../broker/ports.ts';
import type { Session } from '../broker/session.ts';
import { type CommandPath, formatPlace, type Place, parseCommandPath } from '../model/command-path.ts';
import { BrokerError } from '../model/error.ts';
import { DEFAULT_PUBLISH_QOS, type ReceivedMessage } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import { brokerName } from '../model/session-name.ts';
import { type Administration, type Command, type CommandCall, formatValue, usesOf, type Value } from './command.ts';
import { findBranch } from './command-tree.ts';
import { requireAdmin } from './require-admin.ts';

/** How a command came in: whether it may change anything, and what it brings. */
export interface CommandWay {
  readonly caller: Session;
  /** GET of HTTP: nothing changes by it, whoever asks. */
  readonly isReadOnly: boolean;
  /** Counts where the path has no argument. */
  readonly argument: string | undefined;
}

/** The one way into the command tree, whichever way a command came in. */
export class AdminCommands implements Commands {
  readonly #administration: Administration;

  constructor(administration: Administration) {
    this.#administration = administration;
  }

  async get(caller: Session, path: string, querySpec: string | undefined, isReadOnly: boolean): Promise<ReceivedMessage[]> {
    const { nodeId } = this.#administration.broker;
    const parsed = parseCommandPath(path, nodeId);
    const values = await this.read(parsed, { caller, isReadOnly, argument: querySpec });
    const suffix = parsed.argument === undefined ? '' : `=${parsed.argument}`;
    return values.flatMap(({ name, value }) => {
      if (isMessages(value)) return [...value.messages];
      return this.#messageOf(`__cmd:${formatPlace(parsed.place, nodeId)}?${name}${suffix}`, formatValue(value));
    });
  }

  async set(caller: Session, path: string, content: Buffer): Promise<string> {
    const { nodeId } = this.#administration.broker;
    const parsed = parseCommandPath(path, nodeId);
    const argument = content.length === 0 ? undefined : content.toString();
    await this.change(parsed, { caller, isReadOnly: false, argument });
    return `${formatPlace(parsed.place, nodeId)}?${parsed.names[0]}=${parsed.argument ?? argument ?? 'null'}`;
  }

  /** Reads values, or does what has no value to read. Rejects like `Commands.get`. */
  async read(path: CommandPath, way: CommandWay): Promise<{ readonly name: string; readonly value: Value }[]> {
    const branch = await findBranch(path.place, this.#administration);
    if (path.names.length === 0)
      throw new BrokerError('user.illegalArgument', `What is asked for? Known are ${listOf(branch.names)}`);
    const values: { name: string; value: Value }[] = [];
    for (const name of path.names) {
      const { command, target } = branch.command(name);
      const call = this.#callOf(path, way, command);
      const value = command.read ? await command.read(target, call) : await command.run?.(target, call);
      values.push({ name, value });
    }
    return values;
  }

  /** Sets a value, or does something; resolves with what doing it answered. Rejects like `Commands.set`. */
  async change(path: CommandPath, way: CommandWay): Promise<Value> {
    requireAdmin(way.caller);
    const branch = await findBranch(path.place, this.#administration);
    const [name = ''] = path.names;
    if (path.names.length !== 1)
      throw new BrokerError('user.illegalArgument', `One command at a time; known are ${listOf(branch.names)}`);
    const { command, target } = branch.command(name);
    const call = this.#callOf(path, way, command);
    if (command.run) return command.run(target, call);
    if (!command.write) throw new BrokerError('user.illegalArgument', `?${name} can only be read`);
    if (call.argument === undefined)
      throw new BrokerError('user.illegalArgument', `What is ?${name} to be? Write ?${name}=VALUE`);
    command.write(target, call.argument, call);
    return 'OK';
  }

  /** One line for each command of a place. Rejects like `read`. */
  async list(place: Place): Promise<readonly string[]> {
    const branch = await findBranch(place, this.#administration);
    return branch.names.map((name) => `?${name}\t${usesOf(branch.command(name).command)}\t${branch.command(name).command.help}`);
  }

  #callOf(path: CommandPath, { caller, isReadOnly, argument }: CommandWay, command: Command<never>): CommandCall {
    const requireChange = (): void => {
      if (isReadOnly) throw new BrokerError('user.wrongApiUsage', 'This changes something, and a GET must not; use POST');
      requireAdmin(caller);
    };
    if (!command.read && !command.isHarmless) requireChange();
    return { ...this.#administration, caller, argument: path.argument ?? argument, requireChange };
  }

  #messageOf(oid: string, text: string): ReceivedMessage {
    const { broker } = this.#administration;
    return {
      key: createPlainKey(oid),
      content: Buffer.from(text),
      qos: DEFAULT_PUBLISH_QOS,
      sender: brokerName(broker.nodeId),
      rcvTimestamp: broker.newTimestamp(),
      expiresAt: Number.POSITIVE_INFINITY,
      sharedQos: undefined,
    };
  }
}

/** Whether a value is what was found in a queue. */
export function isMessages(value: Value): value is { readonly messages: readonly ReceivedMessage[] } {
  return typeof value === 'object' && 'messages' in value;
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `?${name}`).join(', ');
}
