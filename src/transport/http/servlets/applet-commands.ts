import type { Broker } from '../../../broker/broker.ts';
import type { OnGone } from '../../../broker/queue-queries.ts';
import type { Session } from '../../../broker/session.ts';
import type { AppletObject } from '../../../codec/applet-object.ts';
import { eraseTable, keyTable, publishTable, qosTable, subscribeTable, unSubscribeTable } from '../../../codec/applet-table.ts';
import type { Command, QueryVerb } from '../../../model/command.ts';
import { BrokerError } from '../../../model/error.ts';
import type { ReceivedMessage } from '../../../model/message.ts';

/** What an applet's command answered. */
export interface AppletAnswer {
  readonly object: AppletObject;
  /** To be told whether the answer has left. */
  readonly settle?: ((hasLeft: boolean) => void) | undefined;
}

/** Runs one command. Rejects with BrokerError. */
export async function runAppletCommand(
  broker: Broker,
  session: Session,
  command: Command,
  onGone: OnGone,
): Promise<AppletAnswer> {
  switch (command.verb) {
    case 'publish':
      return { object: { type: 'table', table: publishTable(await broker.publish(session, command.unit)) } };
    case 'subscribe':
      return { object: { type: 'table', table: subscribeTable(await broker.subscribe(session, command.key, command.qos)) } };
    case 'unSubscribe':
      return { object: { type: 'tables', tables: (await broker.unSubscribe(session, command.key)).map(unSubscribeTable) } };
    case 'erase':
      return { object: { type: 'tables', tables: (await broker.erase(session, command.key, command.qos)).map(eraseTable) } };
    case 'get':
      return get(broker, session, command, onGone);
    default:
      throw new BrokerError('user.wrongApiUsage', `${command.verb} is not for applets`);
  }
}

async function get(
  broker: Broker,
  session: Session,
  { key, qos }: Extract<Command, { readonly verb: QueryVerb }>,
  onGone: OnGone,
): Promise<AppletAnswer> {
  const queried = await broker.queryQueue({ session, onGone }, key, qos);
  const messages = queried?.messages ?? (await broker.get(session, key, qos));
  const nowMs = broker.now();
  const encode = (message: ReceivedMessage, index: number) => ({
    qos: qosTable(message, queried?.infos[index], nowMs),
    key: keyTable(message, qos),
    content: qos.content ? message.content : Buffer.alloc(0),
  });
  return { object: { type: 'messages', messages: messages.map(encode) }, settle: queried?.settle };
}
