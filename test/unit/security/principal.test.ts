import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../../src/base/logger.ts';
import { AllowAll } from '../../../src/security/allow-all.ts';
import { PasswordAuthenticator } from '../../../src/security/password-authenticator.ts';
import { ManualClock } from '../../helpers/clock.ts';
import { passwordFile, SECRET } from '../../helpers/passwords.ts';

test.each([
  ['joe', '127.0.0.1', true],
  ['joe', '127.8.9.1', true],
  ['joe', '::1', true],
  ['joe', '::ffff:127.0.0.1', true],
  ['joe', '10.0.0.1', false],
  ['joe', '::ffff:10.0.0.1', false],
  ['joe', '127.0.0.1.example.org', false],
  ['joe', undefined, false],
  [undefined, '127.0.0.1', false],
])('without a password file %s from %s is an administrator: %s', async (user, address, isAdmin) => {
  const principal = await new AllowAll().authenticate({ user, password: undefined, address });
  expect([principal.user, principal.isAdmin]).toEqual([user ?? 'guest', isAdmin]);
});

test('with one it is who has the right, wherever it is, as long as it has it', async () => {
  const file = passwordFile(`boss:${SECRET}:admin\njoe:${SECRET}\nguest::`);
  const clock = new ManualClock();
  const options = { path: file.path, partialNames: false };
  const authenticator = await PasswordAuthenticator.open(options, clock, createLogger('silent'));
  onTestFinished(() => authenticator.close());
  const logIn = (user: string | undefined, password = 'secret', address = '127.0.0.1') =>
    authenticator.authenticate({ user, password, address });
  const boss = await logIn('boss', 'secret', '10.0.0.1');
  expect(boss.isAdmin).toBe(true);
  expect((await logIn('joe')).isAdmin).toBe(false);
  expect((await logIn(undefined)).isAdmin).toBe(false);
  file.replace(`boss:${SECRET}\njoe:${SECRET}:admin`);
  expect((await logIn('joe', 'secret', '10.0.0.2')).isAdmin, 'remembered as before').toBe(false);
  const sue = logIn('sue').catch(({ code }) => code); // a login that is not remembered looks at the file
  while (boss.isAdmin) await new Promise((resolve) => setImmediate(resolve));
  expect((await logIn('joe', 'secret', '10.0.0.2')).isAdmin).toBe(true);
  authenticator.close();
  expect(await sue).toBe('user.security.authentication.accessDenied');
});
