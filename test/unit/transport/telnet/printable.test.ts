import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../../../src/transport/telnet/printable.ts';

test.each([
  ['a\tb\r\nc', 'a\tb\r\nc'],
  ['\x1b[2J\x07\0\x7f', '?[2J???'],
  ['\u0080\u009b31m\u009f', '????31m??'],
  ['\u00a0Grüße €😀', '\u00a0Grüße €😀'],
])('%j', (text, shown) => {
  expect(printable(text).toString()).toBe(shown);
});

test('leaves everything but control characters as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const expected = text.replace(/\p{Cc}/gu, (control) =>
        /[\t\r\n]/.test(control) ? control : '?'.repeat(Buffer.byteLength(control)),
      );
      expect(printable(text).toString()).toBe(expected);
    }),
  );
});
