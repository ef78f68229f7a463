import { describe, expect, test } from 'vitest';
import { formatAbsoluteName, parseSessionName } from '../../../src/model/session-name.ts';
import { refusalOf } from '../codec/broker-error.ts';
import { titled } from '../titled.ts';

describe('a session name', () => {
  test.each([
    ['joe', 'joe', undefined],
    [' joe ', 'joe', undefined],
    ['client/joe', 'joe', undefined],
    ['/node/x/client/joe', 'joe', undefined],
    ['joe/0', 'joe', undefined],
    ['joe/', 'joe', undefined],
    ['joe/1', 'joe', 1],
    ['joe/+1', 'joe', 1],
    ['joe//1', 'joe', 1],
    ['joe / 1', 'joe', 1],
    ['joe/session/1', 'joe', 1],
    ['client/joe/1', 'joe', 1],
    ['client/joe/session/1', 'joe', 1],
    ['joe/-1', 'joe', -1],
    ['/node/x/client/joe/session/-3', 'joe', -3],
    ['/node/x/client/joe/3', 'joe', 3],
    ['session/1', 'session', 1],
    ['node/5', 'node', 5],
    ['a b', 'a b', undefined],
    ["o'neil@büro/7", "o'neil@büro", 7],
    ['__proto__/1', '__proto__', 1],
    ['joe/999999999999999', 'joe', 999_999_999_999_999],
  ])('%j means %s, %s', (text, subject, pubSessionId) => {
    expect(parseSessionName(text)).toEqual(pubSessionId === undefined ? { subject } : { subject, pubSessionId });
  });

  test.each(
    titled([
      ['', /expected NAME or NAME\/NUMBER/],
      ['client', /expected NAME/],
      ['client/', /expected NAME/],
      ['/', /leading slash/],
      ['//joe', /leading slash/],
      ['/client/joe', /leading slash must begin \/node\/NODE\/client\//],
      ['/node', /leading slash/],
      ['/node/x', /leading slash/],
      ['/node/x/joe', /leading slash/],
      ['/node/x/client', /expected NAME/],
      ['joe/1/2', /expected NAME or NAME\/NUMBER/],
      ['joe/session/1/more', /expected NAME/],
      ['joe/session', /must be a whole number/],
      ['joe/abc', /must be a whole number/],
      ['joe/1.5', /must be a whole number/],
      ['joe/0x10', /must be a whole number/],
      ['joe/*', /must be a whole number/],
      ['joe/1000000000000000', /must be a whole number/],
      ['jo\0e/1', /it has a control character/],
      ['jo\te/1', /it has a control character/],
      ['jo\x85e', /it has a control character/],
      ['jo\ufffee', /it has a control character/],
      ['x'.repeat(257), /at most 256 bytes/],
      ['ü'.repeat(129), /at most 256 bytes/],
      [`joe/${'9'.repeat(100_000)}`, /must be a whole number/],
      [`joe${'/1'.repeat(100_000)}`, /expected NAME/],
    ]),
  )('%s is refused', (_, text, problem) => {
    const { code, message } = refusalOf(() => parseSessionName(text));
    expect(code).toBe('user.illegalArgument');
    expect(message).toMatch(problem);
    expect(message).toMatch(/for example joe\/1$/);
  });
});

test.each([
  [{ subject: 'joe' }, '/node/heron/client/joe'],
  [{ subject: 'joe', pubSessionId: 1 }, '/node/heron/client/joe/1'],
  [{ subject: 'joe', pubSessionId: -3 }, '/node/heron/client/joe/-3'],
])('the absolute name of %j is %s, and reads back', (name, text) => {
  expect(formatAbsoluteName('heron', name)).toBe(text);
  expect(parseSessionName(text)).toEqual(name);
});
