import type { ClientProperty } from './client-property.ts';
import type { SessionName } from './session-name.ts';
import type { Timestamp } from './timestamp.ts';
import type { XmlElement } from './xml-element.ts';

/** Priorities go from 0 (MIN) over 5 (NORM, the default) to 9 (MAX). */
export const NORM_PRIORITY = 5;

/** The key of a message: what the topic says about itself. */
export interface MsgKey {
  readonly oid: string;
  /** Default text/plain. */
  readonly contentMime: string;
  readonly contentMimeExtended: string | undefined;
  readonly domain: string | undefined;
  /** The whole `<key>` element, the oid always among its attributes: what XPath sees. */
  readonly element: XmlElement;
  /** The whole `<key>` element as text, its inside byte for byte as the publisher wrote it. */
  readonly xml: string;
}

/** What an update says of its message; undefined where there is nothing to say (the original's OK). */
export interface MessageState {
  readonly id: string;
  readonly info: string | undefined;
}

/** What a publisher asks for. Undefined means not said; the broker's default is named beside each field. */
export interface PublishQos {
  /** 0–9; default 5. */
  readonly priority: number;
  /** Default false. */
  readonly persistent: boolean | undefined;
  /** Ms until the message expires; 0 = volatile, below 0 or undefined = never. */
  readonly lifeTimeMs: number | undefined;
  /** When the message expires it vanishes from all queues too; default false. */
  readonly forceDestroy: boolean | undefined;
  /** Deliver also when the content equals the previous one; default true. */
  readonly forceUpdate: boolean | undefined;
  /** Only configures the topic, there is no message; default false. */
  readonly administrative: boolean | undefined;
  readonly topic: TopicQos | undefined;
  /** Who gets it point-to-point; none: only those who subscribed to the topic. */
  readonly destinations: readonly Destination[];
  /** Whether subscribers see a point-to-point message, too; default true. */
  readonly subscribable: boolean | undefined;
  /** Handed on to the subscribers; `ERASED` says that the topic was erased. */
  readonly state: MessageState | undefined;
  readonly clientProperties: readonly ClientProperty[];
}

/** A receiver of a point-to-point message: a session, or a subject, which means all its sessions. */
export interface Destination {
  readonly name: SessionName;
  /** The name as it stands in QoS: absolute when the publisher named the node, else relative. */
  readonly text: string;
  /** Also to somebody who is not there yet; default false. */
  readonly forceQueuing: boolean;
}

/** How the first publish (or an administrative one) configures its topic. */
export interface TopicQos {
  /** After one message no more may be published; default false. */
  readonly readonly: boolean | undefined;
  /** How long an unreferenced topic stays, in ms; below 0 for ever; default 60,000. */
  readonly destroyDelayMs: number | undefined;
  /** Whether XPath subscriptions see the topic; default true. */
  readonly createDomEntry: boolean | undefined;
  /** Messages the topic remembers; default 10. */
  readonly historyMaxEntries: number | undefined;
  /** Content bytes that it remembers; default without bound. */
  readonly historyMaxBytes: number | undefined;
  /** Messages of the topic that may be anywhere in the broker (the original's msgUnitStore); default without bound. */
  readonly storeMaxEntries: number | undefined;
  readonly storeMaxBytes: number | undefined;
  /** Each message is for one subscriber, not for all; default: for all. */
  readonly distributor: 'ConsumableQueue' | undefined;
}

export const DEFAULT_PUBLISH_QOS: PublishQos = {
  priority: NORM_PRIORITY,
  persistent: undefined,
  lifeTimeMs: undefined,
  forceDestroy: undefined,
  forceUpdate: undefined,
  administrative: undefined,
  topic: undefined,
  destinations: [],
  subscribable: undefined,
  state: undefined,
  clientProperties: [],
};

/** What a publisher hands in. */
export interface PublishUnit {
  readonly key: MsgKey;
  readonly qos: PublishQos;
  readonly content: Buffer;
}

/** A message as the broker has it: what updates and the answers to get are made of. */
export interface ReceivedMessage {
  readonly key: MsgKey;
  readonly content: Buffer;
  readonly qos: PublishQos;
  /** Absolute name of the publisher's session. */
  readonly sender: string;
  readonly rcvTimestamp: Timestamp;
  /** Ms since 1970 after which nobody gets it any more; Infinity = never. */
  readonly expiresAt: number;
  /** Kept by the codec that encodes the QoS, from the first time on: in a property, because a WeakMap makes garbage collection slow. */
  sharedQos: SharedQos | undefined;
}

/** The parts of a message's QoS, as XML, that are the same for everybody who gets it. */
export interface SharedQos {
  readonly head: string;
  readonly timestamp: string;
  readonly flags: string;
  readonly properties: string;
}

/** What one place in a queue says beside the message that stands there. */
export interface UpdateInfo {
  /** Undefined when it comes out of a history by a query: nobody has subscribed it. */
  readonly subscriptionId: string | undefined;
  readonly redeliver: number;
  /** The place in the queue when it was handed out, and how many waited, itself included. */
  readonly queueIndex: number;
  readonly queueSize: number;
  /** It stood in the topic already when the subscription began. */
  readonly isInitial: boolean;
}
