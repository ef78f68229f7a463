import { DEFAULT_PUBLISH_QOS } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import type { Timestamp } from '../model/timestamp.ts';
import { base64Property } from './dead-messages.ts';
import type { MemoryAccount } from './memory-account.ts';
import { Message, NO_TOPIC } from './message.ts';
import type { Topic } from './topic.ts';

/** Who erased a topic, and how; undefined when it died by itself. */
export interface EraseCause {
  readonly forceDestroy: boolean;
}

/** The update with state ERASED that subscribers of an erased topic get; elements and content as in the original. */
export function createEraseNotice(
  topic: Topic,
  nodeId: string,
  sender: string,
  cause: EraseCause | undefined,
  rcvTimestamp: Timestamp,
  account: MemoryAccount,
): Message {
  const clientProperties = cause
    ? [
        base64Property('__eraseQos', `<qos><erase forceDestroy='${cause.forceDestroy}'/></qos>`),
        base64Property('__eraseKey', createPlainKey(topic.oid).xml),
      ]
    : [];
  return new Message(
    {
      key: createPlainKey(topic.oid, { contentMimeExtended: '1.0', domain: topic.key?.domain }),
      content: Buffer.from(`${nodeId}/topic/${topic.oid}`),
      qos: {
        ...DEFAULT_PUBLISH_QOS,
        state: { id: 'ERASED', info: undefined },
        lifeTimeMs: 0,
        forceDestroy: false,
        clientProperties,
      },
      sender,
      rcvTimestamp,
      expiresAt: Number.POSITIVE_INFINITY,
    },
    NO_TOPIC,
    account,
  );
}

export function isEraseNotice({ qos }: Message): boolean {
  return qos.state?.id === 'ERASED';
}
