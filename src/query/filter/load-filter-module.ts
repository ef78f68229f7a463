import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FilterModule } from './content-filter.ts';

/** Loads the module at `path`, relative to the working directory. @throws Error when it cannot be loaded or exports no filters. */
export async function loadFilterModule(path: string): Promise<FilterModule> {
  const { accessFilters, publishFilters } = (await import(pathToFileURL(resolve(path)).href)) as Readonly<
    Record<string, unknown>
  >;
  if (accessFilters === undefined && publishFilters === undefined) {
    throw new Error('it exports neither accessFilters nor publishFilters');
  }
  checkFilters('accessFilters', accessFilters, 'compile');
  checkFilters('publishFilters', publishFilters, 'create');
  return { accessFilters, publishFilters } as FilterModule;
}

function checkFilters(name: string, filters: unknown, method: 'compile' | 'create'): void {
  if (filters === undefined) return;
  const isFilter = (filter: Readonly<Record<string, unknown>> | null): boolean =>
    typeof filter?.['type'] === 'string' && filter['type'] !== '' && typeof filter[method] === 'function';
  if (Array.isArray(filters) && filters.every(isFilter)) return;
  throw new Error(`${name} must be a list of objects with a type and a function ${method}`);
}
