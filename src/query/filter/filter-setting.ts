import type { FilterParameters } from './content-filter.ts';

/** One line of configuration: a name, and parameters behind it. */
export interface FilterSetting {
  readonly type: string;
  readonly parameters: FilterParameters;
}

/**
 * Reads `PublishLenChecker,DEFAULT_MAX_LEN=200,query=a.*b`, in the manner of the original's plugin settings. The parameter `query` is
 * the last one, commas belong to it.
 *
 * @throws Error when a parameter has no value.
 */
export function readFilterSetting(text: string): FilterSetting {
  const [, head = '', query] = /^(.*?)(?:,\s*query=([\s\S]*))?$/s.exec(text) ?? [];
  const [type = '', ...parts] = head.split(',').map((part) => part.trim());
  if (type === '') throw new Error(`"${text}" names no filter`);
  const parameters = new Map(parts.map((part) => readParameter(part, text)));
  if (query !== undefined) parameters.set('query', query);
  return { type, parameters };
}

function readParameter(part: string, text: string): readonly [string, string] {
  const at = part.indexOf('=');
  if (at < 1) throw new Error(`"${part}" in "${text}" is no parameter; write NAME=VALUE`);
  return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}
