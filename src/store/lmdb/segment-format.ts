import { DEFAULT_PUBLISH_QOS, type PublishQos } from '../../model/message.ts';

/** What stands in a segment: heads, and messages that refer to them. */

/** Kinds of records. */
export const HEAD = 1;
export const MESSAGE = 2;
/** Index (2), head (2), rcvTimestamp (8), expiresAt (8); then the content. */
export const MESSAGE_BYTES = 20;

/** What many messages have in common. */
export interface Head {
  readonly topicId: number;
  readonly keyXml: string;
  readonly sender: string;
  readonly qos: PublishQos;
}

/** As it is stored: JSON. */
export function encodeHead({ topicId, sender, qos, keyXml }: Head): string {
  return `[${topicId},${JSON.stringify(sender)},${textOf(qos)},${JSON.stringify(keyXml)}]`;
}

export function decodeHead(text: string): Head {
  const [topicId, sender, qos, keyXml] = fromJson(text) as [number, string, Partial<PublishQos>, string];
  return { topicId, keyXml, sender, qos: { ...DEFAULT_PUBLISH_QOS, ...qos } };
}

/** JSON has no Infinity. */
const NOT_FINITE = '\u0000number';

/** Many messages share one. */
const textsOfQos = new WeakMap<PublishQos, string>();

function textOf(qos: PublishQos): string {
  let text = textsOfQos.get(qos);
  if (text === undefined) {
    text = toJson(qos);
    textsOfQos.set(qos, text);
  }
  return text;
}

function toJson(qos: PublishQos): string {
  return JSON.stringify(qos, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { [NOT_FINITE]: String(value) } : value,
  );
}

function fromJson(text: string): unknown {
  if (!text.includes('\\u0000number')) return JSON.parse(text);
  return JSON.parse(text, (_, value: unknown) =>
    value && typeof value === 'object' && NOT_FINITE in value ? Number(value[NOT_FINITE]) : value,
  );
}
