import type { Lru } from '../../base/lru.ts';
import type { Broker } from '../../broker/broker.ts';
import type { ScriptCache } from '../../codec/script-xml.ts';
import type { MsgKey } from '../../model/message.ts';
import type { RequestDecoder } from '../request-decoder.ts';
import type { MethodCalls } from '../xmlrpc/method-calls.ts';
import type { Cursors } from './cursor.ts';
import type { HttpAdmin } from './http-admin.ts';
import type { HttpOptions } from './http-options.ts';
import type { BrowserSessions } from './servlets/browser-sessions.ts';

/** Whether the server is about to end: answers then end their connection, and nobody begins to wait. */
export interface Closing {
  isClosing: boolean;
}

/** What every route needs. */
export interface HttpContext {
  readonly broker: Broker;
  readonly options: HttpOptions;
  readonly admin: HttpAdmin;
  readonly cursors: Cursors;
  readonly closing: Readonly<Closing>;
  /** The keys of recent publishes, by what stood in the request: publishers repeat themselves. */
  readonly keys: Lru<string, MsgKey>;
  readonly scripts: ScriptCache;
  readonly methodCalls: MethodCalls;
  /** For requests whose parts are literals. */
  readonly decoder: RequestDecoder;
  /** Who uses the servlets. */
  readonly browsers: BrowserSessions;
}
