import { expect, test } from 'vitest';
import { checkClientOid, isSystemOid } from '../../../src/model/system-topics.ts';
import { refusalOf } from '../codec/broker-error.ts';

test.each(['__sys__deadMessage', '__sys__', '__sys__anything'])('%s is the broker’s own', (oid) => {
  expect(isSystemOid(oid)).toBe(true);
  expect(refusalOf(() => checkClientOid(oid)).code).toBe('user.security.authorization.notAuthorized');
});

test.each(['a', '__subId:1', '__foo', '__SYS__x', ' __sys__', 'x__sys__', '__proto__'])('%s is a topic like any other', (oid) => {
  expect(isSystemOid(oid)).toBe(false);
  expect(() => checkClientOid(oid)).not.toThrow();
});
