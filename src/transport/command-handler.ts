import type { Broker } from '../broker/broker.ts';
import type { Peer } from '../broker/login.ts';
import type { Asker, OnGone, QueueAnswer } from '../broker/queue-queries.ts';
import type { Session } from '../broker/session.ts';
import {
  encodeConnectReturnQos,
  encodeEraseReturnQos,
  encodePublishReturnQos,
  encodeSubscribeReturnQos,
  encodeUnSubscribeReturnQos,
  OK_QOS,
} from '../codec/return-qos-xml.ts';
import type { Command, Pause } from '../model/command.ts';
import type { ConnectQos } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import type { PublishUnit, ReceivedMessage } from '../model/message.ts';
import type { QueryQos } from '../model/query.ts';
import type { PublishOutcome } from '../model/replies.ts';

/** What a verb answered: a return QoS per result, or the messages of a get. */
export type CommandResult = { readonly qos: readonly string[] } | MessagesResult;

/** The messages of a get; one on a queue says where each stood, and is told whether the answer has left. */
export interface MessagesResult extends Partial<QueueAnswer> {
  readonly messages: readonly ReceivedMessage[];
  readonly parts: Pick<QueryQos, 'content' | 'meta'>;
}

/** Who runs commands; `connect` makes another session the current one. */
export interface CommandCaller {
  readonly session: Session;
  /** Who connects. */
  readonly peer: Peer;
  /** `session` is a new session from now on. */
  connected(session: Session): void;
}

/**
 * Runs one command; the way from every transport to the broker's verbs. Returns a promise only when there is something to wait
 * for; whoever waits for long listens to `onGone`, which tells that nobody is there any more to read the answer.
 *
 * @throws BrokerError whatever the verb rejects with.
 */
export function handleCommand(
  broker: Broker,
  caller: CommandCaller,
  command: Command | Pause,
  onGone: OnGone,
): CommandResult | Promise<CommandResult> {
  if (command.verb === 'wait') return pause(broker, command.delayMs, onGone);
  if (command.verb !== 'connect' && command.verb !== 'ping' && caller.session.isClosed)
    throw new BrokerError('user.notConnected', NOT_CONNECTED);
  switch (command.verb) {
    case 'connect':
      return connect(broker, caller, command.qos);
    case 'disconnect':
      broker.disconnect(caller.session, command.qos);
      return OK;
    case 'ping':
      return OK;
    case 'publish': {
      const reply = broker.publish(caller.session, command.unit);
      return reply instanceof Promise ? reply.then(publishResult) : publishResult(reply);
    }
    case 'publishArr':
      return publishAll(broker, caller.session, command.units);
    default:
      return handleQuery(broker, { session: caller.session, onGone }, command);
  }
}

const OK: CommandResult = { qos: [OK_QOS] };

function pause({ timers }: Broker, delayMs: number, onGone: OnGone): Promise<CommandResult> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      stopWatching();
      resolve(NOTHING);
    };
    const timer = timers.start(delayMs, end);
    const stopWatching = onGone(end);
  });
}

const NOTHING: CommandResult = { qos: [] };

async function connect(broker: Broker, caller: CommandCaller, qos: ConnectQos): Promise<CommandResult> {
  const { session, reply } = await broker.connect(qos, caller.peer);
  caller.connected(session);
  return { qos: [encodeConnectReturnQos(reply)] };
}

function publishResult(reply: PublishOutcome): CommandResult {
  return { qos: [encodePublishReturnQos(reply)] };
}

async function publishAll(broker: Broker, session: Session, units: readonly PublishUnit[]): Promise<CommandResult> {
  const qos: string[] = [];
  for (const unit of units) {
    qos.push(encodePublishReturnQos(await broker.publish(session, unit)));
    await broker.breathe();
  }
  return { qos };
}

async function handleQuery(
  broker: Broker,
  asker: Asker,
  { verb, key, qos }: Extract<Command, { key: unknown }>,
): Promise<CommandResult> {
  const { session } = asker;
  switch (verb) {
    case 'subscribe':
      if (session.isTransient) throw new BrokerError('user.subscribe.noCallback', NO_CALLBACK);
      return { qos: [encodeSubscribeReturnQos(await broker.subscribe(session, key, qos))] };
    case 'unSubscribe':
      return { qos: (await broker.unSubscribe(session, key)).map(encodeUnSubscribeReturnQos) };
    case 'erase':
      return { qos: (await broker.erase(session, key, qos)).map(encodeEraseReturnQos) };
    case 'get': {
      const answer = await broker.queryQueue(asker, key, qos);
      return answer ? { ...answer, parts: qos } : { messages: await broker.get(session, key, qos), parts: qos };
    }
  }
}

const NOT_CONNECTED = 'The session has been disconnected; connect again before the next command';

const NO_CALLBACK =
  'A subscription needs a session that stays: add ?session=NAME/1 to the address, or put <connect/> before it in the same script and use its sessionId';
