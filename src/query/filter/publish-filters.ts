import type { PublishUnit, ReceivedMessage } from '../../model/message.ts';
import { DEFAULT_FILTER_VERSION } from '../../model/query.ts';
import type { Timestamp } from '../../model/timestamp.ts';
import { defaultMaxLen, isWithinLength } from './built-in-filters.ts';
import type { FilterParameters, PublishFilter, PublishVerdict } from './content-filter.ts';
import type { FilterSetting } from './filter-setting.ts';
import { type FilterTable, filterFailure } from './filter-table.ts';

/** What a filter says of a message that it refuses and gives no other name. */
const REJECTED = 'REJECTED';

/** What became of a publish: accepted, its content perhaps another one; or refused with the id of a state. */
export type PublishDecision = { readonly unit: PublishUnit } | { readonly refusedAs: string };

type Intercept = (message: ReceivedMessage) => PublishVerdict;

/** The filters that every message of a client passes before anything else happens, in the order of the configuration. */
export class PublishFilters {
  readonly #filters: readonly Intercept[];

  /** @throws Error when a setting names no filter that there is, or one has wrong parameters. */
  constructor(settings: readonly FilterSetting[], kinds: readonly PublishFilter[], accessFilters: FilterTable) {
    this.#filters = settings.map(({ type, parameters }) =>
      createFilter(type, parameters, [...kinds, PUBLISH_LEN_CHECKER], accessFilters),
    );
  }

  get isEmpty(): boolean {
    return this.#filters.length === 0;
  }

  /** @throws BrokerError when a filter fails; then the message is not published. */
  decide(unit: PublishUnit, sender: string, newTimestamp: () => Timestamp): PublishDecision {
    let accepted = unit;
    for (const intercept of this.#filters) {
      // Filters see the message as it will be; one with another content is another message.
      const message = {
        ...accepted,
        sender,
        rcvTimestamp: newTimestamp(),
        expiresAt: Number.POSITIVE_INFINITY,
        sharedQos: undefined,
      };
      const verdict = intercept(message);
      if (verdict instanceof Uint8Array) accepted = { ...accepted, content: Buffer.from(verdict) };
      else if (verdict !== undefined && verdict !== '' && verdict !== 'OK') return { refusedAs: verdict };
    }
    return { unit: accepted };
  }
}

/** A publish filter of that name; else the access filter of that name, which has to let the message pass. */
function createFilter(
  type: string,
  parameters: FilterParameters,
  kinds: readonly PublishFilter[],
  accessFilters: FilterTable,
): Intercept {
  const kind = kinds.find((each) => each.type === type);
  if (kind) return explained(type, kind.create(parameters));
  const query = parameters.get('query') ?? '';
  const { matches } = accessFilters.compile({ type, version: DEFAULT_FILTER_VERSION, query });
  return (message) => (matches(message, message.sender) ? undefined : REJECTED);
}

function explained(type: string, intercept: Intercept): Intercept {
  return (message) => {
    try {
      return intercept(message);
    } catch (error) {
      throw filterFailure(type, 'internal.unknown', message, error);
    }
  };
}

/** The original's publish filter: refuses contents of more than DEFAULT_MAX_LEN bytes. */
const PUBLISH_LEN_CHECKER: PublishFilter = {
  type: 'PublishLenChecker',
  create(parameters) {
    const maxLen = defaultMaxLen(parameters);
    return ({ content }) => (isWithinLength(content, maxLen, parameters) ? undefined : REJECTED);
  },
};
