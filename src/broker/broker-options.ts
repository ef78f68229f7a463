/** The process-wide and per-client bounds of the engine; README, "Limits", lists them with their defaults. */
export interface BrokerLimits {
  readonly maxSessions: number;
  readonly maxTopics: number;
  readonly maxSubscriptions: number;
  /** Of one session. */
  readonly maxSubscriptionsPerSession: number;
  /** Bytes held by messages, queues, topics, subscriptions and half-read requests together. */
  readonly maxBytes: number;
  /** Of one XPath, bytes of UTF-8. */
  readonly maxXPathBytes: number;
  /** Of a session's queue when the client states none. */
  readonly maxQueueEntries: number;
  readonly maxQueueBytes: number;
  /** Ms; of a session when the client states none. */
  readonly sessionTimeoutMs: number;
  /** Messages that a topic remembers when its first publish states no bound. */
  readonly maxHistoryEntries: number;
  /** Ms until a topic that nobody needs dies, when its first publish does not say; -1 = never. */
  readonly destroyDelayMs: number;
  /** Ms that a message lives when its publisher does not say; -1 = for ever. */
  readonly lifeTimeMs: number;
  /** Sessions of one subject when the client states none. */
  readonly maxSessionsPerSubject: number;
}

export interface BrokerOptions {
  /** The name that stands in absolute names: `/node/<nodeId>/client/joe/1`. */
  readonly nodeId: string;
  readonly limits: BrokerLimits;
}
