import type { Slicer } from '../base/slicer.ts';
import type { MsgKey, ReceivedMessage } from '../model/message.ts';
import type { QueryKey, QueryQos } from '../model/query.ts';
import type { Filtering } from './filtering.ts';
import type { Matching } from './matching.ts';
import type { Session } from './session.ts';
import type { Topics } from './topics.ts';

/** Reads what topics hold. */
export class Reader {
  readonly #topics: Topics;
  readonly #matching: Matching;
  readonly #filtering: Filtering;
  readonly #slicer: Slicer;

  constructor(topics: Topics, matching: Matching, filtering: Filtering, slicer: Slicer) {
    this.#topics = topics;
    this.#matching = matching;
    this.#filtering = filtering;
    this.#slicer = slicer;
  }

  /**
   * The messages that the topics of `query` hold, per topic as `qos.history` says, topics in the order they were made; of these, those
   * that pass the filters for this session.
   *
   * Rejects with BrokerError `user.query.invalid`, what `FilterTable.compile` throws, and when a filter fails on one of the messages.
   */
  async get(session: Session, query: QueryKey, qos: QueryQos): Promise<ReceivedMessage[]> {
    const filters = qos.filters.length === 0 ? undefined : await this.#filtering.compile(qos.filters);
    const messages: ReceivedMessage[] = [];
    for (const topic of await this.#matching.find(query)) {
      const selected = topic.history.select(qos.history);
      messages.push(...(filters ? await this.#filtering.sift(selected, filters, session.absoluteName) : selected));
      await this.#slicer.breathe();
    }
    return messages;
  }

  /** The keys of all topics that have one and that the session may get, or of those that `query` finds. Rejects as `Matching.find`. */
  async keys({ principal }: Session, query: QueryKey | undefined): Promise<MsgKey[]> {
    const topics = query ? await this.#matching.find(query) : [...this.#topics];
    const isListed = (oid: string): boolean => query !== undefined || principal.isAllowed('get', { type: 'EXACT', oid });
    return topics.flatMap((topic) => (topic.key && isListed(topic.oid) ? topic.key : []));
  }
}
