import { randomBytes } from 'node:crypto';
import { StoreError } from '../store-error.ts';
import type { Environment } from './environment.ts';

/** Of what stands in LMDB's values. */
const FORMAT = 1;

interface Meta {
  readonly format: number;
  /** What the checksums of this store begin with. */
  readonly salt: number;
}

const KEY = Buffer.from('format');

/** How a store of an older format becomes one of the next; the first entry makes format 2 of format 1. */
const MIGRATIONS: readonly ((environment: Environment) => Promise<void>)[] = [];

/**
 * The store's own number. A store that is empty gets one, one of an older format is brought to this one.
 *
 * @throws StoreError when the format is newer.
 */
export async function saltOf(environment: Environment, directory: string): Promise<number> {
  const meta = readMeta(environment, directory);
  if (!meta) return await writeMeta(environment, { format: FORMAT, salt: randomBytes(4).readUInt32LE() });
  if (meta.format > FORMAT) {
    throw new StoreError(
      `The store in ${directory} has format ${meta.format}, this broker knows formats up to ${FORMAT}: start the newer broker that wrote it, or choose another directory with --data-dir`,
    );
  }
  for (let format = meta.format; format < FORMAT; format++) {
    await MIGRATIONS[format - 1]?.(environment);
    await writeMeta(environment, { ...meta, format: format + 1 });
  }
  return meta.salt;
}

function readMeta(environment: Environment, directory: string): Meta | undefined {
  const value = environment.get('meta', KEY);
  if (!value) return undefined;
  try {
    const { format, salt } = JSON.parse(value.toString()) as Partial<Meta>;
    if (Number.isInteger(format) && Number.isInteger(salt)) return { format, salt } as Meta;
  } catch {
    // Said below.
  }
  throw new StoreError(
    `The store in ${directory} is damaged where its format stands: restore a backup, or choose another directory`,
  );
}

async function writeMeta(environment: Environment, meta: Meta): Promise<number> {
  await environment.write([{ table: 'meta', key: KEY, value: Buffer.from(JSON.stringify(meta)) }]);
  return meta.salt;
}
