import { BrokerError } from '../../model/error.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import type { ReceivedMessage } from '../../model/message.ts';
import type { Timestamp } from '../../model/timestamp.ts';
import type { XPathLimits } from '../xpath/xpath-expression.ts';
import type { CompiledFilter, FilterKind, FilterParameters } from './content-filter.ts';
import type { MessageViews } from './message-view.ts';
import { Regex } from './regex.ts';
import { compileSql92 } from './sql92/sql92.ts';
import { contentXPaths, qosXPaths, type XPathFilters } from './xpath-filters.ts';

/** What a filter costs beside its query, and what a compiled query costs per character, in bytes. */
const FILTER_BYTES = 512;
const BYTES_PER_QUERY_CHAR = 24;
/** The original's bound for a content of which nobody says how long it may be. */
const DEFAULT_MAX_LEN = 1_000_000;

/** The filters of the original: requirements mime.plugin.access.regex, .xpath, .sql92 and its ContentLenFilter. */
export function builtInFilters(views: MessageViews, xpathLimits: XPathLimits): readonly FilterKind[] {
  const [content, qos] = [contentXPaths(views, xpathLimits), qosXPaths(views, xpathLimits)];
  return [
    kind('GnuRegexFilter', (query) => compileRegexFilter(query, views)),
    kind('XPathFilter', (query, parameters) => xpathFilter(query, parameters.get('matchAgainstQos') === 'true' ? qos : content)),
    kind('XPathQosFilter', (query) => xpathFilter(query, qos)),
    kind('Sql92Filter', (query) => compileSql92Filter(query, views), 'user.illegalArgument'),
    kind('ContentLenFilter', compileContentLenFilter),
  ];
}

/** What a filter with this query costs, and `more`. */
export function bytesOfFilter(query: string, more = 0): number {
  return FILTER_BYTES + BYTES_PER_QUERY_CHAR * query.length + more;
}

/** The length of a content, `DEFAULT_MAX_LEN`; at the length `THROW_EXCEPTION_FOR_LEN` it throws, for tests of what follows then. */
export function isWithinLength(content: Buffer, maxLen: number, parameters: FilterParameters): boolean {
  if (parameters.get('THROW_EXCEPTION_FOR_LEN') === String(content.length)) {
    throw new BrokerError('internal.unknown', `a content of ${content.length} bytes is an error (THROW_EXCEPTION_FOR_LEN)`);
  }
  return content.length <= maxLen;
}

/** The parameter DEFAULT_MAX_LEN. @throws Error when it is no whole number. */
export function defaultMaxLen(parameters: FilterParameters): number {
  const text = parameters.get('DEFAULT_MAX_LEN');
  return text === undefined ? DEFAULT_MAX_LEN : readLength(text);
}

/** `code` is what the original answers, whether the query is wrong or fails on a message. */
function kind(type: string, compile: FilterKind['compile'], code: ErrorCode = 'user.configuration'): FilterKind {
  return { type, version: '1.0', queryError: code, failure: code, compile };
}

/** What the filter says of a message is remembered until the next one comes: many may ask the same. */
function filter(query: string, matches: (message: ReceivedMessage) => boolean, more = 0): CompiledFilter {
  let last: Timestamp | undefined;
  let answer = false;
  return {
    bytes: bytesOfFilter(query, more),
    matches(message) {
      if (message.rcvTimestamp === last) return answer;
      last = undefined;
      answer = matches(message);
      last = message.rcvTimestamp;
      return answer;
    },
  };
}

function xpathFilter(query: string, xpaths: XPathFilters): CompiledFilter {
  const { matches, standing } = xpaths.compile(query);
  return { ...filter(query, matches), standing };
}

function compileRegexFilter(query: string, views: MessageViews): CompiledFilter {
  const regex = new Regex(query);
  const matches = (message: ReceivedMessage): boolean => {
    // UTF-8 has at most three bytes for a character of UTF-16.
    regex.requireWork(Math.ceil(message.content.length / 3));
    return regex.matches(views.of(message).text);
  };
  return filter(query, matches, regex.bytes);
}

function compileSql92Filter(query: string, views: MessageViews): CompiledFilter {
  const condition = compileSql92(query);
  return filter(query, (message) => condition.matches(views.of(message).properties), condition.bytes);
}

function compileContentLenFilter(query: string, parameters: FilterParameters): CompiledFilter {
  const maxLen = query === '' ? defaultMaxLen(parameters) : readLength(query);
  return filter(query, ({ content }) => isWithinLength(content, maxLen, parameters));
}

function readLength(text: string): number {
  if (/^[+-]?[0-9]+$/.test(text.trim())) return Number(text);
  throw new Error(`"${text.slice(0, 60)}" is not a length in bytes`);
}
