import type { ClientProperty } from '../model/client-property.ts';
import { DEFAULT_PUBLISH_QOS, type MsgKey, type PublishQos } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import { brokerName } from '../model/session-name.ts';
import { DEAD_MESSAGE_OID } from '../model/system-topics.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import type { Message } from './message.ts';
import type { QosEncoder } from './ports.ts';
import type { Session } from './session.ts';
import type { Topics } from './topics.ts';

/** What dead messages need of the engine. */
export interface DeadMessagesContext {
  readonly nodeId: string;
  readonly encodeQos: QosEncoder;
  readonly topics: Topics;
  readonly publish: (key: MsgKey, qos: PublishQos, content: Buffer, sender: string) => void;
}

/** Publishes what could not be delivered on `__sys__deadMessage`, as the original does (protocol/http.md, "Dead messages"). */
export class DeadMessages {
  readonly #context: DeadMessagesContext;
  readonly #sender: string;
  #count = 0;

  constructor(context: DeadMessagesContext) {
    this.#context = context;
    this.#sender = brokerName(context.nodeId);
  }

  /** How many there were since the start. */
  get count(): number {
    return this.#count;
  }

  /** `message` did not reach `receiver` because of `reason`. A dead message that cannot be delivered itself is dropped. */
  report(message: Message, receiver: Session, reason: string): void {
    if (message.key.oid === DEAD_MESSAGE_OID) return;
    this.#count++;
    if (!this.#isHeard()) return;
    const { encodeQos, publish } = this.#context;
    const clientProperties: ClientProperty[] = [
      base64Property('__key', message.key.xml),
      base64Property('__qos', encodeQos(message)),
      { name: '__oid', value: message.key.oid },
      { name: '__rcvTimestamp', value: formatTimestamp(message.rcvTimestamp) },
      { name: '__deadMessageReason', value: reason },
      { name: '__receiver', value: receiver.absoluteName },
      { name: '__sender', value: message.sender },
    ];
    publish(DEAD_MESSAGE_KEY, { ...DEFAULT_PUBLISH_QOS, lifeTimeMs: 0, clientProperties }, message.content, this.#sender);
  }

  /** Whether anybody would notice one. */
  #isHeard(): boolean {
    const topic = this.#context.topics.get(DEAD_MESSAGE_OID);
    return topic?.key === undefined || topic.routes.size > 0;
  }
}

const DEAD_MESSAGE_KEY = createPlainKey(DEAD_MESSAGE_OID);

/** A client property whose value is XML. */
export function base64Property(name: string, value: string): ClientProperty {
  return { name, value: Buffer.from(value).toString('base64'), encoding: 'base64' };
}
