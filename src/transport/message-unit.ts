import { encodeMsgQos } from '../codec/msg-qos-xml.ts';
import type { RawUnit } from '../codec/socket-frame.ts';
import type { ReceivedMessage, UpdateInfo } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import type { QueryQos } from '../model/query.ts';

const EMPTY = Buffer.alloc(0);

/** A return QoS as a unit: key and content are empty. */
export function qosUnit(qos: string): RawUnit {
  return { qos, key: '', content: EMPTY };
}

/** A message on its way to a client; `info` is undefined in the answer to a get. */
export function messageUnit(
  message: ReceivedMessage,
  parts: Pick<QueryQos, 'content' | 'meta'>,
  info: UpdateInfo | undefined,
  nowMs: number,
): RawUnit {
  return {
    qos: encodeMsgQos(message, info, nowMs),
    key: parts.meta ? message.key.xml : createPlainKey(message.key.oid).xml,
    content: parts.content ? message.content : EMPTY,
  };
}
