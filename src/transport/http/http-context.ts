import type { Lru } from '../../base/lru.ts';
import type { Broker } from '../../broker/broker.ts';
import type { MsgKey } from '../../model/message.ts';
import type { Cursors } from './cursor.ts';
import type { HttpOptions } from './http-options.ts';

/** What every route needs. */
export interface HttpContext {
  readonly broker: Broker;
  readonly options: HttpOptions;
  readonly cursors: Cursors;
  /** The keys of recent publishes, by what stood in the request: publishers repeat themselves. */
  readonly keys: Lru<string, MsgKey>;
}
