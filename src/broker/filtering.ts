import type { Slicer } from '../base/slicer.ts';
import type { ReceivedMessage } from '../model/message.ts';
import type { FilterQos } from '../model/query.ts';
import type { CompiledFilter } from '../query/filter/content-filter.ts';
import { FilterChain } from '../query/filter/filter-chain.ts';
import type { FilterTable } from '../query/filter/filter-table.ts';

/** What verbs do with filters; it takes its time, in slices. */
export class Filtering {
  readonly #table: FilterTable;
  readonly #slicer: Slicer;

  constructor(table: FilterTable, slicer: Slicer) {
    this.#table = table;
    this.#slicer = slicer;
  }

  /** Makes the filters of a QoS ready, once per subscription or get. Rejects with what `FilterTable.compile` throws. */
  async compile(wanted: readonly FilterQos[]): Promise<FilterChain> {
    const compiled: CompiledFilter[] = [];
    this.#slicer.begin();
    for (const filter of wanted) {
      compiled.push(this.#table.compile(filter));
      if (this.#slicer.expired) await this.#slicer.next();
    }
    return new FilterChain(compiled);
  }

  /** Those of the messages that pass. Rejects with the BrokerError of a filter that fails on one of them. */
  async sift(messages: readonly ReceivedMessage[], filters: FilterChain, receiver: string): Promise<ReceivedMessage[]> {
    const passing: ReceivedMessage[] = [];
    this.#slicer.begin();
    for (const message of messages) {
      if (filters.passes(message, receiver)) passing.push(message);
      if (this.#slicer.expired) await this.#slicer.next();
    }
    return passing;
  }
}
