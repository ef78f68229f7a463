import { backUpStore, checkStore, type StoreReport, storeStatistics } from './lmdb/store-report.ts';
import { StoreError } from './store-error.ts';

/** `xmlblaster store …` */
export type StoreVerb = 'check' | 'stats' | 'backup';

export interface CommandResult {
  readonly isGood: boolean;
  /** Lines for people. */
  readonly text: string;
}

/** @param directories where the store is; behind it, where the backup goes. */
export async function runStoreCommand(verb: StoreVerb, [directory = '', target = '']: readonly string[]): Promise<CommandResult> {
  try {
    if (verb === 'stats') return { isGood: true, text: statistics(await storeStatistics(directory)) };
    const isBackup = verb === 'backup';
    const report = isBackup ? await backUpStore(directory, target) : await checkStore(directory);
    return verdict(isBackup ? `Copied ${directory} to ${target}` : `Checked ${directory}`, report);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { isGood: false, text: error.message };
  }
}

function verdict(done: string, report: StoreReport): CommandResult {
  const { records, entries, lanes, messages, damaged, damages } = report;
  const counts = `${records} records, ${messages} messages, ${entries} entries in ${lanes} lanes`;
  if (damaged === 0) return { isGood: true, text: `${done}: ${counts}, all sound` };
  const more = damaged > damages.length ? [`… and ${damaged - damages.length} more`] : [];
  return {
    isGood: false,
    text: [`${done}: ${counts}, ${damaged} damaged; the broker leaves these out:`, ...damages, ...more].join('\n  '),
  };
}

function statistics({ records, messages, entries, lanes, bytes, fileBytes, freeBytes }: StoreReport): string {
  const rows = {
    records,
    messages,
    entries,
    lanes,
    'content bytes of all entries': bytes,
    'bytes of the file': fileBytes,
    'of these free': freeBytes,
  };
  return Object.entries(rows)
    .map(([name, count]) => `${name.padEnd(30)}${String(count).padStart(16)}`)
    .join('\n');
}
