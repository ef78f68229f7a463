import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.ts';
import { NAMES, OPTIONS } from './options.ts';

/**
 * The settings of the file of `--config`, not checked one by one yet.
 *
 * @throws ConfigError that names the file, and a setting that is unknown
 */
export function readJsonFile(path: string): Record<string, unknown> {
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`The config file ${path} cannot be read: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new ConfigError(`The config file ${path} must hold one JSON object`);
  }
  const unknown = Object.keys(settings).find((key) => !Object.hasOwn(OPTIONS, key));
  if (unknown !== undefined)
    throw new ConfigError(`The config file ${path} has an unknown setting "${unknown}"; known are ${NAMES.join(', ')}`);
  return { ...settings };
}
