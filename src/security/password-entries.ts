import { FormatError } from './format-error.ts';
import { isPasswordHash, SCHEME_NAMES } from './password-hash.ts';
import { parseRights, type Rights } from './rights.ts';
import { splitOutside } from './split-outside.ts';

/** One line of a password file. */
export interface PasswordEntry {
  /** `*` stands for every user that no other line names. */
  readonly name: string;
  /** Undefined: any password is right, and none too. */
  readonly hash: string | undefined;
  readonly rights: Rights;
}

export const WILDCARD = '*';

/**
 * Reads a password file: `user:hash` or `user:hash:rights` per line, `#` begins a comment (README, "Passwords"). `warn` hears of
 * what is odd and does no harm.
 *
 * @throws FormatError naming the line that is wrong.
 */
export function parsePasswordFile(text: string, warn: (sentence: string) => void): ReadonlyMap<string, PasswordEntry> {
  const entries = new Map<string, PasswordEntry>();
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    try {
      const entry = parseLine(line.trim(), (sentence) => warn(`line ${index + 1}: ${sentence}`));
      if (entries.has(entry.name)) throw new FormatError(`"${entry.name}" has a line already`);
      entries.set(entry.name, entry);
    } catch (error) {
      if (error instanceof FormatError) throw new FormatError(`line ${index + 1}: ${error.message}`, { cause: error });
      throw error;
    }
  }
  if (entries.size === 0) throw new FormatError('it names no user');
  return entries;
}

/** The message of an error never quotes a hash. */
function parseLine(line: string, warn: (sentence: string) => void): PasswordEntry {
  const [, user = '', hash, list] = /^([^:]*)(?::([^:]*)(?::(.*))?)?$/s.exec(line) ?? [];
  const name = user.trim();
  if (name === '') throw new FormatError('the user is missing before the first colon');
  if (name !== WILDCARD && list === undefined && (hash ?? '').trim() === '') {
    throw new FormatError(`the password of "${name}" is missing; for a user who needs none write ${name}::`);
  }
  if (hash !== undefined && hash.trim() !== '' && !isPasswordHash(hash.trim())) {
    throw new FormatError(`the password of "${name}" is not a hash of a known kind (${SCHEME_NAMES}); htpasswd -B makes one`);
  }
  const rights = parseRights(splitOutside(list ?? '', ':')[0] ?? '', warn);
  const isOpen = hash === undefined || hash.trim() === '';
  if (isOpen && rights.isAdmin) throw new FormatError(`"${name}" has the right admin and so needs a password`);
  return { name, hash: isOpen ? undefined : hash.trim(), rights };
}
