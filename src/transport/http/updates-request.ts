import type { KeyLimits } from '../../codec/key-xml.ts';
import {
  DEFAULT_FILTER_VERSION,
  DEFAULT_HISTORY,
  DEFAULT_QUERY_QOS,
  type FilterQos,
  type QueryKey,
  type QueryQos,
} from '../../model/query.ts';
import { HttpError } from './http-error.ts';
import { Query, SESSION_PARAMETERS } from './query.ts';
import { readQueryKey } from './query-key.ts';

const DEFAULT_TIMEOUT_S = 30;
const MAX_TIMEOUT_S = 120;
const DEFAULT_MAX_UPDATES = 100;
const MAX_UPDATES = 10_000;
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_HISTORY = 1_000_000;
const DEFAULT_WINDOW = 100;
/** The only filter that every original server has. */
const DEFAULT_FILTER_TYPE = 'GnuRegexFilter';

const PARAMETERS = [
  ...SESSION_PARAMETERS,
  'oid',
  'xpath',
  'domain',
  'timeout',
  'max',
  'maxBytes',
  'ack',
  'history',
  'content',
  'window',
  'filter',
  'filterType',
];

/** What `GET /updates` asks for: protocol/http.md, "Long poll" and "Streams". */
export interface UpdatesRequest {
  readonly query: Query;
  /** What to subscribe, if anything. */
  readonly wanted: QueryKey | undefined;
  readonly subscribeQos: QueryQos;
  readonly ack: string | undefined;
  readonly timeoutMs: number;
  readonly isRaw: boolean;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly window: number;
}

/** @throws HttpError 400 naming the parameter that is wrong, before anything has happened. */
export function readUpdatesRequest(parameters: unknown, limits: KeyLimits): UpdatesRequest {
  const query = new Query(parameters, PARAMETERS);
  const isRaw = readRaw(query);
  const maxEntries = query.integer('max', 1, MAX_UPDATES) ?? DEFAULT_MAX_UPDATES;
  const numEntries = query.integer('history', -1, MAX_HISTORY) ?? DEFAULT_HISTORY.numEntries;
  return {
    query,
    wanted: readQueryKey(query, limits),
    subscribeQos: {
      ...DEFAULT_QUERY_QOS,
      history: { numEntries, newestFirst: false },
      filters: readFilters(query),
      persistent: query.boolean('persistent') ?? false,
    },
    ack: query.text('ack'),
    timeoutMs: (query.number('timeout', 0, MAX_TIMEOUT_S) ?? DEFAULT_TIMEOUT_S) * 1000,
    isRaw,
    maxEntries: isRaw ? 1 : maxEntries,
    maxBytes: query.integer('maxBytes', 1, MAX_BYTES) ?? DEFAULT_MAX_BYTES,
    window: query.integer('window', 1, MAX_UPDATES) ?? DEFAULT_WINDOW,
  };
}

function readFilters(query: Query): readonly FilterQos[] {
  const filter = query.text('filter')?.trim();
  const type = query.text('filterType')?.trim();
  if (filter === undefined && type === undefined) return [];
  if (filter === undefined) throw new HttpError(400, 'filterType without filter: add filter=…, what the messages must pass');
  return [{ type: type ?? DEFAULT_FILTER_TYPE, version: DEFAULT_FILTER_VERSION, query: filter }];
}

function readRaw(query: Query): boolean {
  const content = query.text('content');
  if (content === undefined || content === 'raw') return content === 'raw';
  throw new HttpError(400, `content=${content.slice(0, 40)} is unknown; leave it out or use content=raw`);
}
