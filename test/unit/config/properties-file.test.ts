import { parse } from 'dot-properties';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseProperties, readPropertiesFile } from '../../../src/config/properties-file.ts';
import { sentenceOf, temporaryFile } from './config-files.ts';

// Without \r, after which the second implementation does not continue a line.
const pieces = ['a', 'b.c', 'd/e', '[x]', '=', ':', ' ', '\t', '\f', '\\', '\n', '#', '!', '\\u0041', '\\u00e9', 'é', '$'];

test('reads any text as a second implementation does', () => {
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (source) => {
      const read = parseProperties(source, 'file').map(({ name, text }) => [name, text]);
      expect(named(Object.fromEntries(read))).toEqual(named(parse(source)));
    }),
    { numRuns: 2_000 },
  );
});

test('knows the line of every setting; of two with one name the last one counts', () => {
  const source = '# comment\na = 1\n\nb = x, \\\n    y\n! another\na : 2\n  c\n';
  expect(parseProperties(source, 'p')).toEqual([
    { name: 'a', text: '2', label: 'a (p, line 7)' },
    { name: 'b', text: 'x, y', label: 'b (p, line 4)' },
    { name: 'c', text: '', label: 'c (p, line 8)' },
  ]);
});

test('goes on behind a backslash whatever ends the line', () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const source = ['a = 1,\\', '\t2', 'b = 3', ''].join(end);
    expect(parseProperties(source, 'p').map(({ label, text }) => [label, text])).toEqual([
      ['a (p, line 1)', '1,2'],
      ['b (p, line 3)', '3'],
    ]);
  }
});

test.each(['utf8', 'latin1'] as const)('reads a file in %s', (encoding) => {
  const path = temporaryFile('xmlBlaster.properties', Buffer.from('city = Malmö\nescaped = \\u00d6', encoding));
  expect(readPropertiesFile(path).map(({ text }) => text)).toEqual(['Malmö', 'Ö']);
});

test('names a file that it cannot read', () => {
  expect(sentenceOf(() => readPropertiesFile('/nowhere/x.properties'))).toMatch(
    /\/nowhere\/x\.properties cannot be read: .*ENOENT/,
  );
  const path = temporaryFile('x.properties', 'a = \\u12');
  expect(sentenceOf(() => readPropertiesFile(path))).toMatch(/x\.properties cannot be read: .*\\u12/);
});

/** A setting without a name is one for the one, and none for the other. */
function named(texts: object): object {
  return { ...texts, '': '' };
}
