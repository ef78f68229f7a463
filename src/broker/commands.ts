import { BrokerError } from '../model/error.ts';
import { DEFAULT_PUBLISH_QOS, type ReceivedMessage } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import { brokerName } from '../model/session-name.ts';

/** What commands may tell. */
interface CommandFacts {
  readonly nodeId: string;
  readonly upSeconds: number;
  readonly rcvTimestamp: bigint;
}

/** Those of the original's administrative commands that a `get` can ask for so far; the memory is that of the process, in bytes. */
const COMMANDS = new Map<string, (facts: CommandFacts) => number | string>([
  ['freeMem', () => process.memoryUsage().heapTotal - process.memoryUsage().heapUsed],
  ['usedMem', () => process.memoryUsage().heapUsed],
  ['totalMem', () => process.memoryUsage().heapTotal],
  ['nodeId', ({ nodeId }) => nodeId],
  ['uptime', ({ upSeconds }) => upSeconds],
]);

/**
 * The answer to `__cmd:?freeMem` and the like. As in the original its oid is `__cmd:/node/<id>/?freeMem`.
 *
 * @throws BrokerError `user.illegalArgument` for a command that is unknown.
 */
export function createCommandAnswer(oid: string, facts: CommandFacts): ReceivedMessage {
  const name = /^__cmd:\/?(?:node\/[^/]+\/)?\?(\w+)$/.exec(oid)?.[1] ?? '';
  const read = COMMANDS.get(name);
  if (!read) {
    const known = [...COMMANDS.keys()].map((command) => `?${command}`).join(', ');
    throw new BrokerError('user.illegalArgument', `This administrative command is not supported yet; known are ${known}`);
  }
  return {
    key: createPlainKey(`__cmd:/node/${facts.nodeId}/?${name}`),
    content: Buffer.from(String(read(facts))),
    qos: DEFAULT_PUBLISH_QOS,
    sender: brokerName(facts.nodeId),
    rcvTimestamp: facts.rcvTimestamp,
    expiresAt: Number.POSITIVE_INFINITY,
    sharedQos: undefined,
  };
}
