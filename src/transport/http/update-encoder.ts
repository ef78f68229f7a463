import type { Delivery } from '../../broker/delivery.ts';
import { encodeMessage } from '../../codec/script-response-xml.ts';
import type { UpdateInfo } from '../../model/message.ts';

/** What the QoS of the delivery at `index` of a batch says beside the message; `waiting` others wait behind the batch. */
export function updateInfo(deliveries: readonly Delivery[], index: number, waiting: number): UpdateInfo {
  const { subscriptionId, redeliver, isInitial } = deliveries[index] as Delivery;
  return { subscriptionId, redeliver, isInitial, queueIndex: index, queueSize: deliveries.length + waiting };
}

/** One `<update>` element. */
export function encodeUpdate(deliveries: readonly Delivery[], index: number, waiting: number, nowMs: number): string {
  const { message, parts } = deliveries[index] as Delivery;
  return `<update>\n${encodeMessage(message, parts, updateInfo(deliveries, index, waiting), nowMs)}\n</update>`;
}
