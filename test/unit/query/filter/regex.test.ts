import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Regex } from '../../../../src/query/filter/regex.ts';
import { titled } from '../../titled.ts';

test.each([
  ['a*b', ['b', 'aab'], ['', 'aa', 'abb', 'b\n']],
  ['a|ab', ['a', 'ab'], ['abb']],
  ['^ab$', ['ab'], ['ab\n', 'xab']],
  ['a.c', ['abc', 'a\rc', 'a\u{1F600}c'], ['a\nc', 'ac']],
  ['(?s)a.c', ['a\nc'], []],
  ['(?i)oslo', ['OSLO'], ['0slo']],
  ['\\d{3}-[[:alpha:]]+', ['123-ab'], ['12-ab', '123-']],
  ['(x+x+)+y?', ['xxx', 'xxxxy'], ['x']],
  ['', [''], ['a']],
])('%s matches the whole text', (pattern, matching, others) => {
  const regex = new Regex(pattern);
  expect(matching.filter((text) => !regex.matches(text))).toEqual([]);
  expect(others.filter((text) => regex.matches(text))).toEqual([]);
});

test.each(
  titled([
    ['a(', /^"a\(" is no regular expression: missing closing \)/],
    ['(a)\\1', /invalid escape sequence/],
    ['a(?=b)', /unsupported/],
    ['x'.repeat(4_097), /4097 characters, at most 4096/],
    ['(?:x{100}){60}', /make it too large/],
    ['\\pL'.repeat(300), /make it too large/],
  ] as const),
)('refuses %s', (_title, pattern, reason) => {
  expect(() => new Regex(pattern)).toThrow(reason);
});

test('a text that is too long for its pattern is refused before it is looked at', () => {
  const regex = new Regex('[ab]*a[ab]{900}c');
  expect(() => regex.matches('ab'.repeat(5_000))).toThrow(/10000 characters, this regular expression takes at most \d+/);
});

test('answers like the regular expressions of JavaScript where both know the pattern', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '1');
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => left + right),
      fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => `(${left}|${right})`),
      fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{0,2}', '*?')).map(([inner, times]) => `(?:${inner})${times}`),
    ),
  }));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '\n'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, fc.array(text, { maxLength: 5 }), (source, texts) => {
      const regex = new Regex(source);
      const reference = new RegExp(`^(?:${source})$`);
      for (const each of texts) expect(regex.matches(each), each).toBe(reference.test(each));
    }),
    { numRuns: 500 },
  );
});

test('keeps little of what a match has made it remember', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const regexes = Array.from({ length: 50 }, (_, i) => new Regex(`[ab]*a[ab]{${100 + i}}`));
  let seed = 1; // a text without order: every character makes the automaton learn a new state
  const text = Array.from({ length: 3_000 }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (seed >> 16) & 1 ? 'a' : 'b';
  }).join('');
  collect();
  const before = process.memoryUsage().heapUsed;
  for (const regex of regexes) regex.matches(text);
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  expect(regexes.filter((regex) => regex.matches('b'))).toEqual([]);
});
