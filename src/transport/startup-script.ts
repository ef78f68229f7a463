import type { Logger } from '../base/logger.ts';
import type { Broker } from '../broker/broker.ts';
import type { Principal } from '../broker/ports.ts';
import type { OnGone } from '../broker/queue-queries.ts';
import type { Session } from '../broker/session.ts';
import { decodeXmlText } from '../codec/charset.ts';
import { createScriptCache, decodeScript, type ScriptLimits } from '../codec/script-xml.ts';
import { DEFAULT_CONNECT_QOS, DEFAULT_DISCONNECT_QOS } from '../model/connect.ts';
import { BrokerError } from '../model/error.ts';
import { type CommandCaller, handleCommand } from './command-handler.ts';

/** Whoever may write the file of the script may do everything: the broker's own hand. */
const PRINCIPAL: Principal = { user: '_StartupTasks', isAdmin: true, owns: () => true, isAllowed: () => true };

/**
 * Runs the commands of a script, in the words of `POST /`, in a session that ends with it. What is wrong with it, or goes wrong in
 * it, is logged as a warning; the broker starts all the same.
 */
export async function runStartupScript(broker: Broker, script: Buffer, limits: ScriptLimits, logger: Logger): Promise<void> {
  const { session } = broker.sessions.open(
    { principal: PRINCIPAL, name: { subject: PRINCIPAL.user } },
    DEFAULT_CONNECT_QOS,
    true,
  );
  const caller = new StartupCaller(session);
  let done = 0;
  try {
    const text = decodeXmlText(script, undefined);
    const { commands } = decodeScript(text, undefined, () => broker.newOid(), limits, createScriptCache());
    for (const command of commands) {
      await handleCommand(broker, caller, command.decode(), nobodyWaits);
      done++;
    }
    logger.info(`the startup script is done: ${done} commands`);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    logger.warn(`the startup script ended after ${done} commands: ${error.code}: ${error.message}`);
  } finally {
    broker.disconnect(session, DEFAULT_DISCONNECT_QOS);
    broker.disconnect(caller.session, DEFAULT_DISCONNECT_QOS);
  }
}

/** Nobody reads the answers: what would wait for messages does not. */
const nobodyWaits: OnGone = (listener) => {
  const immediate = setImmediate(listener);
  return () => clearImmediate(immediate);
};

/** A connect in the script makes another session its current one. */
class StartupCaller implements CommandCaller {
  readonly peer = { principal: PRINCIPAL, address: undefined, canPoll: true };
  session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  connected(session: Session): void {
    this.session = session;
  }
}
