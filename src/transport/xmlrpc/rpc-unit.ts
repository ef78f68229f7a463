import type { RpcValue } from '../../codec/xmlrpc.ts';
import type { ReceivedMessage, UpdateInfo } from '../../model/message.ts';
import type { QueryQos } from '../../model/query.ts';
import { messageUnit } from '../message-unit.ts';

/** A message as key, content and QoS; the content as a string if `isText`. */
export function rpcUnit(
  message: ReceivedMessage,
  parts: Pick<QueryQos, 'content' | 'meta'>,
  info: UpdateInfo | undefined,
  nowMs: number,
  isText: boolean,
): readonly RpcValue[] {
  const { key, content, qos } = messageUnit(message, parts, info, nowMs);
  return [key, isText ? content.toString() : content, qos];
}
