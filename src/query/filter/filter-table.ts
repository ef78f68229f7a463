import { Lru } from '../../base/lru.ts';
import { shorten } from '../../base/shorten.ts';
import { BrokerError } from '../../model/error.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import type { ReceivedMessage } from '../../model/message.ts';
import { DEFAULT_FILTER_VERSION, type FilterQos } from '../../model/query.ts';
import { bytesOfFilter } from './built-in-filters.ts';
import type { AccessFilter, CompiledFilter, FilterKind, FilterParameters, MessagePredicate } from './content-filter.ts';

/** Compiled filters that are kept for the next one who asks for the same, and the bytes that they hold. */
const MAX_CACHED = 10_000;
const MAX_CACHED_BYTES = 64 * 1024 * 1024;

const NO_PARAMETERS: FilterParameters = new Map();

/** The kinds of filters that there are, and the compiled ones: whoever asks for an equal one gets the same. */
export class FilterTable {
  readonly #kinds = new Map<string, { readonly kind: FilterKind; readonly parameters: FilterParameters }>();
  readonly #compiled = new Lru<string, CompiledFilter>(MAX_CACHED, MAX_CACHED_BYTES);

  constructor(kinds: readonly FilterKind[]) {
    for (const kind of kinds) this.#add(kind.type, kind, NO_PARAMETERS);
  }

  /** Adds what a module brings; an equal name goes before a built-in one. */
  addModule(filter: AccessFilter): void {
    const { type, version = DEFAULT_FILTER_VERSION } = filter;
    const compile: FilterKind['compile'] = (query, parameters) => ({
      matches: filter.compile(query, parameters),
      bytes: bytesOfFilter(query),
    });
    const kind: FilterKind = { type, version, queryError: 'user.configuration', failure: 'internal.unknown', compile };
    this.#add(type, kind, NO_PARAMETERS);
  }

  /** Makes the filter `type` known by another name too, with parameters. @throws Error when there is none. */
  addAlias(name: string, type: string, parameters: FilterParameters): void {
    const known = this.#kinds.get(keyOf(type, DEFAULT_FILTER_VERSION));
    if (!known) throw new Error(this.#unknown(type, DEFAULT_FILTER_VERSION));
    this.#add(name, known.kind, parameters);
  }

  has(type: string): boolean {
    return this.#kinds.has(keyOf(type, DEFAULT_FILTER_VERSION));
  }

  /**
   * Compiles one filter.
   *
   * @throws BrokerError `resource.configuration.pluginFailed` for an unknown filter; `user.configuration` for a query that it does
   * not understand, `user.illegalArgument` in the case of Sql92Filter: the original's codes.
   */
  compile({ type, version, query }: FilterQos): CompiledFilter {
    const key = `${keyOf(type, version)}\0${query}`;
    const compiled = this.#compiled.get(key) ?? this.#compile(type, version, query);
    this.#compiled.set(key, compiled, compiled.bytes);
    return compiled;
  }

  #compile(type: string, version: string, query: string): CompiledFilter {
    const found = this.#kinds.get(keyOf(type, version));
    if (!found) throw new BrokerError('resource.configuration.pluginFailed', this.#unknown(type, version));
    const { kind, parameters } = found;
    try {
      const compiled = kind.compile(query, parameters);
      return { ...compiled, matches: explained(type, kind.failure, compiled.matches) };
    } catch (error) {
      throw new BrokerError(kind.queryError, `${type}: ${messageOf(error)}`, { cause: error });
    }
  }

  #add(name: string, kind: FilterKind, parameters: FilterParameters): void {
    this.#kinds.set(keyOf(name, kind.version), { kind, parameters });
  }

  #unknown(type: string, version: string): string {
    const known = [...this.#kinds.keys()].map((key) => key.replace('\0', ' ').replace(` ${DEFAULT_FILTER_VERSION}`, ''));
    const wanted = version === DEFAULT_FILTER_VERSION ? type : `${type} ${version}`;
    return `There is no filter "${shorten(wanted)}"; known are ${known.join(', ')}`;
  }
}

function keyOf(type: string, version: string): string {
  return `${type}\0${version}`;
}

/** The predicate, whose errors say which filter failed on which message. */
function explained(type: string, code: ErrorCode, matches: MessagePredicate): MessagePredicate {
  return (message, receiver) => {
    try {
      return matches(message, receiver);
    } catch (error) {
      throw filterFailure(type, code, message, error);
    }
  };
}

/** A BrokerError with the code that the filter chose, or else with `code`. */
export function filterFailure(type: string, code: ErrorCode, message: ReceivedMessage, error: unknown): BrokerError {
  const text = `The filter ${type} failed on a message of "${shorten(message.key.oid)}": ${messageOf(error)}`;
  return new BrokerError(error instanceof BrokerError ? error.code : code, text, { cause: error });
}

function messageOf(error: unknown): string {
  return shorten(error instanceof Error ? error.message : String(error), 200).replace(/\s+/g, ' ');
}
