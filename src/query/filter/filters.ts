import type { XPathLimits } from '../xpath/xpath-expression.ts';
import { builtInFilters } from './built-in-filters.ts';
import type { FilterModule } from './content-filter.ts';
import { readFilterSetting } from './filter-setting.ts';
import { FilterTable } from './filter-table.ts';
import { MessageViews, type XmlReaders } from './message-view.ts';
import { PublishFilters } from './publish-filters.ts';

/** All filters of one broker. */
export interface Filters {
  readonly access: FilterTable;
  readonly publish: PublishFilters;
}

export interface FilterSettings {
  /** `NAME=TYPE,PARAMETER=VALUE`: access filters by another name, with parameters. */
  readonly accessFilters: readonly string[];
  /** `TYPE,PARAMETER=VALUE`: what every publish must pass, in this order. */
  readonly publishFilters: readonly string[];
}

/** @throws Error with a sentence that says which setting is wrong. */
export function createFilters(
  settings: FilterSettings,
  modules: readonly FilterModule[],
  readers: XmlReaders,
  xpathLimits: XPathLimits,
): Filters {
  const access = new FilterTable(builtInFilters(new MessageViews(readers), xpathLimits));
  for (const { accessFilters = [] } of modules) for (const filter of accessFilters) access.addModule(filter);
  for (const setting of settings.accessFilters) addAlias(access, setting);
  const kinds = modules.flatMap(({ publishFilters = [] }) => publishFilters);
  return { access, publish: new PublishFilters(settings.publishFilters.map(readFilterSetting), kinds, access) };
}

function addAlias(access: FilterTable, setting: string): void {
  const [, name, definition] = /^\s*([^=,\s]+)\s*=(.*)$/s.exec(setting) ?? [];
  if (name === undefined || definition === undefined) throw new Error(`"${setting}" is not NAME=TYPE,PARAMETER=VALUE`);
  const { type, parameters } = readFilterSetting(definition);
  access.addAlias(name, type, parameters);
}
