/** The forms of a hash in a password file, as `htpasswd` and the original's tools make them. */
const SCHEMES: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  // Cost 17 is the most that htpasswd makes: some ten seconds.
  { name: 'bcrypt', pattern: /^\$2[aby]\$(0[4-9]|1[0-7])\$[./0-9A-Za-z]{53}$/ },
  { name: '$apr1$', pattern: /^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/ },
  { name: '$1$', pattern: /^\$1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/ },
  { name: '{SHA}', pattern: /^\{SHA\}[+/0-9A-Za-z]{27}=$/ },
  { name: 'crypt', pattern: /^[./0-9A-Za-z]{13}$/ },
];

export const SCHEME_NAMES = SCHEMES.map(({ name }) => name).join(', ');

/** Whether `text` is a whole hash of a scheme that the broker can compare with. */
export function isPasswordHash(text: string): boolean {
  return SCHEMES.some(({ pattern }) => pattern.test(text));
}
