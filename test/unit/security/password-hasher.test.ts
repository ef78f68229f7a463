import { expect, onTestFinished, test } from 'vitest';
import { isPasswordHash } from '../../../src/security/password-hash.ts';
import { PasswordHasher } from '../../../src/security/password-hasher.ts';

function createHasher(): PasswordHasher {
  const hasher = new PasswordHasher();
  onTestFinished(() => hasher.close());
  return hasher;
}

const verify = (hasher: PasswordHasher, password: string, hash: string) => hasher.verify(password, hash, () => {});

const PLAIN = 'secret';
const ODD = 'pa:ss wörd ☃';

// Made by htpasswd (Apache 2.4), openssl passwd and crypt(3) of glibc.
const VECTORS: readonly (readonly [tool: string, password: string, hash: string])[] = [
  ['htpasswd -B -C 4', PLAIN, '$2y$04$p4v6lifvnTbfIlXb18DFjO1Twh4rc.u03/GxZ.mKFLBtchcceJ0My'],
  ['htpasswd -B -C 5', PLAIN, '$2y$05$8Gxx6vSHPWdWb2bgzwqU0OhSEeXW/uIfVGnPalu8RV4jntCnYZpKK'],
  ['htpasswd -B -C 10', PLAIN, '$2y$10$xJZgEjhOIfRg6Cyvz7jRtuaQrnJy3ySfLfO2rlONrJ39WOtJoptqK'],
  ['htpasswd -B -C 5', ODD, '$2y$05$u2rB9tk.NoYoxfuNc0ENEO0RFfbjSUVriYspzXH1p.PSmfhaKc/Z2'],
  ['htpasswd -B', '', '$2y$04$DQDQMKdES517vMOxdlxTK.rIkLgr081H3zSzOWg884V9PTjyv2v0W'],
  ['htpasswd -m', PLAIN, '$apr1$uqoAQRb7$9zo7OQSmWIdjeRn6z8UhN.'],
  ['htpasswd -m', ODD, '$apr1$LM9DMGJF$MNMINUIDRxRmZGDCa0yep0'],
  ['openssl passwd -apr1', PLAIN, '$apr1$ab$jiiV6N7hIIuIoJbc1hxOE/'],
  ['openssl passwd -apr1', ODD, '$apr1$ab$q.g3YuPMjA3aWQe9HGpmS.'],
  ['openssl passwd -1', PLAIN, '$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1'],
  ['openssl passwd -1', ODD, '$1$abcdefgh$M6hEgtgGC1I2lHUsB9zwH0'],
  ['htpasswd -s', PLAIN, '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='],
  ['htpasswd -s', ODD, '{SHA}5HpYz9iOs6weB24Q0kNgXz5vmoM='],
  ['htpasswd -d', PLAIN, 'LmQxXBdmib1zA'],
  ['htpasswd -d', ODD, 'DVUEGJvwqrhy2'],
  ['crypt(3)', PLAIN, 'yZ24stvIel1j6'],
  ['crypt(3)', ODD, 'yZrLe5Db2n4V6'],
  ['crypt(3)', '', 'yZOG4pbWPzQNM'],
];

test.each(VECTORS)('%s of %j is the hash %s of this password and of no other', async (_tool, password, hash) => {
  const hasher = createHasher();
  expect(isPasswordHash(hash)).toBe(true);
  expect(await verify(hasher, password, hash)).toBe(true);
  for (const wrong of [`x${password}`, password.slice(0, 5).toUpperCase(), hash]) {
    expect(await verify(hasher, wrong, hash), wrong).toBe(wrong === password);
  }
});

test('crypt looks at eight bytes, the others at all', async () => {
  const hasher = createHasher();
  expect(await verify(hasher, 'existing', 'RPKSkeuWmOhjA')).toBe(true);
  expect(await verify(hasher, 'existingUserPW', 'RPKSkeuWmOhjA')).toBe(true);
  expect(await verify(hasher, 'secretive', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=')).toBe(false);
});

test.each([
  '',
  'secret',
  '$2y$04$p4v6lifvnTbfIlXb18DFjO1Twh4rc.u03/GxZ.mKFLBtchcceJ0M',
  '$2y$31$p4v6lifvnTbfIlXb18DFjO1Twh4rc.u03/GxZ.mKFLBtchcceJ0My',
  '$apr1$uqoAQRb7$9zo7OQSmWIdjeRn6z8UhN',
  '$apr1$$9zo7OQSmWIdjeRn6z8UhN.',
  '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ',
  'yZ24stvIel1j',
  'yZ24stvIel1j6x',
  '$6$rounds=5000$abc$def',
])('%j is no hash', (text) => {
  expect(isPasswordHash(text)).toBe(false);
});

test('compares in the order of the questions, and drops those that are not admitted any more', async () => {
  const hasher = createHasher();
  const hash = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
  const answers: string[] = [];
  const note = (name: string) => (isRight: boolean) => answers.push(`${name} ${isRight}`);
  const refuse = (): void => {
    throw new Error('not admitted');
  };
  await Promise.all([
    verify(hasher, 'secret', hash).then(note('first')),
    verify(hasher, 'wrong', hash).then(note('second')),
    hasher.verify('secret', hash, refuse).catch(() => answers.push('dropped')),
    verify(hasher, 'secret', hash).then(note('last')),
  ]);
  expect(answers).toEqual(['first true', 'second false', 'dropped', 'last true']);
});

test('takes 1,000 questions that wait, refuses more, and answers all of them when it closes', async () => {
  const hasher = new PasswordHasher();
  const ask = async () => verify(hasher, 'secret', '$2y$10$xJZgEjhOIfRg6Cyvz7jRtuaQrnJy3ySfLfO2rlONrJ39WOtJoptqK');
  const asked = Array.from({ length: 1_002 }, () => ask().catch(({ code }: { code: string }) => code));
  expect(await asked.at(-1)).toBe('resource.exhaust');
  hasher.close();
  expect(new Set((await Promise.all(asked)).slice(0, -1))).toEqual(new Set(['communication.noConnection.serverDeny']));
  expect(await ask().catch(({ code }: { code: string }) => code)).toBe('communication.noConnection.serverDeny');
});
