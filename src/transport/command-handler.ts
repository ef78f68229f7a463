import type { Broker } from '../broker/broker.ts';
import type { Session } from '../broker/session.ts';
import {
  encodeConnectReturnQos,
  encodeEraseReturnQos,
  encodePublishReturnQos,
  encodeSubscribeReturnQos,
  encodeUnSubscribeReturnQos,
  OK_QOS,
} from '../codec/return-qos-xml.ts';
import { encodeMessage } from '../codec/script-response-xml.ts';
import type { Command } from '../model/command.ts';
import { BrokerError } from '../model/error.ts';

/** What a verb answered, as XML; encoded only when it is written. */
export interface CommandResult {
  readonly count: number;
  readonly results: Iterable<string>;
}

/** Who runs commands; `connect` makes another session the current one. */
export interface CommandCaller {
  readonly session: Session;
  /** Who the transport says it is, for a connect that names nobody. */
  readonly user: string;
  /** `session` is a new session from now on. */
  connected(session: Session): void;
}

/**
 * Runs one command; the way from every transport to the broker's verbs.
 *
 * @throws BrokerError whatever the verb rejects with.
 */
export async function handleCommand(broker: Broker, caller: CommandCaller, command: Command): Promise<CommandResult> {
  if (caller.session.isClosed && command.verb !== 'connect') throw new BrokerError('user.notConnected', NOT_CONNECTED);
  switch (command.verb) {
    case 'connect': {
      const { session, reply } = broker.connect(command.qos, caller.user);
      caller.connected(session);
      return one(encodeConnectReturnQos(reply));
    }
    case 'disconnect':
      broker.disconnect(caller.session);
      return one('true');
    case 'ping':
      return one(OK_QOS);
    case 'publish':
      return one(encodePublishReturnQos(await broker.publish(caller.session, command.unit)));
    case 'publishArr': {
      const replies: string[] = [];
      for (const unit of command.units) {
        replies.push(encodePublishReturnQos(await broker.publish(caller.session, unit)));
        await broker.breathe();
      }
      return many(replies);
    }
    default:
      return handleQuery(broker, caller.session, command);
  }
}

async function handleQuery(
  broker: Broker,
  session: Session,
  { verb, key, qos }: Extract<Command, { key: unknown }>,
): Promise<CommandResult> {
  switch (verb) {
    case 'subscribe':
      if (session.isTransient) throw new BrokerError('user.subscribe.noCallback', NO_CALLBACK);
      return one(encodeSubscribeReturnQos(await broker.subscribe(session, key, qos)));
    case 'unSubscribe':
      return many((await broker.unSubscribe(session, key)).map(encodeUnSubscribeReturnQos));
    case 'erase':
      return many((await broker.erase(session, key, qos)).map(encodeEraseReturnQos));
    case 'get': {
      const messages = await broker.get(key, qos);
      return {
        count: messages.length,
        results: lazily(messages, (message) => encodeMessage(message, qos, undefined, broker.now())),
      };
    }
  }
}

const NOT_CONNECTED = 'The session has been disconnected; connect again before the next command';

const NO_CALLBACK =
  'A subscription needs a session that stays: add ?session=NAME/1 to the address, or put <connect/> before it in the same script and use its sessionId';

function one(result: string): CommandResult {
  return { count: 1, results: [result] };
}

function many(results: readonly string[]): CommandResult {
  return { count: results.length, results };
}

function* lazily<T>(items: readonly T[], encode: (item: T) => string): Generator<string> {
  for (const item of items) yield encode(item);
}
