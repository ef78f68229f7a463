import type { ReceivedMessage, UpdateInfo } from '../../model/message.ts';
import type { QueryQos } from '../../model/query.ts';
import { messageUnit } from '../message-unit.ts';

/** A message as key, content and QoS. */
export function rpcUnit(
  message: ReceivedMessage,
  parts: Pick<QueryQos, 'content' | 'meta'>,
  info: UpdateInfo | undefined,
  nowMs: number,
): readonly [string, Buffer, string] {
  const { key, content, qos } = messageUnit(message, parts, info, nowMs);
  return [key, content, qos];
}
