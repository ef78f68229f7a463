import { BrokerError } from '../../../model/error.ts';
import type { PropertyValue } from '../property-value.ts';
import { Sql92Budget } from './budget.ts';
import { holds } from './evaluate.ts';
import { parseSql92 } from './parse.ts';

/** Longest condition, in characters. */
const MAX_CHARS = 16_384;

/** A condition over client properties, in the manner of SQL 92 and of JMS selectors (protocol/http.md, "Filters"). */
export interface Sql92Condition {
  /** @throws Error when the answer costs too much. */
  matches(properties: ReadonlyMap<string, PropertyValue>): boolean;
  /** What its regular expressions hold beside the condition, in bytes. */
  readonly bytes: number;
}

/** @throws BrokerError `user.illegalArgument` naming the column, or for a condition that is too long. */
export function compileSql92(text: string): Sql92Condition {
  if (text.length > MAX_CHARS) {
    throw new BrokerError('user.illegalArgument', `a condition of ${text.length} characters, at most ${MAX_CHARS} are accepted`);
  }
  const { condition, regexes } = parseSql92(text);
  return {
    matches: (properties) => holds(condition, { properties, budget: new Sql92Budget() }),
    bytes: regexes.reduce((bytes, regex) => bytes + regex.bytes, 0),
  };
}
