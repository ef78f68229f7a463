import type { Broker } from '../../broker/broker.ts';
import type { OnGone } from '../../broker/queue-queries.ts';
import { encodeMessage, encodeResults } from '../../codec/script-response-xml.ts';
import type { Script } from '../../codec/script-xml.ts';
import type { Verb } from '../../model/command.ts';
import { BrokerError } from '../../model/error.ts';
import { type CommandCaller, type CommandResult, handleCommand, type MessagesResult } from '../command-handler.ts';

/** What the commands of a script answered. */
export interface ScriptOutcome {
  readonly results: readonly { readonly verb: Verb | 'wait'; readonly result: CommandResult }[];
  /** What ended the script early. */
  readonly error: BrokerError | undefined;
}

/** Runs commands in their order, up to the first that fails. */
export async function runCommands(
  broker: Broker,
  { commands }: Script,
  caller: CommandCaller,
  onGone: OnGone,
): Promise<ScriptOutcome> {
  const results: { verb: Verb | 'wait'; result: CommandResult }[] = [];
  for (const command of commands) {
    try {
      results.push({ verb: command.verb, result: await handleCommand(broker, caller, command.decode(), onGone) });
      await broker.breathe();
    } catch (error) {
      if (error instanceof BrokerError) return { results, error };
      settlementOf({ results })?.(false);
      throw error;
    }
  }
  return { results, error: undefined };
}

/** To be called with whether the answer has left: what was consumed is given back unless it has. Undefined: nothing was. */
export function settlementOf({ results }: Pick<ScriptOutcome, 'results'>): ((hasLeft: boolean) => void) | undefined {
  const settlements = results.flatMap(({ result }) => ('settle' in result && result.settle) || []);
  if (settlements.length === 0) return undefined;
  return (hasLeft) => {
    for (const settle of settlements) settle(hasLeft);
  };
}

/** One element for each command. */
export function* encodeOutcome({ results }: ScriptOutcome, nowMs: number): Generator<string> {
  for (const { verb, result } of results) if (verb !== 'wait') yield* encodeResult(verb, result, nowMs);
}

/** As the original's scripts, disconnect answers a word instead of a QoS. */
function* encodeResult(verb: Verb, result: CommandResult, nowMs: number): Generator<string> {
  if ('messages' in result) {
    yield* encodeResults(verb, encodeMessages(result, nowMs), result.messages.length);
  } else {
    const qos = verb === 'disconnect' ? ['true'] : result.qos;
    yield* encodeResults(verb, qos, qos.length);
  }
}

function* encodeMessages({ messages, infos, parts }: MessagesResult, nowMs: number): Generator<string> {
  for (const [index, message] of messages.entries()) yield encodeMessage(message, parts, infos?.[index], nowMs);
}
