import { type Environment, TABLES, type Table } from './environment.ts';
import { NUMBER_KEY_BYTES, parseRunKey, RUN_KEY_BYTES } from './lane-table.ts';
import { PageDamage } from './page.ts';

/**
 * Looks at the names of the tables and at their keys. LMDB has no checksum over them, and damage that leaves them in their order is no
 * damage to the pages: a table with another name would look like an empty one.
 *
 * @throws PageDamage
 */
export function checkTables(environment: Environment): void {
  const isKnown = (name: string) => (TABLES as readonly string[]).includes(name);
  if (!environment.tableNames().every(isKnown)) throw new PageDamage('it has a table that is unknown');
  for (const table of ['records', 'runs', 'segments'] as const)
    for (const key of environment.keys(table))
      if (!isKey(table, key)) throw new PageDamage(`the table "${table}" has a damaged key`);
}

function isKey(table: Table, key: Buffer): boolean {
  if (table !== 'runs') return key.length === NUMBER_KEY_BYTES;
  return key.length === RUN_KEY_BYTES && parseRunKey(key).lane.priority >= 0;
}
