import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { StoreError } from '../store-error.ts';
import { type Environment, TABLES } from './environment.ts';
import { PageDamage } from './page.ts';
import { checkTables } from './table-check.ts';

/** Of what stands in the values of LMDB. */
const FORMAT = 2;

/** Every later format keeps these three, so that every broker can tell it from damage. */
interface Meta {
  readonly format: number;
  /** What the checksums of this store begin with. */
  readonly salt: number;
  /** Of the two; since format 2. */
  readonly sum?: number;
}

const KEY = Buffer.from('format');

/** How a store of an older format becomes one of the next; the first entry makes format 2 of format 1. */
const MIGRATIONS: readonly ((environment: Environment) => Promise<void>)[] = [
  async () => {}, // only the sum is new, and that is written anyway
];

/**
 * Opens the tables; returns the store's own number. A store that is empty gets one, one of an older format is brought to this one.
 *
 * @throws StoreError when the format is newer: then nothing was changed.
 * @throws PageDamage
 */
export async function saltOf(environment: Environment, directory: string): Promise<number> {
  const tables = environment.tableNames();
  if (tables.length > 0 && !tables.includes('meta')) throw new PageDamage('the table of the format is missing');
  environment.openTables(['meta']);
  const meta = readMeta(environment);
  if (meta && meta.format > FORMAT) {
    throw new StoreError(
      `The store in ${directory} has format ${meta.format}, this broker knows formats up to ${FORMAT}: start the newer broker that wrote it, or choose another directory with --data-dir`,
    );
  }
  environment.openTables(TABLES);
  checkTables(environment);
  if (!meta) return await createMeta(environment);
  for (let format = meta.format; format < FORMAT; format++) {
    await MIGRATIONS[format - 1]?.(environment);
    await writeMeta(environment, format + 1, meta.salt);
  }
  return meta.salt;
}

function readMeta(environment: Environment): Meta | undefined {
  const value = environment.get('meta', KEY);
  if (!value) return undefined;
  try {
    const meta = JSON.parse(value.toString()) as Meta;
    if (meta.format === 1 ? Number.isInteger(meta.salt) : meta.sum === sumOf(meta.format, meta.salt)) return meta;
  } catch {
    // Said below.
  }
  throw new PageDamage('the format is not readable');
}

async function createMeta(environment: Environment): Promise<number> {
  for (const table of TABLES) for (const _ of environment.keys(table)) throw new PageDamage('the format is missing');
  const salt = randomBytes(4).readUInt32LE();
  await writeMeta(environment, FORMAT, salt);
  return salt;
}

async function writeMeta(environment: Environment, format: number, salt: number): Promise<void> {
  const meta: Meta = { format, salt, sum: sumOf(format, salt) };
  await environment.write([{ table: 'meta', key: KEY, value: Buffer.from(JSON.stringify(meta)) }]);
}

function sumOf(format: number, salt: number): number {
  return crc32(`${format} ${salt}`);
}
