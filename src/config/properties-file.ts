import { readFileSync } from 'node:fs';
import { Properties } from 'properties-file/parser';
import { ConfigError } from './config-error.ts';
import type { LegacyProperty } from './legacy-property.ts';

/**
 * The settings of a file in the format of java.util.Properties. Of those that stand twice the last one counts.
 *
 * @throws ConfigError that names the file
 */
export function readPropertiesFile(path: string): LegacyProperty[] {
  try {
    return parseProperties(decode(readFileSync(path)), path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The properties file ${path} cannot be read: ${reason}`, { cause: error });
  }
}

/** @throws Error for a `\u` without its four digits, as in Java */
export function parseProperties(text: string, path: string): LegacyProperty[] {
  const properties = new Map<string, LegacyProperty>();
  for (const { key, value, startingLineNumber } of new Properties(text).getProperties()) {
    properties.set(key, { name: key, text: value, label: `${key} (${path}, line ${startingLineNumber})` });
  }
  return [...properties.values()];
}

/** Java reads ISO-8859-1; editors of today write UTF-8, which other texts in ISO-8859-1 hardly ever happen to be. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
